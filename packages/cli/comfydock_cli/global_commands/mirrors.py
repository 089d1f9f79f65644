"""`mirror export`, `mirror import` and `mirror verify`: environments on machines without a network."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.mirror_formatter import exported, imported, planned, verified
from comfydock_cli.table.parser import Arguments
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.core.mirrors import Mirrors
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.mirrors import MirrorRequest


def export(context: Context, arguments: Arguments) -> Result:
    """Make a mirror, or add to one; `--dry-run` shows what it lacks."""
    request = MirrorRequest(arguments.word("dir"), tuple(arguments.words("environments")), arguments.word("models"))
    workspace = find_workspace(offline=context.offline)
    if context.dry_run:
        return planned(workspace.mirrors.plan_export(request))
    with make_reporter(context) as reporter:
        return exported(workspace.mirrors.export(request, context.initiator(), reporter))


def import_(context: Context, arguments: Arguments) -> Result:
    """Take everything that a mirror has into the workspace; `--dry-run` shows what is lacking here."""
    workspace = find_workspace(offline=True)
    with make_reporter(context) as reporter:
        return imported(
            workspace.mirrors.take_in(arguments.word("dir"), reporter, rehearsal=context.dry_run),
            rehearsal=context.dry_run,
        )


def verify(context: Context, arguments: Arguments) -> Result:
    """Whether everything in a mirror is as it is listed."""
    with make_reporter(context) as reporter:
        return verified(Mirrors(None).verify(arguments.word("dir"), reporter))
