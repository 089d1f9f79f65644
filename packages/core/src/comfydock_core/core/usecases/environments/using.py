"""Choosing the active environment."""

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core import finding
from comfydock_core.core.usecases.choosing import stage_active, swap_of_settings
from comfydock_core.models.operation import ChangePlan, Initiator
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.workspace_config_reader import read_config
from comfydock_core.services.transaction import make_plan, operation
from comfydock_core.utils.files.disk_errors import disk_errors


def plan_use(layout: WorkspaceLayout, name: str) -> ChangePlan:
    """What making `name` active takes. Raises `EnvironmentNotFound`, `EnvironmentIncomplete`, `WorkspaceDamaged`."""
    finding.find_environment(layout, name)
    before = read_config(layout.config_file).active_environment
    with disk_errors("choose the active environment", layout.config_file):
        return make_plan(
            layout.environments,
            "use",
            [swap_of_settings(layout, name)],
            work=[PlanStep("use", name, f"instead of {before}" if before else "")],
            fetch_bytes=0,
            disk_needed=0,
        )


def use_environment(
    layout: WorkspaceLayout, name: str, plan: ChangePlan, initiator: Initiator, reporter: Reporter
) -> None:
    """Make `name` active. Raises `FileSystemError`, `ChangedMeanwhile`, `ScopeBusy`."""
    with operation(plan, initiator, reporter) as under_way:
        stage_active(layout, under_way, name)
        under_way.commit()
