"""`registry status`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.registry_formatter import state_text
from comfydock_cli.table.parser import Arguments


def status(context: Context, arguments: Arguments) -> Result:
    """The lists of known node packs, their age, and what they hold."""
    state = context.workspace.registry.state()
    note = "`comfydock registry update` fetches them" if not state.present or state.stale else ""
    return Result(state.as_dict(), state_text(state), note=note)
