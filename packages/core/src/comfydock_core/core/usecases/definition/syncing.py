"""Making an environment what its definition says: packages, back end, node packs, links; all of it or nothing."""

import os

from comfydock_core.analyzers.packages.package_changes import package_changes
from comfydock_core.configs.environment_layout import BACKENDS, EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.services_bundle import EnvironmentServices, WorkspaceServices
from comfydock_core.core.usecases.definition.staging import stage_definition, stage_venv
from comfydock_core.core.usecases.definition.sync_planning import MODELS, SyncPlanner
from comfydock_core.core.usecases.moving.comfyui_moving import stage_comfyui
from comfydock_core.managers.pack_places import carry_over, path_of
from comfydock_core.models.operation import Initiator, Swap
from comfydock_core.models.packages.syncing import SyncOutcome, SyncPlan, SyncRequest
from comfydock_core.models.protocols import Reporter
from comfydock_core.services.transaction import operation
from comfydock_core.services.transaction.execution import Operation
from comfydock_core.utils import interruption
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.filesystem import make_directory_link


def plan_sync(
    layout: EnvironmentLayout,
    workspace: WorkspaceLayout,
    services: EnvironmentServices,
    request: SyncRequest,
    reporter: Reporter,
) -> SyncPlan:
    """Compare what is there with the definition; nothing is written.

    Raises `ManifestDamaged`, `LockDamaged`, `LockOutdated`, `InvalidSetting`, `UnexpectedDirectory`,
    `ModelsDirectoryNotFound`.
    """
    with disk_errors(f"look at the environment {layout.name}"):
        return SyncPlanner(layout, workspace, services, request, reporter).plan()


def sync_environment(
    layout: EnvironmentLayout, services: WorkspaceServices, plan: SyncPlan, initiator: Initiator, reporter: Reporter
) -> SyncOutcome:
    """Execute the plan.

    Raises `ScopeBusy`, `ChangedMeanwhile`, `VenvIncomplete`, and what locking, installing and fetching raise; then
    nothing is changed.
    """
    with (
        interruption.termination_raises(),
        disk_errors(f"bring the environment {layout.name} up to date"),
        operation(plan.change, initiator, reporter) as under_way,
    ):
        staged = stage_definition(layout, under_way.work)
        _stage_python(layout, staged, services.environment(staged), plan, reporter)
        packages = package_changes(layout.venv, layout.venv if plan.venv == "keep" else staged.venv)
        if plan.comfyui is not None:
            stage_comfyui(layout, services.environment(layout), plan.comfyui, under_way, reporter)
        for step in plan.change.steps:
            if isinstance(step, Swap) and not _is_staged(step, under_way):
                _put(step.path, staged, plan, services.environment(staged), under_way, reporter)
        if os.path.isdir(f"{layout.definition}/.git"):
            services.environment(layout).git.configure_merging()  # The program may lie elsewhere than it did.
        under_way.commit()
    return SyncOutcome(under_way.id, packages)


def _is_staged(step: Swap, under_way: Operation) -> bool:
    """Whether the new thing is there already, or only the old one goes."""
    return not step.has_new or os.path.lexists(under_way.place(step.path))


def _stage_python(
    layout: EnvironmentLayout, staged: EnvironmentLayout, services: EnvironmentServices, plan: SyncPlan,
    reporter: Reporter,
) -> None:  # fmt: skip
    uv_project = services.uv_project
    if plan.converts:
        convert_definition(layout, staged, services, plan.backend, reporter)
    if plan.chooses:
        uv_project.choose_backend(plan.backend)
    if plan.relock:
        reporter.phase("Resolving Python packages")
        for backend, error in uv_project.relock(plan.backend, reporter).failed.items():
            reporter.warn(f"PyTorch for {backend} has to be locked again later: {error.message}")
    if plan.converts or plan.relock:
        os.makedirs(f"{staged.definition}/{BACKENDS}", exist_ok=True)
    for backend in plan.parts:
        uv_project.lock_backend(backend, reporter)
    if plan.venv != "keep":
        stage_venv(
            layout.venv, staged, services, how=plan.venv, python=plan.python, backend=plan.backend, reporter=reporter
        )


def convert_definition(
    layout: EnvironmentLayout,
    staged: EnvironmentLayout,
    services: EnvironmentServices,
    backend: str,
    reporter: Reporter,
) -> None:
    """Make a staged definition of 1.x neutral; without a lock the packages that are installed tell the versions."""
    reporter.phase("Converting the definition of ComfyDock 1.x")
    os.symlink(layout.venv, staged.venv, target_is_directory=True)
    try:
        conversion = services.uv_project.convert(backend, reporter)
    finally:
        os.unlink(staged.venv)
    services.git.write_patterns()
    for change in conversion.changes if conversion is not None else ():
        reporter.line(change)


def _put(
    path: str, staged: EnvironmentLayout, plan: SyncPlan, services: EnvironmentServices, under_way: Operation,
    reporter: Reporter,
) -> None:  # fmt: skip
    """Move one staged thing to where the operation takes it from."""
    place = under_way.place(path)
    packs = {path_of(wanted.pack): wanted for wanted in plan.packs}
    if path in packs:
        wanted = packs[path]
        services.nodes.fetch(wanted.pack, place, reporter, wanted.patch)
        carry_over(wanted.pack, wanted.own_files, f"{under_way.plan.scope}/{path}", place, reporter)
    elif path == MODELS:
        assert plan.models_directory is not None
        make_directory_link(place, os.path.abspath(plan.models_directory))
    else:
        os.rename(f"{staged.root}/{path}", place)
