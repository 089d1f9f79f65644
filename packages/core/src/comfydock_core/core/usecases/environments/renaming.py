"""Giving an environment another name: one rename, with the settings and the logs that name it."""

import os

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core import finding
from comfydock_core.core.naming import check_name
from comfydock_core.core.usecases.choosing import is_active, stage_active, swap_of_settings
from comfydock_core.models.environments.renaming import RenamingPlan
from comfydock_core.models.exceptions import EnvironmentExists
from comfydock_core.models.operation import Initiator
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.services.transaction import make_plan, operation
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils.files.disk_errors import disk_errors


def plan_renaming(layout: WorkspaceLayout, name: str, new_name: str) -> RenamingPlan:
    """What the renaming takes. Raises `EnvironmentNotFound`, `InvalidName`, `EnvironmentExists`."""
    environment = finding.find_environment(layout, name)
    check_name(new_name)
    _refuse_taken(layout, new_name)
    active = is_active(layout, name)
    with disk_errors(f"rename the environment {name}"):
        steps = [swap(layout.environments, new_name, has_new=True, source=name)]
        if _logs_can_follow(layout, name, new_name):
            steps.append(swap(layout.environments, f"../logs/{new_name}", has_new=True, source=f"../logs/{name}"))
        if active:
            steps.append(swap_of_settings(layout, new_name))
        work = [PlanStep("rename", name, f"to {new_name}")]
        holds = [environment.root]
        change = make_plan(
            layout.environments, "rename", steps, work=work, holds=holds, disturbs=holds, fetch_bytes=0, disk_needed=0
        )
    return RenamingPlan(name, new_name, layout.environment(new_name).root, active, change)


def rename_environment(layout: WorkspaceLayout, plan: RenamingPlan, initiator: Initiator, reporter: Reporter) -> None:
    """Execute the plan. Raises `ScopeBusy`, `ChangedMeanwhile`, `FileSystemError`."""
    with operation(plan.change, initiator, reporter) as under_way:
        if plan.active:
            stage_active(layout, under_way, plan.new_name)
        under_way.commit()


def _refuse_taken(layout: WorkspaceLayout, name: str) -> None:
    place = layout.environment(name)
    if os.path.lexists(place.root):
        raise EnvironmentExists(
            f"`{name}` exists already",
            hint="choose another name; `comfydock list` shows those that are taken",
            context={"environment": name, "path": place.root},
        )


def _logs_can_follow(layout: WorkspaceLayout, name: str, new_name: str) -> bool:
    """Logs are moved along where that is one rename; they may lie on another disk, and then they stay."""
    old, new = os.path.dirname(layout.log_file(name)), os.path.dirname(layout.log_file(new_name))
    if not os.path.isdir(old) or os.path.lexists(new):
        return False
    return os.stat(old).st_dev == os.stat(layout.environments).st_dev
