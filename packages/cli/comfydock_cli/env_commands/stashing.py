"""`stash`: putting uncommitted work aside, and bringing it back."""

import time
from dataclasses import replace

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.difference_formatter import comparison_data, difference_text
from comfydock_cli.formatters.merge_formatter import previewed
from comfydock_cli.formatters.move_formatter import (
    listed_stashes,
    moved,
    planned_move,
    planned_reference,
    referenced,
    stash_text,
)
from comfydock_cli.merge_changing import carry_out_merge
from comfydock_cli.merge_deciding import answers_of
from comfydock_cli.move_changing import go
from comfydock_cli.table.parser import Arguments
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.history.merging import MergePlan, MergeRequest
from comfydock_core.models.history.moving import MovePlan, MoveRequest, ReferenceRequest


def push(context: Context, arguments: Arguments) -> Result:
    """Put everything uncommitted aside."""
    return go(context, arguments, MoveRequest("stash", message=arguments.text("message")))


def pop(context: Context, arguments: Arguments) -> Result:
    """Bring a stash back, united with what was committed since."""
    started = time.monotonic()
    request = MergeRequest(
        arguments.text("number") or "",
        "stash pop",
        take=answers_of(arguments.text("take")),
        auto=arguments.text("auto_resolve"),
        rehearsal=context.dry_run,
    )
    workspace = find_workspace(offline=context.offline)
    name = workspace.environment(context.environment_name).name
    with make_reporter(context) as reporter:
        if context.dry_run:
            plan = workspace.moves.plan_merge(name, request, reporter)
            return previewed(plan) if plan.move is None else planned_move(_told(plan, plan.move))
        plan, outcome = carry_out_merge(context, arguments, workspace, name, request, reporter)
    assert plan.move is not None  # Every question is answered.
    return moved(_told(plan, plan.move), outcome, time.monotonic() - started)


def _told(plan: MergePlan, move: MovePlan) -> MovePlan:
    """The move, which says what was decided on the way to it."""
    return replace(move, notes=(*move.notes, *plan.decided))


def list_stashes(context: Context, arguments: Arguments) -> Result:
    """The stashes, the newest first."""
    return listed_stashes(context.workspace.moves.stashes(context.environment_name))


def show(context: Context, arguments: Arguments) -> Result:
    """What a stash changes."""
    stash = context.workspace.moves.stash(context.environment_name, arguments.text("number"))
    with make_reporter(context) as reporter:
        found = context.workspace.history.diff(context.environment_name, f"{stash.parent}..{stash.commit}", reporter)
    text = difference_text(found.difference) or "nothing is different\n"
    return Result({"stash": stash.number, **comparison_data(found)}, f"{stash_text(stash)}\n\n{text}")


def drop(context: Context, arguments: Arguments) -> Result:
    """Delete a stash."""
    workspace = find_workspace(offline=context.offline)
    name = workspace.environment(context.environment_name).name
    initiator = context.initiator()
    with make_reporter(context) as reporter, workspace.exclusive(initiator, reporter, name):
        number = workspace.moves.stash(name, arguments.text("number")).number
        plan = workspace.moves.plan_reference(name, ReferenceRequest("stash", "delete", str(number)))
        if context.dry_run:
            return planned_reference(plan)
        operation = workspace.moves.change_reference(plan, initiator, reporter)
    return referenced(plan, operation)
