"""`log`, `show` and `diff`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.difference_formatter import comparison_data, comparison_text
from comfydock_cli.formatters.history_formatter import commit_data, commit_text, log_result
from comfydock_cli.table.parser import Arguments
from comfydock_cli.ui.progress import make_reporter

_NOTHING = "nothing is different\n"


def log(context: Context, arguments: Arguments) -> Result:
    """The newest commits."""
    limit = arguments.number("number") or None
    history, what = context.workspace.history, arguments.text("path")
    return log_result(history.log(context.environment_name, what, limit=limit, graph=arguments.flag("graph")))


def show(context: Context, arguments: Arguments) -> Result:
    """One commit with what it changed."""
    with make_reporter(context) as reporter:
        commit, found = context.workspace.history.show(
            context.environment_name, arguments.text("ref") or "HEAD", reporter
        )
    text = comparison_text(found) or _NOTHING
    return Result({"commit": commit_data(commit), **comparison_data(found)}, f"{commit_text(commit)}\n{text}")


def diff(context: Context, arguments: Arguments) -> Result:
    """What differs between two states."""
    with make_reporter(context) as reporter:
        found = context.workspace.history.diff(context.environment_name, arguments.text("refs"), reporter)
    return Result(comparison_data(found), comparison_text(found) or _NOTHING)
