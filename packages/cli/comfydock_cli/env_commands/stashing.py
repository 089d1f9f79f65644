"""`stash`: putting uncommitted work aside, and bringing it back."""

from dataclasses import replace

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.difference_formatter import comparison_data, difference_text
from comfydock_cli.formatters.move_formatter import (
    listed_stashes,
    moved,
    planned_move,
    planned_reference,
    referenced,
    stash_text,
)
from comfydock_cli.planned_change import Views, plan_and_change
from comfydock_cli.table.parser import Arguments
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.core.moves import Moves
from comfydock_core.core.workspace import Workspace
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.history.moving import MovePlan, MoveRequest, ReferenceRequest


def push(context: Context, arguments: Arguments) -> Result:
    """Put everything uncommitted aside."""
    return _go(context, arguments, MoveRequest("stash", message=arguments.text("message")))


def pop(context: Context, arguments: Arguments) -> Result:
    """Bring a stash back."""
    return _go(context, arguments, MoveRequest("stash pop", arguments.text("number")))


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


def _go(context: Context, arguments: Arguments, request: MoveRequest) -> Result:
    return plan_and_change(
        context, arguments, _moves, replace(request, rehearsal=context.dry_run), Views(planned_move, _facts, moved)
    )


def _moves(workspace: Workspace) -> Moves:
    return workspace.moves


def _facts(plan: MovePlan) -> tuple[str, ...]:
    return ()
