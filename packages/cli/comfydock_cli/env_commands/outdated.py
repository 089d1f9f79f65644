"""`outdated`: what has newer versions."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.outdated_formatter import shown
from comfydock_cli.table.parser import Arguments
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.factories.workspace_factory import find_workspace


def outdated(context: Context, arguments: Arguments) -> Result:
    """Look everything up, and change nothing."""
    workspace = find_workspace(offline=context.offline)
    with make_reporter(context) as reporter:
        return shown(workspace.definitions.outdated(context.environment_name, reporter))
