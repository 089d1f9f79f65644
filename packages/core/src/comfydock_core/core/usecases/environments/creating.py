"""Making an environment: planned with everything resolved, built aside by an operation, put in place by a rename."""

import os
import re
from datetime import UTC, datetime

from comfydock_core.caching.comfyui_cache import ComfyUICacheManager
from comfydock_core.configs.environment_layout import EnvironmentLayout, part_path
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.naming import check_name
from comfydock_core.core.services_bundle import EnvironmentServices, WorkspaceServices
from comfydock_core.core.usecases.environments.as_of import check_as_of, end_of_day
from comfydock_core.core.usecases.environments.new_environment import (
    finish_environment,
    plan_new_environment,
    refuse_taken,
    staged_environment,
)
from comfydock_core.core.usecases.environments.templating import (
    fill_comfyui,
    named_as_in,
    open_template,
    packs_left_out,
    refuse_unobtainable,
    told_of_template,
    write_definition,
)
from comfydock_core.integrations.system_detector import check_backend, detect_backend
from comfydock_core.integrations.uv_command import find_uv
from comfydock_core.managers.export_import_manager import carried_wheels
from comfydock_core.models.environments.creation import (
    ComfyUISpec,
    CreatedEnvironment,
    CreateRequest,
    CreationPlan,
    creation_work,
)
from comfydock_core.models.environments.template import Template
from comfydock_core.models.exceptions import (
    HashMismatch,
    InvalidSetting,
    ModelsDirectoryNotFound,
    NotComfyUI,
)
from comfydock_core.models.operation import Initiator
from comfydock_core.models.protocols import ImportCallbacks, Reporter
from comfydock_core.repositories.workspace_config_reader import read_config
from comfydock_core.services.comfyui_requirements import comfyui_requirements
from comfydock_core.utils import native
from comfydock_core.utils.files import atomic
from comfydock_core.utils.reporting import UnheardImport
from comfydock_core.utils.versions import is_python_version
from comfydock_core.validation.requirements import RequirementsFile

_PINNED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==", re.ASCII)
_DEFAULT_PYTHON = "3.11"
_PARTS_OF_COMFYUI = ("main.py", "requirements.txt", "comfy")


def plan_creation(
    layout: WorkspaceLayout, services: WorkspaceServices, request: CreateRequest, reporter: Reporter
) -> CreationPlan:
    """Check what can be checked and resolve what can be resolved; nothing is written.

    Raises `InvalidName`, `EnvironmentExists`, `InvalidSetting`, `ModelsDirectoryNotFound`, `ToolMissing` and what
    `ComfyUIVersions.resolve` raises.
    """
    check_name(request.name)
    refuse_taken(layout.environment(request.name))
    return plan_creation_of(layout, services, request, open_template(request), reporter)


def plan_creation_of(
    layout: WorkspaceLayout,
    services: WorkspaceServices,
    request: CreateRequest,
    template: Template | None,
    reporter: Reporter,
    *,
    command: str = "create",
) -> CreationPlan:
    """The same for a definition that was read, by a command of another name.

    Raises `PacksUnobtainable` as well.
    """
    place = layout.environment(request.name)
    if template is not None:
        refuse_unobtainable(request, template, place)
    python = template.python if template else request.python
    python = check_python(_DEFAULT_PYTHON if python is None else python)
    backend = check_backend(request.torch_backend)
    models_directory = configured_models(layout)
    find_uv()
    repository = services.versions.repository(request.repository or (template.repository if template else None))
    wanted = template.comfyui if template else request.comfyui
    reporter.phase(f"Looking up ComfyUI {(template.version if template else None) or wanted or 'latest'}")
    as_of = check_as_of(request.as_of, datetime.now(UTC).date())
    with told_of_template(template if request.repository is None else None):
        comfyui = named_as_in(template, services.versions.resolve(repository, wanted, reporter))
    backend = detect_backend() if backend == "auto" else backend
    work = creation_work(place.root, comfyui, python, backend, models_directory, template, as_of)
    return CreationPlan(
        name=request.name,
        directory=place.root,
        comfyui=comfyui,
        default_repository=services.versions.is_default(repository),
        python=python,
        torch_backend=backend,
        models_directory=models_directory,
        activate=request.use,
        template=template,
        missing_packs=packs_left_out(template, place),
        keep_going=request.keep_going,
        as_of=as_of,
        change=plan_new_environment(layout, command, request.name, work, activate=request.use),
    )


def create_environment(
    layout: WorkspaceLayout,
    services: WorkspaceServices,
    plan: CreationPlan,
    initiator: Initiator,
    reporter: Reporter,
    callbacks: ImportCallbacks | None = None,
) -> CreatedEnvironment:
    """Execute the plan. Whatever fails or interrupts it, nothing has its name then."""
    with staged_environment(layout, plan, "create the environment", initiator, reporter) as staged:
        missing = _build(staged, services.environment(staged), plan, reporter, callbacks or UnheardImport())
    return CreatedEnvironment(plan.directory, missing)


def _build(
    layout: EnvironmentLayout,
    services: EnvironmentServices,
    plan: CreationPlan,
    reporter: Reporter,
    callbacks: ImportCallbacks,
) -> tuple[str, ...]:
    """The story. The marker of a finished environment comes last. Returns the node packs that were left out."""
    with services.uv_project.creating_venv(plan.python, reporter):
        commit = fetch_comfyui(layout, services.comfyui, plan.comfyui, reporter)
        reporter.phase(f"Preparing Python {plan.python}")  # What of it is still to be waited for.
    missing = _define(layout, services, plan, commit, reporter, callbacks)
    _install(layout, services, plan, reporter)
    reporter.phase("Linking the models directory")
    services.models_link.replace_checkout_directory(plan.models_directory)
    finish_environment(layout, services, reporter, plan.template.history if plan.template is not None else None)
    return missing


def _install(layout: EnvironmentLayout, services: EnvironmentServices, plan: CreationPlan, reporter: Reporter) -> None:
    """Lock and install; once more where a lock that was made before names files that an index replaced since."""
    places = (layout.lock, part_path(layout.definition, plan.torch_backend))
    before = {path: native.read_bytes(path) for path in places}
    try:
        _lock_and_install(layout, services, plan, reporter)
    except HashMismatch as error:
        if not services.uv_project.forget_answers():
            raise
        reporter.warn("files of an index were replaced since they were locked here last; they are locked again")
        for path, content in before.items():
            _put_back(path, content)
        services.uv_project.forget(sorted(set(_PINNED.findall(str(error.context.get("output"))))))
        _lock_and_install(layout, services, plan, reporter)


def _lock_and_install(
    layout: EnvironmentLayout, services: EnvironmentServices, plan: CreationPlan, reporter: Reporter
) -> None:
    uv_project, backend = services.uv_project, plan.torch_backend
    reporter.phase("Resolving Python packages")
    came = native.read_bytes(layout.lock)
    uv_project.lock(backend, reporter)
    # A lock of PyTorch that came with the definition stays as it came, as long as it is of the same packages.
    if native.read_bytes(layout.lock) != came or not uv_project.has_locked(backend):
        uv_project.lock_backend(backend, reporter, remembered=True)
    uv_project.choose_backend(backend)
    reporter.phase("Installing Python packages")
    uv_project.install(backend, reporter, carried={} if plan.template is None else carried_wheels(plan.template))


def _put_back(path: str, content: bytes | None) -> None:
    if content is not None:
        atomic.write_text(path, content.decode("utf-8"))
    elif os.path.exists(path):
        os.unlink(path)


def _define(
    layout: EnvironmentLayout,
    services: EnvironmentServices,
    plan: CreationPlan,
    commit: str,
    reporter: Reporter,
    callbacks: ImportCallbacks,
) -> tuple[str, ...]:
    """Write the definition, and fill ComfyUI from the template; returns the node packs that were left out."""
    requirements = read_requirements(layout, plan.comfyui, reporter)
    os.mkdir(layout.definition)
    if plan.template is None:
        atomic.write_text(layout.python_version, f"{plan.python}\n")
        newest = None if plan.as_of is None else end_of_day(plan.as_of, layout.comfyui, commit)
        services.pyproject.create(plan, commit=commit, requirements=requirements, exclude_newer=newest)
        return ()
    write_definition(layout, services, plan, commit, reporter)
    keep_going = plan.keep_going
    return fill_comfyui(layout, services, plan.template, reporter, keep_going=keep_going, callbacks=callbacks)


def fetch_comfyui(
    layout: EnvironmentLayout, cache: ComfyUICacheManager, version: ComfyUISpec, reporter: Reporter
) -> str:
    """Clone ComfyUI and check the version out; returns the full commit."""
    commit = cache.check_out(version, layout.comfyui, reporter)
    refuse_other_program(layout.comfyui, version)
    os.makedirs(layout.custom_nodes, exist_ok=True)  # A repository without any has no such directory.
    return commit


def refuse_other_program(directory: str, version: ComfyUISpec) -> None:
    """Raise `NotComfyUI` unless the checkout has what every ComfyUI has."""
    missing = [part for part in _PARTS_OF_COMFYUI if not os.path.exists(f"{directory}/{part}")]
    if missing:
        lacking = " and no ".join(f"`{part}`" for part in missing)
        raise NotComfyUI(
            f"`{version.public_repository}` at {version} is not ComfyUI: it has no {lacking}",
            hint="name ComfyUI's repository with `--comfyui-repository`, or another version with `--comfyui`",
            context={"repository": version.public_repository, "ref": version.ref, "missing": missing},
        )


def read_requirements(layout: EnvironmentLayout, version: ComfyUISpec, reporter: Reporter) -> RequirementsFile:
    """What ComfyUI itself requires. Raises `RequirementInvalid`, `OSError`."""
    with open(f"{layout.comfyui}/requirements.txt", encoding="utf-8", errors="replace") as file:
        return comfyui_requirements(file.read(), version, reporter)


def check_python(python: str) -> str:
    """`python` if it is how versions of Python are written. Raises `InvalidSetting`."""
    if is_python_version(python):
        return python
    raise InvalidSetting(
        f"`{python}` is not a Python version",
        hint="write it as `--python 3.12`",
        context={"python": python},
    )


def configured_models(layout: WorkspaceLayout) -> str:
    """The workspace's models directory. Raises `ModelsDirectoryNotFound`, `WorkspaceDamaged`."""
    directory = read_config(layout.config_file).models_directory
    if directory is None or not os.path.isdir(directory):
        raise ModelsDirectoryNotFound(
            f"the models directory `{directory}` does not exist" if directory else "no models directory is configured",
            hint=f"make it, or correct `global_model_directory` in `{layout.config_file}`; after moving the"
            " workspace `comfydock doctor --fix` does that",
            context={"path": directory},
        )
    return directory
