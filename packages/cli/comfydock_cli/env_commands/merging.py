"""`merge` and `revert`."""

import time
from dataclasses import replace

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.merge_formatter import merged, previewed
from comfydock_cli.merge_deciding import answers_of, decided
from comfydock_cli.move_changing import policy_of
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.history.merging import MergeRequest


def merge(context: Context, arguments: Arguments) -> Result:
    """Merge a branch, or take back a merge that git began."""
    branch, aborts = arguments.text("branch"), arguments.flag("abort")
    if aborts:
        if branch is not None:
            raise UsageError("`--abort` takes no BRANCH", hint="`comfydock merge --abort`")
        return _abort(context)
    if branch is None:
        raise UsageError("`comfydock merge` needs BRANCH", hint="`comfydock branch` lists the branches")
    return _merge(context, arguments, MergeRequest(branch, "merge"))


def revert(context: Context, arguments: Arguments) -> Result:
    """Undo what a commit changed."""
    return _merge(context, arguments, MergeRequest(arguments.word("ref"), "revert"))


def _merge(context: Context, arguments: Arguments, request: MergeRequest) -> Result:
    started = time.monotonic()
    preview = arguments.flag("preview") or context.dry_run
    request = replace(
        request,
        take=answers_of(arguments.text("take")),
        auto=arguments.text("auto_resolve"),
        message=arguments.text("message"),
        policy=policy_of(arguments),
        preview=preview,
    )
    workspace = find_workspace(offline=context.offline)
    name = workspace.environment(context.environment_name).name
    with make_reporter(context) as reporter:
        if preview:
            return previewed(workspace.moves.plan_merge(name, request, reporter))
        initiator = context.initiator(while_running=arguments.flag("while_running"))
        with workspace.exclusive(initiator, reporter, name):
            workspace.refuse_while_running(name, initiator)
            plan = decided(context, workspace, name, request, reporter)
            outcome = None
            if plan.move is not None and not plan.nothing_to_do:
                outcome = workspace.moves.change(plan.move, initiator, reporter)
    return merged(plan, outcome, time.monotonic() - started)


def _abort(context: Context) -> Result:
    workspace = find_workspace(offline=context.offline)
    name = workspace.environment(context.environment_name).name
    if context.dry_run:
        return Result({"environment": name, "aborted": False}, f"would abort the merge in {name}\n")
    with make_reporter(context) as reporter, workspace.exclusive(context.initiator(), reporter, name):
        workspace.moves.abort_merge(name)
    return Result({"environment": name, "aborted": True}, f"{name}: aborted the merge that git had begun\n")
