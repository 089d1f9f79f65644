"""Building an environment from an installation that was made without ComfyDock, which is only read."""

import functools
import os
import re
import shutil
from dataclasses import replace

from comfydock_core.analyzers.installation.reading import read_installation
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.naming import check_name
from comfydock_core.core.services_bundle import EnvironmentServices, WorkspaceServices
from comfydock_core.core.usecases.environments.adding_what_fits import AddingWhatFits, Addition
from comfydock_core.core.usecases.environments.adopted_models import (
    notes_about_models,
    root_fates,
    take_model_paths,
)
from comfydock_core.core.usecases.environments.adopted_packages import (
    OF_PYTORCH,
    notes_about_packages,
    package_fates,
    pins_of,
    refused_package,
    settled_packages,
)
from comfydock_core.core.usecases.environments.adopted_packs import (
    lenders_of,
    notes_about_packs,
    pack_fates,
    take_packs,
)
from comfydock_core.core.usecases.environments.creating import (
    check_python,
    configured_models,
    fetch_comfyui,
    read_requirements,
    refuse_other_program,
)
from comfydock_core.core.usecases.environments.new_environment import (
    finish_environment,
    plan_new_environment,
    refuse_taken,
    staged_environment,
)
from comfydock_core.integrations.git import changes, remotes
from comfydock_core.integrations.system_detector import check_backend, detect_backend, is_backend
from comfydock_core.integrations.uv_command import find_uv
from comfydock_core.managers.pyproject.creation import minor_version
from comfydock_core.models.environments.adoption import (
    COPIED,
    LINKED,
    AdoptedEnvironment,
    AdoptionAccount,
    AdoptionPlan,
    AdoptRequest,
    PackageFate,
    PackFate,
)
from comfydock_core.models.environments.creation import ComfyUISpec, stock_files
from comfydock_core.models.environments.installation import Installation, Unidentified
from comfydock_core.models.exceptions import RefNotFound, RequirementsConflict, UvFailed
from comfydock_core.models.operation import Initiator
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.shared import DISABLED
from comfydock_core.repositories.definition.pytorch_settings import accelerators_of
from comfydock_core.utils.files import atomic
from comfydock_core.utils.files.filesystem import measure_tree
from comfydock_core.utils.files.tree_copy import copy_tree
from comfydock_core.utils.package_names import public_version, requirement_name
from comfydock_core.utils.reporting import SilentReporter
from comfydock_core.utils.text import counted, some
from comfydock_core.utils.versions import is_python_version, tag_key

_DEFAULT_PYTHON = "3.11"
_TAKEN = ("user", "input")
_CACHES = ("__pycache__",)
_SHOWN = 10
_WORKFLOWS = "user/default/workflows"
_DISTRIBUTION = re.compile(r"`([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:==|@)")  # As uv names what it cannot install.
_OF_LINK = "models/"  # A link takes the place of this directory.


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
    if request.python is not None:
        check_python(request.python)
    find_uv()
    reporter.phase(f"Reading {request.path}")
    found = read_installation(request.path)
    comfyui, of_comfyui = _comfyui(found, services, reporter)
    repository = found.checkout.remote if found.checkout is not None else None
    python = request.python or _installed_python(found)
    backend = (_installed_backend(found) or detect_backend()) if wanted == "auto" else wanted
    packs = pack_fates(found, python)
    packages = package_fates(found, packs, request.name, python, backend)
    account = AdoptionAccount(packs, packages, root_fates(found, models, request.name))
    notes = (*of_comfyui, *_notes(found), *notes_about_models(account.models, found))
    work = _work(place, found, account, comfyui, python, backend, models)
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
        account=account,
        notes=(*notes, *account_notes(account)),
        about_installation=notes,
        change=plan_new_environment(
            layout, "adopt", request.name, work, activate=request.use, disk_needed=_size(found, account)
        ),
    )


def adopt_installation(
    layout: WorkspaceLayout, services: WorkspaceServices, plan: AdoptionPlan, initiator: Initiator, reporter: Reporter
) -> AdoptedEnvironment:
    """Execute the plan, and say what became of everything. Whatever fails or interrupts it, nothing has its name."""
    with staged_environment(layout, plan, "adopt the installation", initiator, reporter) as staged:
        account = _build(staged, services.environment(staged), plan, reporter)
    return AdoptedEnvironment(plan.directory, account, (*plan.about_installation, *account_notes(account)))


def account_notes(account: AdoptionAccount) -> tuple[str, ...]:
    """What of an account is worth a line: what is not simply taken over as it is."""
    return (*notes_about_packs(account.packs), *notes_about_packages(account.packages))


def _build(
    layout: EnvironmentLayout, services: EnvironmentServices, plan: AdoptionPlan, reporter: Reporter
) -> AdoptionAccount:
    found, backend = plan.installation, plan.torch_backend
    commit = _take_comfyui(layout, services, plan, reporter)
    reporter.phase("Copying node packs, workflows and inputs")
    take_packs(layout.custom_nodes, plan.account.packs, services.mirrors, reporter)
    for name in _TAKEN:
        _take_directory(f"{found.comfyui}/{name}", f"{layout.comfyui}/{name}")
    take_model_paths(found, layout.comfyui)
    requirements = read_requirements(layout, plan.comfyui, reporter)
    os.mkdir(layout.definition)
    atomic.write_text(layout.python_version, f"{plan.python}\n")
    services.pyproject.create(plan, commit=commit, requirements=requirements)
    services.pyproject.put_packs([fate.pack for fate in plan.account.packs if fate.pack is not None and fate.enabled])
    reporter.phase(f"Preparing Python {plan.python}")
    services.uv_project.create_venv(plan.python, reporter)
    reporter.phase("Resolving Python packages, with the versions that are installed")
    account = _lock(layout, services, plan, reporter)
    services.uv_project.choose_backend(backend)
    reporter.phase("Installing Python packages")
    account = _install(services, plan, account, reporter)
    account = replace(account, packages=settled_packages(account.packages, layout.venv, plan.name), settled=True)
    services.models_link.replace_checkout_directory(plan.models_directory)
    _commit_workflows(layout, found)
    finish_environment(layout, services, reporter)
    return account


def _lock(
    layout: EnvironmentLayout, services: EnvironmentServices, plan: AdoptionPlan, reporter: Reporter
) -> AdoptionAccount:
    """Lock what ComfyUI and the packs that are turned on ask for, then what else fits; says what does not."""
    backend, pins = plan.torch_backend, pins_of(plan.installation)
    _lock_what_must_be(services, backend, pins, reporter)
    more = AddingWhatFits(layout, services, backend, pins, reporter)
    packages = _add_own_packages(services, more, plan, reporter)
    packs = _add_packs_turned_off(services, more, plan.account.packs)
    services.uv_project.lock_backend(backend, reporter)
    return replace(plan.account, packs=packs, packages=packages)


def _install(
    services: EnvironmentServices, plan: AdoptionPlan, account: AdoptionAccount, reporter: Reporter
) -> AdoptionAccount:
    """Install what is locked; an own package that has to be built and cannot be, or has nothing for this machine, goes.

    It was there before, so that its owner has to know, but the environment is worth more than it is.
    """
    backend = plan.torch_backend
    try:
        services.uv_project.install(backend, reporter)
    except (RequirementsConflict, UvFailed) as error:
        own = {requirement_name(fate.requirement) for fate in account.packages if fate.requirement is not None}
        named = {requirement_name(name) for name in _DISTRIBUTION.findall(error.message)}
        failed = sorted(name for name in named & own if name is not None)
        if not failed:
            raise
        reporter.warn(f"{some(failed)} cannot be installed here: {error.message}")
        services.uv_project.remove(failed, SilentReporter())
        services.pyproject.settle_substitutes()
        services.uv_project.lock(backend, reporter)
        services.uv_project.lock_backend(backend, reporter)
        refused = dict.fromkeys(failed, "uv cannot install it on this machine, as it said above")
        packages = tuple(refused_package(fate, refused, plan.name) for fate in account.packages)
        return _install(services, plan, replace(account, packages=packages), reporter)
    return account


def _add_own_packages(
    services: EnvironmentServices,
    more: AddingWhatFits,
    plan: AdoptionPlan,
    reporter: Reporter,
) -> tuple[PackageFate, ...]:
    """Ask for what the user installed by hand, as `py add` does."""
    accelerators = {name for names in accelerators_of(services.pyproject.read()).values() for name in names}
    wanted: dict[str, Addition] = {}
    for fate in plan.account.packages:
        name = requirement_name(fate.requirement) if fate.requirement is not None else None
        if fate.requirement is None or name is None:
            continue
        if name in accelerators:
            more.refused[name] = OF_PYTORCH
            continue
        version = public_version(fate.version) if ">=" in fate.requirement else None
        put = functools.partial(services.uv_project.add, [fate.requirement], SilentReporter(), resolve=False)
        wanted[name] = Addition(name, put, version)
    more.add(list(wanted.values()))
    if kept := [name for name in wanted if name not in more.refused]:
        reporter.line(f"kept as requirements of your own: {', '.join(kept)}")
    return tuple(refused_package(fate, more.refused, plan.name) for fate in plan.account.packages)


def _add_packs_turned_off(
    services: EnvironmentServices, more: AddingWhatFits, fates: tuple[PackFate, ...]
) -> tuple[PackFate, ...]:
    """Track the packs that are turned off, as far as what they ask for fits: nobody misses the others now."""
    more.add([
        Addition(fate.place, functools.partial(services.pyproject.put_packs, [fate.pack]))
        for fate in fates if fate.pack is not None and not fate.enabled
    ])  # fmt: skip
    return tuple(
        replace(fate, fate=COPIED, pack=None, notes=(*fate.notes, *_untracked(fate, more.refused[fate.place])))
        if fate.place in more.refused else fate
        for fate in fates
    )  # fmt: skip


def _untracked(fate: PackFate, reason: str) -> tuple[str, ...]:
    name = (fate.target or fate.place).removesuffix(DISABLED)
    return (
        f"it is copied, and not in the manifest: {reason}",
        f"to take it in later, remove `{DISABLED}` from its directory's name; then `comfydock node add {name} --dev`",
    )


def _lock_what_must_be(services: EnvironmentServices, backend: str, pins: list[str], reporter: Reporter) -> None:
    try:
        if not services.uv_project.lock_as_installed(backend, pins, reporter):
            services.uv_project.lock(backend, reporter)
    except RequirementsConflict as error:
        error.hint = (
            "uv says above what collides; disable one of these node packs in the installation for the time being (add"
            " `.disabled` to the name of its directory), and adopt again"
        )
        raise


def _comfyui(
    found: Installation, services: WorkspaceServices, reporter: Reporter
) -> tuple[ComfyUISpec, tuple[str, ...]]:
    """The version: the commit that is checked out, or the release that a folder without git says it is; and notes."""
    checkout = found.checkout
    repository = services.versions.repository(checkout.remote if checkout else None)
    if checkout is None or checkout.commit is None:
        return _released(found.version, repository, services, reporter)
    if checkout.tag is not None and tag_key(checkout.tag) is not None:  # Not one of the user's own.
        return ComfyUISpec(repository, checkout.tag, "release", checkout.commit), ()
    if checkout.branch is not None:
        return ComfyUISpec(repository, checkout.branch, "branch", checkout.commit), ()
    return ComfyUISpec(repository, checkout.commit, "commit", checkout.commit), ()


def _released(
    version: str | None, repository: str, services: WorkspaceServices, reporter: Reporter
) -> tuple[ComfyUISpec, tuple[str, ...]]:
    """The release of a version that files tell; the newest, and a note, where there is none such."""
    if version is not None:
        try:
            return services.versions.resolve(repository, version, reporter), ()
        except RefNotFound:
            told = f"there is no release {version}"
    else:
        told = "its files give no version"
    newest = services.versions.resolve(repository, None, reporter)
    return newest, (f"ComfyUI: {told}: the newest, {newest}, is taken",)


def _take_comfyui(
    layout: EnvironmentLayout, services: EnvironmentServices, plan: AdoptionPlan, reporter: Reporter
) -> str:
    """ComfyUI at its commit, from the installation's own repository, with what the user changed in it."""
    found = plan.installation
    checkout = found.checkout
    if checkout is None or checkout.commit is None:
        return fetch_comfyui(layout, services.comfyui, plan.comfyui, reporter)
    reporter.phase(f"Copying ComfyUI {plan.comfyui}")
    services.mirrors.clone(found.comfyui, layout.comfyui, wanted=checkout.commit, reporter=reporter)
    if lenders := lenders_of(f"{layout.comfyui}/.git/objects"):
        changes.own_all_objects(layout.comfyui, lenders)
    changes.check_out(layout.comfyui, checkout.commit, branch=checkout.branch)
    if checkout.remote is not None:
        remotes.set_address(layout.comfyui, "origin", checkout.remote)
    refuse_other_program(layout.comfyui, plan.comfyui)
    for path in checkout.changed:
        if not path.startswith(_OF_LINK):
            _take_changed_file(f"{found.comfyui}/{path}", f"{layout.comfyui}/{path}")
    return checkout.commit


def _take_changed_file(source: str, target: str) -> None:
    if os.path.lexists(target):
        os.unlink(target)
    if os.path.isfile(source) or os.path.islink(source):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)


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


def _commit_workflows(layout: EnvironmentLayout, found: Installation) -> None:
    """The workflows become part of the first version of the definition."""
    for path in _main_workflows(found):
        os.makedirs(f"{layout.definition}/workflows", exist_ok=True)
        shutil.copyfile(f"{layout.comfyui}/{path}", f"{layout.definition}/workflows/{os.path.basename(path)}")


def _main_workflows(found: Installation) -> list[str]:
    """Those that a definition has: of the user `default`, and in no folder."""
    return [path for path in found.workflows if os.path.dirname(path) == _WORKFLOWS]


def _installed_python(found: Installation) -> str:
    """The minor version of its Python, `3.12`; ours where that cannot be determined."""
    told = found.python.version if found.python is not None else None
    version = minor_version(told or "")
    return version if is_python_version(version) else _DEFAULT_PYTHON


def _installed_backend(found: Installation) -> str | None:
    """The back end of the PyTorch that is installed, by the local part of its version; `None` for others' builds."""
    distributions = found.python.distributions if found.python is not None else ()
    builds = [one.version.partition("+")[2] for one in distributions if one.name.lower() == "torch"]
    return builds[0] if builds and is_backend(builds[0]) else None


def _work(
    place: EnvironmentLayout,
    found: Installation,
    account: AdoptionAccount,
    comfyui: ComfyUISpec,
    python: str,
    backend: str,
    models: str,
) -> list[PlanStep]:
    packs = sum(fate.pack is not None for fate in account.packs)
    workflows = counted(len(found.workflows), "workflow")
    packages = counted(len(found.python.distributions) if found.python is not None else 0, "package")
    return [
        PlanStep("copy", place.comfyui, f"ComfyUI {comfyui} of {found.path}", True),
        PlanStep("copy", place.custom_nodes, counted(packs, "node pack"), True),
        PlanStep("copy", f"{place.comfyui}/user", f"{workflows}, settings, inputs", True),
        PlanStep("lock", place.lock, f"with the versions of {packages} there; PyTorch for {backend}", True),
        PlanStep("install", place.venv, f"Python {python}", True),
        stock_files(models),
        PlanStep("link", place.models_link, models, True),
        PlanStep("commit", place.definition, "first version", True),
    ]


def _notes(found: Installation) -> list[str]:
    notes = [f"{each.name}: {each.reason}{_consequence(each)}" for each in found.unidentified
             if not each.name.startswith("custom_nodes/")]  # fmt: skip
    if found.untracked:
        notes.append(f"not taken over, as git does not know it: {some(found.untracked, _SHOWN)}")
    outside = len(found.workflows) - len(_main_workflows(found))
    if outside:
        are = "is" if outside == 1 else "are"
        notes.append(f"{counted(outside, 'workflow')} in folders or of other users {are} taken over, but not tracked in"
                     " the history")  # fmt: skip
    if found.output is not None and found.output.files:
        notes.append(f"outputs stay at {found.output.path} ({counted(found.output.files, 'file')})")
    return notes


def _consequence(unclear: Unidentified) -> str:
    """What becomes of something that could not be identified."""
    return "; the newest packages that fit are taken" if unclear.name == "Python" else ""


def _size(found: Installation, account: AdoptionAccount) -> int:
    """What is going to be copied; links to elsewhere stay links."""
    places = [f"{found.comfyui}/{name}" for name in _TAKEN]
    places += [fate.source for fate in account.packs if fate.target is not None and fate.fate != LINKED]
    return sum(measure_tree(place)[0] for place in places if os.path.isdir(place))
