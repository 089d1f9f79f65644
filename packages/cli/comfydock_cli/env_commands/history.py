"""`log`, `show`, `diff` and `blame`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.blame_formatter import blame_result
from comfydock_cli.formatters.difference_formatter import comparison_data, comparison_text
from comfydock_cli.formatters.history_formatter import commit_data, commit_text, log_result
from comfydock_cli.pictures import picture_file, with_picture
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
    picture = picture_file(arguments)
    with make_reporter(context) as reporter:
        commit, found = context.workspace.history.show(
            context.environment_name, arguments.text("ref") or "HEAD", reporter, picture=picture is not None
        )
    text = comparison_text(found) or _NOTHING
    result = Result({"commit": commit_data(commit), **comparison_data(found)}, f"{commit_text(commit)}\n{text}")
    return with_picture(result, found.picture, picture)


def diff(context: Context, arguments: Arguments) -> Result:
    """What differs between two states."""
    picture = picture_file(arguments)
    with make_reporter(context) as reporter:
        found = context.workspace.history.diff(
            context.environment_name, arguments.text("refs"), reporter, picture=picture is not None
        )
    result = Result(comparison_data(found), comparison_text(found) or _NOTHING)
    return with_picture(result, found.picture, picture)


def blame(context: Context, arguments: Arguments) -> Result:
    """The commits that set what a workflow has."""
    workflow, part, ref = arguments.word("workflow"), arguments.text("node"), arguments.text("ref")
    with make_reporter(context) as reporter:
        return blame_result(context.workspace.history.blame(context.environment_name, workflow, part, ref, reporter))
