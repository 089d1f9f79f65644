"""The frame of commands that change what is noted of workflows: plan, report the plan, carry it out."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.ui.progress import PlainReporter, make_reporter
from comfydock_core.core.workflows import Workflows
from comfydock_core.models.operation import ChangePlan, Initiator


class _Plan(Protocol):
    @property
    def change(self) -> ChangePlan: ...


Plan = TypeVar("Plan", bound=_Plan)


def plan_and_write(
    context: Context,
    plan_of: Callable[[Workflows, str, PlainReporter], Plan],
    write: Callable[[Workflows, Plan, Initiator, PlainReporter], str],
    planned: Callable[[Plan], Result],
    written: Callable[[Plan, str | None], Result],
) -> Result:
    """Plan and carry out, with the environment held in between; `--dry-run` shows the plan.

    `plan_of` gets the name of the environment; `write` returns the operation. Raises what both raise.
    """
    workspace = context.workspace
    name = workspace.environment(context.environment_name).name
    with make_reporter(context) as reporter:
        if context.dry_run:
            return planned(plan_of(workspace.workflows, name, reporter))
        initiator = context.initiator()
        with workspace.exclusive(initiator, reporter, name):
            plan = plan_of(workspace.workflows, name, reporter)
            operation = write(workspace.workflows, plan, initiator, reporter) if plan.change.steps else None
            return written(plan, operation)
