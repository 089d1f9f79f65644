"""Building an environment from an installation that was made without ComfyDock, which is only read."""

import os
import shutil

from comfydock_core.analyzers.installation.reading import read_installation
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.naming import check_name
from comfydock_core.core.services_bundle import EnvironmentServices, WorkspaceServices
from comfydock_core.core.usecases.creating import (
    configured_models,
    fetch_comfyui,
    read_requirements,
    refuse_other_program,
)
from comfydock_core.core.usecases.new_environment import plan_new_environment, refuse_taken, staged_environment
from comfydock_core.integrations.git import changes, remotes
from comfydock_core.integrations.system_detector import check_backend, detect_backend
from comfydock_core.models.adoption import AdoptionPlan, AdoptRequest, PackEntry
from comfydock_core.models.creation import ComfyUIVersion
from comfydock_core.models.exceptions import RequirementInvalid
from comfydock_core.models.installation import FoundPack, Installation
from comfydock_core.models.operation import Initiator
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.utils import atomic
from comfydock_core.utils.filesystem import measure_tree
from comfydock_core.utils.requirements import parse_requirements, public_version
from comfydock_core.utils.text import counted, size_text
from comfydock_core.utils.tree_copy import copy_tree

_DEFAULT_PYTHON = "3.11"
_TAKEN = ("user", "input")
_CACHES = ("__pycache__",)


def plan_adoption(
    layout: WorkspaceLayout, services: WorkspaceServices, request: AdoptRequest, reporter: Reporter
) -> AdoptionPlan:
    """Look at the installation and resolve what is taken over; nothing is written.

    Raises `InstallationNotFound`, `InvalidName`, `EnvironmentExists`, `InvalidSetting`, `ModelsDirectoryNotFound` and
    what `ComfyUIVersions.resolve` raises.
    """
    check_name(request.name)
    place = layout.environment(request.name)
    refuse_taken(place)
    models = configured_models(layout)
    wanted = check_backend(request.torch_backend)
    reporter.phase(f"Reading {request.path}")
    found = read_installation(request.path)
    comfyui = _comfyui(found, services, reporter)
    repository = found.checkout.remote if found.checkout is not None else None
    python = ".".join(
        (found.python.version if found.python and found.python.version else _DEFAULT_PYTHON).split(".")[:2]
    )
    backend = (_installed_backend(found) or detect_backend()) if wanted == "auto" else wanted
    work = _work(place, found, comfyui, python, backend, models)
    return AdoptionPlan(
        installation=found,
        name=request.name,
        directory=place.root,
        comfyui=comfyui,
        default_repository=services.versions.is_default(repository or services.versions.repository(None)),
        python=python,
        torch_backend=backend,
        models_directory=models,
        activate=request.use,
        notes=tuple(_notes(found, models)),
        change=plan_new_environment(
            layout, "adopt", request.name, work, activate=request.use, disk_needed=_size(found)
        ),
    )


def adopt_installation(
    layout: WorkspaceLayout, services: WorkspaceServices, plan: AdoptionPlan, initiator: Initiator, reporter: Reporter
) -> str:
    """Execute the plan and return the new directory. Whatever fails or interrupts it, nothing has its name then."""
    with staged_environment(layout, plan, "adopt the installation", initiator, reporter) as staged:
        _build(staged, services.environment(staged), plan, reporter)
    return plan.directory


def _build(layout: EnvironmentLayout, services: EnvironmentServices, plan: AdoptionPlan, reporter: Reporter) -> None:
    found, backend = plan.installation, plan.torch_backend
    commit = _take_comfyui(layout, services, plan, reporter)
    reporter.phase("Copying node packs, workflows and inputs")
    entries = [_take_pack(layout, pack, reporter) for pack in found.packs]
    for name in _TAKEN:
        _take_directory(f"{found.comfyui}/{name}", f"{layout.comfyui}/{name}")
    requirements = read_requirements(layout, plan.comfyui, reporter)
    os.mkdir(layout.definition)
    atomic.write_text(layout.python_version, f"{plan.python}\n")
    services.pyproject.create(plan, commit=commit, requirements=requirements)
    services.pyproject.add_packs([entry for entry in entries if entry is not None])
    reporter.phase(f"Preparing Python {plan.python}")
    services.uv_project.create_venv(plan.python, reporter)
    reporter.phase("Resolving Python packages, with the versions that are installed")
    if not services.uv_project.lock_as_installed(backend, _pins(found), reporter):
        reporter.warn("the installed versions do not fit together: the newest that do are taken instead")
        services.uv_project.lock(backend, reporter)
    services.uv_project.lock_backend(backend, reporter)
    services.uv_project.choose_backend(backend)
    reporter.phase("Installing Python packages")
    services.uv_project.install(backend, reporter)
    services.models_link.replace_checkout_directory(plan.models_directory)
    _commit_workflows(layout)
    reporter.phase("Starting the history")
    services.git.start_history()
    atomic.write_text(layout.complete_marker, "")


def _comfyui(found: Installation, services: WorkspaceServices, reporter: Reporter) -> ComfyUIVersion:
    """The version: the commit that is checked out, or the release that a folder without git says it is."""
    repository = services.versions.repository(found.checkout.remote if found.checkout else None)
    if found.checkout is None or found.checkout.commit is None:
        return services.versions.resolve(repository, f"v{found.version}" if found.version else None, reporter)
    checkout = found.checkout
    assert checkout.commit is not None
    if checkout.tag is not None:
        return ComfyUIVersion(repository, checkout.tag, "release", checkout.commit)
    if checkout.branch is not None:
        return ComfyUIVersion(repository, checkout.branch, "branch", checkout.commit)
    return ComfyUIVersion(repository, checkout.commit, "commit", checkout.commit)


def _take_comfyui(
    layout: EnvironmentLayout, services: EnvironmentServices, plan: AdoptionPlan, reporter: Reporter
) -> str:
    """ComfyUI at its commit, from the installation's own repository, with what the user changed in it."""
    found = plan.installation
    checkout = found.checkout
    if checkout is None or checkout.commit is None:
        return fetch_comfyui(layout, services.mirrors, plan.comfyui, reporter)
    reporter.phase(f"Copying ComfyUI {plan.comfyui}")
    services.mirrors.clone(found.comfyui, layout.comfyui, wanted=checkout.commit, reporter=reporter)
    changes.check_out(layout.comfyui, checkout.commit, branch=checkout.branch)
    if checkout.remote is not None:
        remotes.set_address(layout.comfyui, "origin", checkout.remote)
    refuse_other_program(layout.comfyui, plan.comfyui)
    for path in checkout.changed:
        _take_changed_file(f"{found.comfyui}/{path}", f"{layout.comfyui}/{path}")
    return checkout.commit


def _take_changed_file(source: str, target: str) -> None:
    if os.path.isfile(source):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy2(source, target)
    elif os.path.isfile(target):
        os.unlink(target)


def _take_pack(layout: EnvironmentLayout, pack: FoundPack, reporter: Reporter) -> PackEntry | None:
    """Copy a pack as it is, and say how the manifest is to have it; disabled ones and single files are not in it."""
    name = os.path.basename(pack.path)
    target = f"{layout.custom_nodes}/{name}"
    if pack.linked_to is not None:
        os.symlink(pack.linked_to, target, target_is_directory=True)
    elif pack.kind == "file":
        shutil.copy2(pack.path, target)
    elif not os.path.lexists(target):
        copy_tree(pack.path, target, skip=_CACHES)
    if not pack.enabled or pack.kind == "file":
        return None
    return _entry(pack, _requirements(pack, reporter))


def _entry(pack: FoundPack, requirements: tuple[str, ...]) -> PackEntry:
    checkout = pack.checkout
    if pack.linked_to is None and checkout is not None and checkout.remote and checkout.commit:
        return PackEntry(pack.registry_id or pack.name, pack.name, "git", checkout.commit, checkout.remote,
                         pack.registry_id, requirements)  # fmt: skip
    if pack.linked_to is None and pack.kind == "registry" and pack.registry_id and pack.version:
        return PackEntry(pack.registry_id, pack.name, "registry", pack.version, None, pack.registry_id, requirements)
    return PackEntry(pack.name, pack.name, "development", "dev", None, None, requirements)


def _requirements(pack: FoundPack, reporter: Reporter) -> tuple[str, ...]:
    path = f"{pack.path}/requirements.txt"
    if not os.path.isfile(path):
        return ()
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            parsed = parse_requirements(file.read(), file=f"{pack.name}: requirements.txt")
    except RequirementInvalid as error:
        reporter.warn(f"what {pack.name} requires is not taken over: {error.message}")
        return ()
    for option in parsed.options:
        reporter.warn(f"{pack.name} has the option `{option}` in its requirements, which is not followed")
    return tuple(line.text for line in parsed.requirements)


def _take_directory(source: str, target: str) -> None:
    """Copy what is there over what ComfyUI's checkout has under that name."""
    if not os.path.isdir(source):
        return
    aside = f"{target}.checkout"
    if os.path.isdir(target):
        os.rename(target, aside)
    copy_tree(source, target, skip=_CACHES)
    if os.path.isdir(aside):
        shutil.rmtree(aside)


def _commit_workflows(layout: EnvironmentLayout) -> None:
    """The workflows become part of the first version of the definition."""
    live = f"{layout.comfyui}/user/default/workflows"
    names = [name for name in sorted(os.listdir(live)) if name.endswith(".json")] if os.path.isdir(live) else []
    for name in names:
        os.makedirs(f"{layout.definition}/workflows", exist_ok=True)
        shutil.copyfile(f"{live}/{name}", f"{layout.definition}/workflows/{name}")


def _pins(found: Installation) -> list[str]:
    """What is installed from an index, as pins without the local part of versions."""
    distributions = found.python.distributions if found.python is not None else ()
    return [f"{one.name}=={public_version(one.version)}" for one in distributions if one.origin is None]


def _installed_backend(found: Installation) -> str | None:
    """The back end of the PyTorch that is installed, by the local part of its version."""
    distributions = found.python.distributions if found.python is not None else ()
    versions = [one.version for one in distributions if one.name.lower() == "torch"]
    return versions[0].partition("+")[2] or None if versions else None


def _work(
    place: EnvironmentLayout, found: Installation, comfyui: ComfyUIVersion, python: str, backend: str, models: str
) -> list[PlanStep]:
    packs = sum(pack.enabled for pack in found.packs)
    workflows = counted(len(found.workflows), "workflow")
    packages = counted(len(found.python.distributions) if found.python is not None else 0, "package")
    return [
        PlanStep("copy", place.comfyui, f"ComfyUI {comfyui} of {found.path}", True),
        PlanStep("copy", place.custom_nodes, counted(packs, "node pack"), True),
        PlanStep("copy", f"{place.comfyui}/user", f"{workflows}, settings, inputs", True),
        PlanStep("lock", place.lock, f"with the versions of {packages} there; PyTorch for {backend}", True),
        PlanStep("install", place.venv, f"Python {python}", True),
        PlanStep("link", place.models_link, models, True),
        PlanStep("commit", place.definition, "first version", True),
    ]


def _notes(found: Installation, models: str) -> list[str]:
    notes = [f"{each.name}: {each.reason}" for each in found.unidentified]
    if (
        found.models is not None
        and found.models.files
        and os.path.realpath(found.models.path) != os.path.realpath(models)
    ):
        size = f"{counted(found.models.files, 'file')}, {size_text(found.models.bytes)}"
        notes.append(f"models stay at {found.models.path} ({size}): move or link them into {models}")
    if found.extra_model_paths is not None:
        notes.append(f"{found.extra_model_paths} is not taken over: it names further places of models")
    if found.output is not None and found.output.files:
        notes.append(f"outputs stay at {found.output.path} ({counted(found.output.files, 'file')})")
    notes += [f"{one.name} {one.version} comes from {one.origin}, not from an index: it is installed only where"
              " something requires it" for one in (found.python.distributions if found.python else ())
              if one.origin is not None]  # fmt: skip
    return notes


def _size(found: Installation) -> int:
    places = [f"{found.comfyui}/{name}" for name in _TAKEN] + [pack.path for pack in found.packs if not pack.linked_to]
    return sum(measure_tree(place)[0] for place in places if os.path.isdir(place))
