"""`commit`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.commit_formatter import committed, planned_commit
from comfydock_cli.table.parser import Arguments
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.committing import CommitRequest


def commit(context: Context, arguments: Arguments) -> Result:
    """Plan and carry out, with the environment held in between; `--dry-run` shows the plan."""
    workspace = find_workspace(offline=context.offline)
    name = workspace.environment(context.environment_name).name
    request = CommitRequest(
        arguments.text("message"),
        arguments.flag("strict"),
        rehearsal=context.dry_run,
        with_patches=arguments.flag("with_patches"),
    )
    with make_reporter(context) as reporter:
        if context.dry_run:
            return planned_commit(workspace.history.plan_commit(name, request, reporter))
        initiator = context.initiator()
        with workspace.exclusive(initiator, reporter, name):
            plan = workspace.history.plan_commit(name, request, reporter)
            outcome = None if plan.nothing_to_do else workspace.history.commit(plan, initiator, reporter)
    return committed(plan, outcome)
