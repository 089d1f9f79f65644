"""Running a command that changes something: the log keeps what it did, and being terminated cleans up like Ctrl-C."""

import gc
import os
from collections.abc import Callable

from comfydock_cli.cli_utils import Context
from comfydock_cli.logging.setup import CommandLog
from comfydock_cli.table.parser import Invocation
from comfydock_cli.table.spec import ENVIRONMENT, FLAG, NOTHING, Command
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
    """The environment's log when the command is about one that has a log, otherwise the workspace's.

    A log is begun at the end only, by a command that went well: an environment may never come to be, and what gives one
    another name moves its log, also when that was interrupted and is finished by this command.
    """
    layout, subject = context.workspace.layout, _subject(context, invocation, command)
    general, title = layout.log_file(None), words(invocation, command)
    if subject is None:
        return CommandLog(general, context.console, title)
    own = layout.log_file(subject)

    def afterwards() -> str:
        return own if _exists(context, subject) else general

    begin = afterwards() if os.path.exists(own) else general
    return CommandLog(begin, context.console, title, afterwards=afterwards)


def _subject(context: Context, invocation: Invocation, command: Command) -> str | None:
    """The name of the environment that a command is about, whether or not there is one of that name."""
    given = dict(invocation.arguments.items())
    if "new_name" in given:
        return None
    named = None if command.needs == ENVIRONMENT else given.get("name")
    name = named or context.environment_name
    if isinstance(name, str):
        return name
    return context.workspace.config().active_environment if command.needs == ENVIRONMENT else None


def _exists(context: Context, name: str | None) -> bool:
    try:
        context.workspace.environment(name)
    except ComfyDockError:
        return False
    return True


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
