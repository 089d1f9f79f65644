"""The frame of commands that go elsewhere in the history of an environment."""

from dataclasses import replace

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.move_formatter import moved, planned_move
from comfydock_cli.planned_change import Views, plan_and_change
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_core.core.moves import Moves
from comfydock_core.core.workspace import Workspace
from comfydock_core.models.history.moving import DISCARD, REFUSE, STASH, MovePlan, MoveRequest


def go(context: Context, arguments: Arguments, request: MoveRequest) -> Result:
    """Plan and carry out a move. Raises what `plan_and_change` raises."""
    return plan_and_change(
        context, arguments, _moves, replace(request, rehearsal=context.dry_run), Views(planned_move, _facts, moved)
    )


def policy_of(arguments: Arguments) -> str:
    """What becomes of uncommitted work, by `--stash` and `--discard`. Raises `UsageError` for both."""
    if arguments.flag("stash") and arguments.flag("discard"):
        raise UsageError("`--stash` and `--discard` cannot be combined", hint="choose one of them")
    return STASH if arguments.flag("stash") else DISCARD if arguments.flag("discard") else REFUSE


def _moves(workspace: Workspace) -> Moves:
    return workspace.moves


def _facts(plan: MovePlan) -> tuple[str, ...]:
    """Nothing: what a move is going to do is reported when it is done."""
    return ()
