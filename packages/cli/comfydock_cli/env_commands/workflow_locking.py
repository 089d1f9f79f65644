"""`workflow lock`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.workflow_lock_formatter import locked, planned_locks
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.progress import make_reporter


def lock(context: Context, arguments: Arguments) -> Result:
    """Note what workflows are made with, exactly."""
    words, everything, embed = arguments.words("workflow"), arguments.flag("all"), arguments.flag("embed")
    if bool(words) == everything:
        raise UsageError(
            "name workflows, or say `--all`" if not words else "`--all` takes no names",
            hint="`comfydock workflow list` shows the workflows that there are",
        )
    workspace = context.workspace
    environment = workspace.environment(context.environment_name).name
    with make_reporter(context) as reporter:
        # Planned without holding the environment: reading models may take long, and the plan is void if it changes.
        plan = workspace.workflows.plan_locks(environment, words, reporter, embed=embed, read=not context.dry_run)
        if context.dry_run:
            return planned_locks(plan)
        return locked(plan, workspace.workflows.lock(plan, context.initiator(), reporter))
