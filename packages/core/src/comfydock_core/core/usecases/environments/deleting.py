"""Deleting an environment: one rename takes it away, and until the limit of kept operations another brings it back."""

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core import finding
from comfydock_core.core.usecases.choosing import is_active, stage_active, swap_of_settings
from comfydock_core.models.environments.deletion import DeletionPlan
from comfydock_core.models.operation import Initiator
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.services.transaction import make_plan, operation
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils import interruption
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.filesystem import freed_by_removing, measure_tree


def plan_deletion(layout: WorkspaceLayout, name: str, *, purge: bool = False) -> DeletionPlan:
    """What `delete_environment` will take away. Raises `EnvironmentNotFound`, `EnvironmentIncomplete`."""
    environment = finding.find_environment(layout, name)
    size, files = measure_tree(environment.root)
    freed = freed_by_removing(environment.root)
    active = is_active(layout, name)
    with disk_errors(f"delete the environment {name}"):
        steps = [swap(layout.environments, name, has_new=False, detail=f"{files} files")]
        work = [PlanStep("purge" if purge else "delete", environment.root, f"{files} files")]
        if active:
            steps.append(swap_of_settings(layout, None))
            work.append(PlanStep("unuse", name, "no environment is active afterwards"))
        change = make_plan(
            layout.environments,
            "delete",
            steps,
            work=work,
            holds=[environment.root],
            disturbs=[environment.root],
            fetch_bytes=0,
            disk_needed=0,
            not_undoable=[f"`{environment.root}` is removed for good"] if purge else (),
        )
    return DeletionPlan(name, environment.root, size, freed, files, active, purge, change)


def delete_environment(layout: WorkspaceLayout, plan: DeletionPlan, initiator: Initiator, reporter: Reporter) -> str:
    """Execute the plan and return the operation's identifier; with `purge` it is removed for good at once.

    Raises `ScopeBusy` when the environment is being changed or runs, `ChangedMeanwhile`, `FileSystemError`.
    """
    reporter.phase(f"Deleting {plan.name}")
    with interruption.termination_raises(), operation(plan.change, initiator, reporter) as under_way:
        if plan.active:
            stage_active(layout, under_way, None)
        under_way.commit()
        if plan.purge:
            under_way.purge()
    return under_way.id
