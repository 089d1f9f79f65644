"""Making an environment: planned with everything resolved, built aside, put in place by one rename."""

import os
import re

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.naming import check_name
from comfydock_core.core.services_bundle import EnvironmentServices, WorkspaceServices
from comfydock_core.integrations.git import changes, queries, remotes
from comfydock_core.integrations.system_detector import check_backend, detect_backend
from comfydock_core.integrations.uv_command import find_uv
from comfydock_core.models.creation import ComfyUIVersion, CreateRequest, CreationPlan
from comfydock_core.models.exceptions import (
    EnvironmentExists,
    InvalidSetting,
    ModelsDirectoryNotFound,
    NotComfyUI,
    RefNotFound,
)
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.workspace_config_reader import read_config
from comfydock_core.repositories.workspace_config_repository import (
    WorkspaceConfigRepository,
)
from comfydock_core.services.repository_mirrors import RepositoryMirrors
from comfydock_core.services.stage import Stage, remove_leftovers, stage
from comfydock_core.utils import atomic, interruption
from comfydock_core.utils.disk_errors import disk_errors
from comfydock_core.utils.requirements import RequirementsFile, parse_requirements

_PYTHON = re.compile(r"3\.\d{1,2}(\.\d{1,3})?", re.ASCII)
_PARTS_OF_COMFYUI = ("main.py", "requirements.txt", "comfy")


def plan_creation(
    layout: WorkspaceLayout, services: WorkspaceServices, request: CreateRequest, reporter: Reporter
) -> CreationPlan:
    """Check what can be checked and resolve what can be resolved; nothing is written.

    Raises `InvalidName`, `EnvironmentExists`, `InvalidSetting`, `ModelsDirectoryNotFound`, `ToolMissing` and what
    `ComfyUIVersions.resolve` raises.
    """
    check_name(request.name)
    place = layout.environment(request.name)
    _refuse_taken(place)
    python, backend = _check_python(request.python), check_backend(request.torch_backend)
    models_directory = _models_directory(layout)
    find_uv()
    repository = services.versions.repository(request.repository)
    reporter.phase(f"Looking up ComfyUI {request.comfyui or 'latest'}")
    return CreationPlan(
        name=request.name,
        directory=place.root,
        comfyui=services.versions.resolve(repository, request.comfyui, reporter),
        default_repository=services.versions.is_default(repository),
        python=python,
        torch_backend=detect_backend() if backend == "auto" else backend,
        models_directory=models_directory,
        activate=request.use,
    )


def create_environment(
    layout: WorkspaceLayout, services: WorkspaceServices, plan: CreationPlan, reporter: Reporter
) -> str:
    """Execute the plan and return the new directory. Whatever fails or interrupts it, nothing has its name then."""
    place = EnvironmentLayout(plan.directory)
    with interruption.termination_raises(), disk_errors("create the environment"):
        _refuse_taken(place)
        os.makedirs(layout.environments, exist_ok=True)
        remove_leftovers(layout.environments, reporter)
        with stage(layout.environments, plan.name) as staged:
            staged_layout = EnvironmentLayout(staged.content)
            _build(staged_layout, services.environment(staged_layout), plan, reporter)
            _publish(staged, layout, plan)
    return place.root


def _build(layout: EnvironmentLayout, services: EnvironmentServices, plan: CreationPlan, reporter: Reporter) -> None:
    """The story. The marker of a finished environment comes last."""
    commit = _fetch_comfyui(layout, services.mirrors, plan.comfyui, reporter)
    requirements = _read_requirements(layout, plan.comfyui, reporter)
    os.mkdir(layout.definition)
    atomic.write_text(layout.python_version, f"{plan.python}\n")
    services.pyproject.create(plan, commit=commit, requirements=requirements)
    reporter.phase(f"Preparing Python {plan.python}")
    services.uv_project.create_venv(plan.python, reporter)
    reporter.phase("Resolving Python packages")
    services.uv_project.lock(reporter)
    reporter.phase("Installing Python packages")
    services.uv_project.install(reporter)
    reporter.phase("Linking the models directory")
    services.models_link.replace_checkout_directory(plan.models_directory)
    reporter.phase("Starting the history")
    services.git.start_history()
    atomic.write_text(layout.complete_marker, "")


def _publish(staged: Stage, layout: WorkspaceLayout, plan: CreationPlan) -> None:
    """Put it in place and make it active if wanted: both or neither."""
    with interruption.deferred():
        staged.publish(plan.directory)
        if plan.activate:
            try:
                WorkspaceConfigRepository(layout.config_file).set_active_environment(plan.name)
            except BaseException:
                staged.withdraw(plan.directory)
                raise


def _fetch_comfyui(
    layout: EnvironmentLayout, mirrors: RepositoryMirrors, version: ComfyUIVersion, reporter: Reporter
) -> str:
    """Clone ComfyUI and check the version out; returns the full commit."""
    reporter.phase(f"Cloning ComfyUI {version}")
    mirrors.clone(version.repository, layout.comfyui, wanted=version.commit or version.ref, reporter=reporter)
    commit = _find_commit(layout.comfyui, version)
    changes.check_out(layout.comfyui, commit, branch=version.ref if version.kind == "branch" else None)
    missing = [part for part in _PARTS_OF_COMFYUI if not os.path.exists(f"{layout.comfyui}/{part}")]
    if missing:
        lacking = " and no ".join(f"`{part}`" for part in missing)
        raise NotComfyUI(
            f"`{version.public_repository}` at {version} is not ComfyUI: it has no {lacking}",
            hint="name ComfyUI's repository with `--comfyui-repository`, or another version with `--comfyui`",
            context={"repository": version.public_repository, "ref": version.ref, "missing": missing},
        )
    return commit


def _find_commit(worktree: str, version: ComfyUIVersion) -> str:
    """The planned commit in the clone; one that no branch leads to is fetched by its name."""
    wanted = version.commit or version.ref
    found = queries.commit_of(worktree, wanted)
    if found is None and remotes.fetch_commit(worktree, version.repository, wanted):
        found = queries.commit_of(worktree, wanted)
    if found is None:
        raise RefNotFound(
            f"`{version.public_repository}` has no commit `{wanted}`",
            hint="name a release, a branch, or a commit in full",
            context={"repository": version.public_repository, "ref": version.ref, "near": []},
        )
    return found


def _read_requirements(layout: EnvironmentLayout, version: ComfyUIVersion, reporter: Reporter) -> RequirementsFile:
    with open(f"{layout.comfyui}/requirements.txt", encoding="utf-8", errors="replace") as file:
        requirements = parse_requirements(file.read(), file=f"ComfyUI {version}: requirements.txt")
    for option in requirements.options:
        reporter.warn(f"ComfyUI's requirements.txt has the option `{option}`, which is not followed")
    return requirements


def _refuse_taken(place: EnvironmentLayout) -> None:
    if os.path.lexists(place.root):
        known = os.path.isdir(place.definition)
        raise EnvironmentExists(
            f"`{place.name}` exists already" if known else f"something else is in the way at `{place.root}`",
            hint="choose another name, or "
            + (f"remove it first with `comfydock delete {place.name}`" if known else "move what is there elsewhere"),
            context={"environment": place.name, "path": place.root},
        )


def _check_python(python: str) -> str:
    if _PYTHON.fullmatch(python):
        return python
    raise InvalidSetting(
        f"`{python}` is no Python version",
        hint="write it as `--python 3.12`",
        context={"python": python},
    )


def _models_directory(layout: WorkspaceLayout) -> str:
    directory = read_config(layout.config_file).models_directory
    if directory is None or not os.path.isdir(directory):
        raise ModelsDirectoryNotFound(
            f"the models directory `{directory}` does not exist" if directory else "no models directory is configured",
            hint=f"make it, or correct `global_model_directory` in `{layout.config_file}`",
            context={"path": directory},
        )
    return directory
