"""`py uv`: uv on this terminal."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.progress import PlainReporter
from comfydock_core.factories.workspace_factory import find_workspace

_IN_SYNC = "in-sync"


def run(context: Context, arguments: Arguments) -> Result:
    """Run uv with the words given, and say whether the packages are still those of the lock."""
    if not arguments.rest:
        raise UsageError("`comfydock py uv` needs UV-ARGS", hint="for example `comfydock py uv pip list`")
    if context.json or context.dry_run:
        option = "--json" if context.json else "--dry-run"
        raise UsageError(
            f"`comfydock py uv` hands the terminal to uv, so it has no `{option}`",
            hint="uv has options of its own: give them after its command",
        )
    workspace = find_workspace(offline=context.offline)
    name = workspace.environment(context.environment_name).name
    initiator = context.initiator(while_running=arguments.flag("while_running"))
    code = workspace.packages.run_uv(name, arguments.rest, initiator, PlainReporter(context.console))
    state = workspace.open_environment(name).status().packages.state
    note = "" if state == _IN_SYNC else _differs(name)
    return Result(exit_code=code, note=note)


def _differs(name: str) -> str:
    return f"the packages of {name} are not what the manifest and the lock say; `comfydock status` shows what differs"
