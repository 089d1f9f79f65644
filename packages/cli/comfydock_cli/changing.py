"""Running a command that changes something: the log keeps what it did, and being terminated cleans up like Ctrl-C."""

import gc
from collections.abc import Callable

from comfydock_cli.cli_utils import Context
from comfydock_cli.logging.setup import CommandLog
from comfydock_cli.table.parser import Invocation
from comfydock_cli.table.spec import FLAG, NOTHING, Command
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.exceptions import ComfyDockError
from comfydock_core.utils.interruption import termination_raises

Answer = Callable[[Context, Invocation, Command], int]


def change(context: Context, invocation: Invocation, command: Command, answer: Answer) -> int:
    """Run the command by `answer` and return its exit code."""
    gc.enable()
    with termination_raises():
        if context.dry_run or command.needs == NOTHING or _only_shows(invocation, command):
            return answer(context, invocation, command)
        with _log(context, invocation, command) as log:
            return log.note_end(answer(context, invocation, command))


def _only_shows(invocation: Invocation, command: Command) -> bool:
    """Whether this line asks a command like `config` for what there is, which leaves no trace in the log."""
    given = dict(invocation.arguments.items())
    return command.shows and all(arg.kind == FLAG or given[arg.name] is None for arg in command.args)


def _log(context: Context, invocation: Invocation, command: Command) -> CommandLog:
    """The environment's log when the command is about one that exists, otherwise the workspace's.

    What gives an environment another name moves its log, and must not make one before it is planned.
    """
    workspace, given = context.workspace, dict(invocation.arguments.items())
    named = None if "new_name" in given else given.get("name") or context.environment_name
    try:
        environment = workspace.environment(named).name if isinstance(named, str) else None
    except ComfyDockError:
        environment = None  # Nothing of that name yet, or no more: the workspace's log has the story.
    return CommandLog(workspace.layout.log_file(environment), context.console, words(invocation, command))


def words(invocation: Invocation, command: Command) -> str:
    """The command line for the log, with secrets masked."""
    secret = {arg.name for arg in command.args if arg.secret}
    parts = ["comfydock", *command.path]
    for name, value in invocation.arguments.items():
        if value not in (None, False, []):
            parts.append(f"{name}={'***' if name in secret else _shown(value)}")
    return " ".join(parts)


def _shown(value: object) -> str:
    """A value without logins, each of several for itself."""
    if isinstance(value, list):
        return ",".join(_shown(one) for one in value)
    return without_credentials(str(value))
