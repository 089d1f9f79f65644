"""Questions. They are asked on a terminal only, and every one has an option that answers it."""

import sys

from comfydock_cli import system
from comfydock_cli.cli_utils import Context
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.console import clean


def refuse_unanswerable(context: Context, question: str) -> None:
    """Raise `UsageError` when nobody can be asked. Before what takes long, so that it is not done for nothing."""
    if not context.options["yes"] and not _can_ask(context):
        raise UsageError(f"there is no terminal to answer: {question}", hint="add `--yes` to go ahead")


def _can_ask(context: Context) -> bool:
    return not context.json and sys.stdin is not None and system.is_terminal(0) and system.is_terminal(2)


def confirm(context: Context, question: str) -> bool:
    """Ask yes or no, no by default; `--yes` answers it. Raises `UsageError` when nobody can be asked."""
    if context.options["yes"]:
        return True
    refuse_unanswerable(context, question)
    sys.stderr.write(f"{clean(question)} [y/N] ")
    sys.stderr.flush()
    answer = ""
    try:
        answer = sys.stdin.readline()
    finally:
        if not answer.endswith("\n"):  # Ctrl-C or Ctrl-D: the terminal still stands behind the question.
            sys.stderr.write("\n")
    return answer.strip().lower() in ("y", "yes")
