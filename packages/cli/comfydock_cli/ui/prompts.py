"""Questions. They are asked on a terminal only, and every one has an option that answers it."""

import sys

from comfydock_cli import system
from comfydock_cli.cli_utils import Context
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.awaiting import await_input
from comfydock_cli.ui.console import clean

_ANSWERS = {"": False, "n": False, "no": False, "y": True, "yes": True}


def refuse_unanswerable(context: Context, question: str) -> None:
    """Raise `UsageError` when nobody can be asked. Before what takes long, so that it is not done for nothing."""
    if not context.options["yes"] and not can_ask(context):
        raise UsageError(f"there is no terminal to answer: {question}", hint="add `--yes` to go ahead")


def can_ask(context: Context) -> bool:
    """Whether somebody is there to answer questions."""
    return not context.json and sys.stdin is not None and system.is_terminal(0) and system.is_terminal(2)


def confirm(context: Context, question: str) -> bool:
    """Ask yes or no, no by default; `--yes` answers it. Raises `UsageError` when nobody can be asked.

    What is neither is asked again. The end of input is a no, as nobody is there any more.
    """
    if context.options["yes"]:
        return True
    refuse_unanswerable(context, question)
    while (answer := _answer(f"{clean(question)} [y/N] ")) is not None:
        if answer in _ANSWERS:
            return _ANSWERS[answer]
        sys.stderr.write("please answer y or n\n")
    return False


def ask(question: str) -> str | None:
    """A line of the user's, without spaces around it; `None` at the end of input."""
    return _line(f"{clean(question)} ")


def _answer(question: str) -> str | None:
    """A line in small letters; `None` when the input ends before the line does."""
    line = _line(question)
    return None if line is None else line.lower()


def _line(question: str) -> str | None:
    sys.stderr.write(question)
    sys.stderr.flush()
    line = b""
    try:
        await_input()
        line = sys.stdin.buffer.readline()  # As bytes: what is typed need not fit the encoding of the terminal.
    finally:
        if not line.endswith(b"\n"):  # Ctrl-C or Ctrl-D: the terminal still stands behind the question.
            sys.stderr.write("\n")
    return line.decode("utf-8", "replace").strip() if line.endswith(b"\n") else None
