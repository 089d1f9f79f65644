"""The frame of commands that merge: plan, answer what both sides changed, carry out."""

import time
from dataclasses import replace

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.merge_formatter import merged, previewed
from comfydock_cli.merge_deciding import answers_of, decided
from comfydock_cli.move_changing import policy_of
from comfydock_cli.table.parser import Arguments
from comfydock_cli.ui.progress import PlainReporter, make_reporter
from comfydock_core.core.workspace import Workspace
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.history.merging import MergePlan, MergeRequest
from comfydock_core.models.packages.syncing import SyncOutcome


def merge_as_requested(context: Context, arguments: Arguments, request: MergeRequest) -> Result:
    """Merge or revert, and say what was done; `--preview` says what would be. Raises what both functions below do."""
    started = time.monotonic()
    request = with_options(context, arguments, request)
    workspace = find_workspace(offline=context.offline)
    name = workspace.environment(context.environment_name).name
    with make_reporter(context) as reporter:
        if request.preview:
            return previewed(workspace.moves.plan_merge(name, request, reporter))
        plan, outcome = carry_out_merge(context, arguments, workspace, name, request, reporter)
    return merged(plan, outcome, time.monotonic() - started)


def with_options(context: Context, arguments: Arguments, request: MergeRequest) -> MergeRequest:
    """The request with what the options say. Raises `UsageError`."""
    return replace(
        request,
        take=answers_of(arguments.text("take")),
        auto=arguments.text("auto_resolve"),
        message=arguments.text("message"),
        policy=policy_of(arguments),
        preview=arguments.flag("preview") or context.dry_run,
    )


def carry_out_merge(
    context: Context,
    arguments: Arguments,
    workspace: Workspace,
    name: str,
    request: MergeRequest,
    reporter: PlainReporter,
) -> tuple[MergePlan, SyncOutcome | None]:
    """Plan and carry out, with the environment held in between; no outcome where there was nothing to do.

    Raises `MergeUndecided` for a question that nobody answers, and what `plan_merge` and `change` raise.
    """
    initiator = context.initiator(while_running=arguments.flag("while_running"))
    with workspace.exclusive(initiator, reporter, name):
        workspace.refuse_while_running(name, initiator)
        plan = decided(context, workspace, name, request, reporter)
        outcome = None
        if plan.move is not None and not plan.nothing_to_do:
            outcome = workspace.moves.change(plan.move, initiator, reporter)
    return plan, outcome
