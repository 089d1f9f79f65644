"""`bundle show` and `bundle verify`: they need no workspace, and change nothing."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.bundle_formatter import shown, verified
from comfydock_cli.table.parser import Arguments
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.core.bundles import Bundles
from comfydock_core.models.exceptions import WorkspaceNotFound


def show(context: Context, arguments: Arguments) -> Result:
    """What is in a bundle, and what of it is on this machine."""
    with make_reporter(context) as reporter:
        return shown(_bundles(context).show(arguments.word("file"), reporter))


def verify(context: Context, arguments: Arguments) -> Result:
    """Whether a bundle is whole, and by whom it is signed."""
    with make_reporter(context) as reporter:
        return verified(Bundles(None).verify(arguments.word("file"), arguments.text("signers"), reporter))


def _bundles(context: Context) -> Bundles:
    try:
        return context.workspace.bundles
    except WorkspaceNotFound:
        return Bundles(None)
