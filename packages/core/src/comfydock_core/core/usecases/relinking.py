"""Making a workspace that was moved work at its new place: what leads to the old one is led to the new one."""

from comfydock_core.analyzers.moved_workspace import leftovers, old_place
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core import finding
from comfydock_core.core.usecases.choosing import SETTINGS
from comfydock_core.models.operation import ChangePlan, Initiator
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.workspace_config_reader import read_config
from comfydock_core.repositories.workspace_config_repository import (
    WorkspaceConfigRepository,
)
from comfydock_core.services.transaction import make_plan, operation
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils import atomic
from comfydock_core.utils.filesystem import make_directory_link


def plan_relinking(layout: WorkspaceLayout) -> ChangePlan | None:
    """What has to be led to the new place, as one change; `None` when the workspace was not moved."""
    old = old_place(layout, read_config(layout.config_file).models_directory)
    if old is None:
        return None
    names = finding.environment_names(layout)
    found = leftovers(layout, names, old)
    steps = [swap(layout.environments, each.path, has_new=True, detail=each.target) for each in found]
    steps.append(swap(layout.environments, SETTINGS, has_new=True, detail=f"models in {layout.models}"))
    work = [PlanStep("link", each.path, each.target) for each in found]
    work.append(PlanStep("set", "the models directory", layout.models))
    held = [layout.environment(name).root for name in names]
    return make_plan(
        layout.environments, "relink", steps, work=work, holds=held, disturbs=held, fetch_bytes=0, disk_needed=0
    )


def relink(layout: WorkspaceLayout, initiator: Initiator, reporter: Reporter) -> None:
    """Carry it out, saying what is linked. Raises `ScopeBusy`, `EnvironmentInUse`, `FileSystemError`."""
    plan = plan_relinking(layout)
    old = old_place(layout, read_config(layout.config_file).models_directory)
    if plan is None or old is None:
        return
    found = {each.path: each for each in leftovers(layout, finding.environment_names(layout), old)}
    with operation(plan, initiator, reporter) as under_way:
        for path, each in found.items():
            if each.content is None:
                make_directory_link(under_way.place(path), each.target)
            else:
                atomic.write_text(under_way.place(path), each.content)
        settings = WorkspaceConfigRepository(layout.config_file)
        settings.write_copy_with_models(under_way.place(SETTINGS), layout.models)
        under_way.commit()
    for line in plan.work:
        reporter.phase(f"Linked {line.target} to {line.detail}")
