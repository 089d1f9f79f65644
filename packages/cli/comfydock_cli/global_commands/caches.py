"""`cache size` and `cache prune`: what is kept for all environments, and removing what none of them needs."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.cache_formatter import (
    nothing_pruned,
    planned_pruning,
    pruned,
    pruning_lines,
    pruning_question,
    sizes,
)
from comfydock_cli.global_commands.ages import seconds_of
from comfydock_cli.table.parser import Arguments
from comfydock_cli.ui.progress import make_reporter
from comfydock_cli.ui.prompts import confirm, refuse_unanswerable
from comfydock_core.factories.workspace_factory import find_workspace


def size(context: Context, arguments: Arguments) -> Result:
    """What each cache of the workspace takes on the disk."""
    return sizes(context.workspace.caches.sizes())


def prune(context: Context, arguments: Arguments) -> Result:
    """Remove what nothing needs, after asking."""
    age, with_uv = seconds_of(arguments.word("older_than")), arguments.flag("uv")
    if not context.dry_run:
        refuse_unanswerable(context, "remove what nothing needs?")  # Reading every history may take long.
    caches = find_workspace(offline=True).caches
    with make_reporter(context) as reporter:
        plan = caches.plan_pruning(age, reporter)
        if context.dry_run:
            return planned_pruning(plan, with_uv=with_uv)
        reporter.end()
        if not plan.entries and not with_uv:
            return nothing_pruned(plan)
        if not context.options["yes"]:
            context.console.note(pruning_lines(plan))
        if not confirm(context, pruning_question(plan, with_uv=with_uv)):
            return nothing_pruned(plan, "nothing was removed")
        by_uv = caches.prune_uv(reporter) if with_uv else None
        return pruned(caches.prune(plan, context.initiator(), reporter), by_uv)
