"""`node search` and `node why`."""

from comfydock_cli import system
from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.search_formatter import hits_text
from comfydock_cli.formatters.why_formatter import reasons_text
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.progress import make_reporter


def search(context: Context, arguments: Arguments) -> Result:
    """The known node packs that fit the words best."""
    limit = arguments.number("limit")
    if limit < 1:
        raise UsageError("`--limit` is how many packs are shown", hint="give a number of at least 1")
    words = " ".join(arguments.words("words"))
    hits = context.workspace.registry.search(words, limit=limit, environment=_environment(context))
    data = {"words": words, "packs": [hit.as_dict() for hit in hits]}
    note = "" if hits else "no known node pack matches these words"
    return Result(data, hits_text(hits, system.open_width(1)), note=note)


def why(context: Context, arguments: Arguments) -> Result:
    """Why a node pack, a node class or a Python package is here."""
    with make_reporter(context) as reporter:
        reasons = context.environment.why(arguments.word("name"), reporter)
    return Result(reasons.as_dict(), reasons_text(reasons))


def _environment(context: Context) -> str | None:
    """The environment whose packs are marked: a search works without any."""
    if context.environment_name is not None:
        return context.environment_name
    active = context.workspace.active_environment()
    return active if active in context.workspace.environment_names() else None
