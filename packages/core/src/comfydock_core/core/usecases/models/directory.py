"""Using another models directory: the workspace's setting, and the `models` link of every environment."""

import os

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core import finding
from comfydock_core.core.usecases.choosing import SETTINGS
from comfydock_core.managers.model_symlink_manager import ModelSymlinkManager
from comfydock_core.models.exceptions import InvalidSetting
from comfydock_core.models.operation import ChangePlan, Initiator
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.records import record
from comfydock_core.repositories.workspace_config_reader import read_config
from comfydock_core.repositories.workspace_config_repository import WorkspaceConfigRepository
from comfydock_core.services.transaction import make_plan, operation
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils import native
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.filesystem import make_directory_link


@record
class DirectoryPlan:
    """The new models directory, the environments whose link is led there, and the change."""

    directory: str
    environments: tuple[str, ...]
    change: ChangePlan


def plan_directory(layout: WorkspaceLayout, path: str) -> DirectoryPlan:
    """What using `path` takes.

    Raises `InvalidSetting`, and `UnexpectedDirectory` where an environment has models of its own.
    """
    directory = os.path.abspath(os.path.expanduser(path))
    if not os.path.isdir(directory):
        raise InvalidSetting(
            f"`{directory}` is not a directory",
            hint="make it first, or name another; no model is moved there",
            context={"path": directory},
        )
    before = read_config(layout.config_file).models_directory or layout.models
    names = [name for name in finding.environment_names(layout) if _leads_elsewhere(layout, name, directory)]
    return DirectoryPlan(directory, tuple(names), _change(layout, directory, before, names))


def use_directory(layout: WorkspaceLayout, plan: DirectoryPlan, initiator: Initiator, reporter: Reporter) -> None:
    """Carry it out. Raises `ScopeBusy`, `EnvironmentInUse`, `ChangedMeanwhile`, `FileSystemError`."""
    if not plan.change.steps:
        return
    with operation(plan.change, initiator, reporter) as under_way:
        for name in plan.environments:
            make_directory_link(under_way.place(_link(name)), plan.directory)
        WorkspaceConfigRepository(layout.config_file).write_copy_with_models(under_way.place(SETTINGS), plan.directory)
        under_way.commit()


def _change(layout: WorkspaceLayout, directory: str, before: str, names: list[str]) -> ChangePlan:
    held = [layout.environment(name).root for name in names]
    with disk_errors("plan the change of the models directory"):
        steps = [swap(layout.environments, _link(name), has_new=True, detail=directory) for name in names]
        if before != directory or names:
            steps.append(swap(layout.environments, SETTINGS, has_new=True, detail=f"models in {directory}"))
        work = [PlanStep("link", _link(name), directory) for name in names]
        work.append(PlanStep("set", "the models directory", f"{directory}, instead of {before}"))
        return make_plan(
            layout.environments, "model index dir", steps, work=work, holds=held, disturbs=held, fetch_bytes=0,
            disk_needed=0,
        )  # fmt: skip


def _leads_elsewhere(layout: WorkspaceLayout, name: str, directory: str) -> bool:
    """Whether the link of an environment has to change. Raises `UnexpectedDirectory` for files that would be lost."""
    link = layout.environment(name).models_link
    if native.link_target(link) == directory:
        return False
    ModelSymlinkManager(link).refuse_loss(directory)
    return True


def _link(name: str) -> str:
    return f"{name}/ComfyUI/models"
