"""`registry update`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.plan_formatter import planned
from comfydock_cli.formatters.registry_formatter import failure_note, outcome_text
from comfydock_cli.table.parser import Arguments
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.factories.workspace_factory import find_workspace

_NOT_ALL_FETCHED = 5


def update(context: Context, arguments: Arguments) -> Result:
    """Fetch what changed; what could not be fetched is reported and does not keep the rest."""
    workspace = find_workspace(offline=context.offline)
    if context.dry_run:
        return planned(workspace.registry.plan_update())
    with make_reporter(context) as reporter:
        outcomes = workspace.registry.update(context.initiator(), reporter)
    counts = workspace.registry.state().counts
    failed = [outcome for outcome in outcomes if outcome.outcome == "failed"]
    data = {"sources": [outcome.as_dict() for outcome in outcomes], "counts": counts}
    note = failure_note(failed, len(outcomes))
    return Result(data, outcome_text(outcomes, counts), _NOT_ALL_FETCHED if failed else 0, note=note)
