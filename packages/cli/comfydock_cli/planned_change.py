"""The frame of commands that plan a change of an environment, report the plan, and carry it out."""

import time
from collections.abc import Callable, Iterable
from typing import Generic, Protocol, TypeVar

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.table.parser import Arguments
from comfydock_cli.ui.progress import make_reporter
from comfydock_cli.ui.prompts import confirm
from comfydock_core.core.workspace import Workspace
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.operation import Initiator
from comfydock_core.models.packages.syncing import SyncOutcome
from comfydock_core.models.protocols import Reporter
from comfydock_core.records import record


class _Plan(Protocol):
    @property
    def nothing_to_do(self) -> bool: ...


Request = TypeVar("Request", contravariant=True)
Plan = TypeVar("Plan", bound=_Plan)


class Subject(Protocol[Request, Plan]):
    """A part of the workspace that plans what is requested for an environment, and carries the plan out."""

    def plan(self, name: str | None, request: Request, reporter: Reporter, /) -> Plan: ...
    def change(self, plan: Plan, initiator: Initiator, reporter: Reporter, /) -> SyncOutcome: ...


@record
class Ask(Generic[Plan]):
    """A question before a plan is carried out, and what is shown after a no."""

    question: Callable[[Plan], str]
    declined: Callable[[Plan], Result]


@record
class Views(Generic[Plan]):
    """How plans and outcomes of one kind are shown.

    `facts` are reported before a plan is carried out. `changed` also gets the seconds that it took; its outcome is
    `None` when there was nothing to do. With `ask` the user is asked first.
    """

    planned: Callable[[Plan], Result]
    facts: Callable[[Plan], Iterable[str]]
    changed: Callable[[Plan, SyncOutcome | None, float], Result]
    ask: Ask[Plan] | None = None


def plan_and_change(
    context: Context,
    arguments: Arguments,
    subject_of: Callable[[Workspace], Subject[Request, Plan]],
    request: Request,
    views: Views[Plan],
) -> Result:
    """Plan and carry out, with the environment held in between; `--dry-run` shows the plan. Raises what both raise."""
    started = time.monotonic()
    workspace = find_workspace(offline=context.offline)
    subject, name = subject_of(workspace), workspace.environment(context.environment_name).name
    with make_reporter(context) as reporter:
        if context.dry_run:
            return views.planned(subject.plan(name, request, reporter))
        initiator = context.initiator(while_running=arguments.flag("while_running"))
        with workspace.exclusive(initiator, reporter, name):
            workspace.refuse_while_running(name, initiator)  # Planning resolves packages, which would be for nothing.
            plan = subject.plan(name, request, reporter)
            for fact in views.facts(plan):
                reporter.warn(fact)
            if views.ask is not None and not plan.nothing_to_do:
                reporter.end()  # What is drawn would be drawn over the question.
                if not confirm(context, views.ask.question(plan)):
                    return views.ask.declined(plan)
            outcome = None if plan.nothing_to_do else subject.change(plan, initiator, reporter)
    return views.changed(plan, outcome, time.monotonic() - started)
