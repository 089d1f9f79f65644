"""What every new environment has in common, whatever it is made from: a free name, a stage, and its place."""

import contextlib
import os
from collections.abc import Iterator
from typing import Protocol

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.services_bundle import EnvironmentServices
from comfydock_core.core.usecases.choosing import stage_active, swap_of_settings
from comfydock_core.models.environments.template import TemplateHistory
from comfydock_core.models.exceptions import EnvironmentExists
from comfydock_core.models.operation import ChangePlan, Initiator
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.services.transaction import make_plan, operation
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils import interruption
from comfydock_core.utils.files import atomic
from comfydock_core.utils.files.disk_errors import disk_errors


class NewEnvironment(Protocol):
    """What a plan of any new environment says."""

    @property
    def name(self) -> str: ...
    @property
    def activate(self) -> bool: ...
    @property
    def change(self) -> ChangePlan: ...


def refuse_taken(place: EnvironmentLayout) -> None:
    """Raise `EnvironmentExists` when the name is not free."""
    if os.path.lexists(place.root):
        known = os.path.isdir(place.definition)
        raise EnvironmentExists(
            f"`{place.name}` exists already" if known else f"something else is in the way at `{place.root}`",
            hint="choose another name, or "
            + (f"remove it first with `comfydock delete {place.name}`" if known else "move what is there elsewhere"),
            context={"environment": place.name, "path": place.root},
        )


def plan_new_environment(
    layout: WorkspaceLayout,
    command: str,
    name: str,
    work: list[PlanStep],
    *,
    activate: bool,
    disk_needed: int | None = None,
    fetch_bytes: int | None = None,
) -> ChangePlan:
    """The change that puts a new environment in place, and makes it active if wanted."""
    with disk_errors("plan the new environment"):
        steps = [swap(layout.environments, name, has_new=True)]
        if activate:
            steps.append(swap_of_settings(layout, name))
        return make_plan(
            layout.environments,
            command,
            steps,
            work=work,
            disk_needed=disk_needed,
            fetch_bytes=fetch_bytes,
        )


@contextlib.contextmanager
def staged_environment(
    layout: WorkspaceLayout, plan: NewEnvironment, doing: str, initiator: Initiator, reporter: Reporter
) -> Iterator[EnvironmentLayout]:
    """An empty directory to build the environment in; when the block ends well, it is put in place at once.

    Whatever fails or interrupts the block, nothing has the name then. `doing` completes "cannot …". Raises what
    `operation` raises.
    """
    with disk_errors(doing):
        os.makedirs(layout.environments, exist_ok=True)
    with (
        interruption.termination_raises(),
        disk_errors(doing),
        operation(plan.change, initiator, reporter) as under_way,
    ):
        staged = EnvironmentLayout(under_way.place(plan.name))
        os.mkdir(staged.root)
        yield staged
        if plan.activate:
            stage_active(layout, under_way, plan.name)
        under_way.commit()


def finish_environment(
    layout: EnvironmentLayout, services: EnvironmentServices, reporter: Reporter, history: TemplateHistory | None = None
) -> None:
    """The last steps: a history with what is there as its first commit, or one that goes on, and the marker.

    Raises `GitFailed`, `OSError`.
    """
    reporter.phase("Starting the history")
    if history is None:
        services.git.start_history()
    else:
        services.git.take_over_history(history)
    atomic.write_text(layout.complete_marker, "")
