"""`status`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.status_formatter import status_text
from comfydock_cli.table.parser import Arguments


def status(context: Context, arguments: Arguments) -> Result:
    """The state of the environment, from its files and git."""
    found = context.environment.status()
    return Result(found.as_dict() if context.json else None, "" if context.json else status_text(found))
