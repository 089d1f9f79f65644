"""`merge` and `revert`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.merge_changing import merge_as_requested
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.history.merging import REVERT, MergeRequest


def merge(context: Context, arguments: Arguments) -> Result:
    """Merge a branch, or take back a merge that git began."""
    branch, aborts = arguments.text("branch"), arguments.flag("abort")
    if aborts:
        if branch is not None:
            raise UsageError("`--abort` takes no BRANCH", hint="`comfydock merge --abort`")
        return _abort(context)
    if branch is None:
        raise UsageError("`comfydock merge` needs BRANCH", hint="`comfydock branch` lists the branches")
    return merge_as_requested(context, arguments, MergeRequest(branch))


def revert(context: Context, arguments: Arguments) -> Result:
    """Undo what a commit changed."""
    return merge_as_requested(context, arguments, MergeRequest(arguments.word("ref"), REVERT))


def _abort(context: Context) -> Result:
    workspace = find_workspace(offline=context.offline)
    name = workspace.environment(context.environment_name).name
    if context.dry_run:
        return Result({"environment": name, "aborted": False}, f"would abort the merge in {name}\n")
    with make_reporter(context) as reporter, workspace.exclusive(context.initiator(), reporter, name):
        workspace.moves.abort_merge(name)
    return Result({"environment": name, "aborted": True}, f"{name}: aborted the merge that git had begun\n")
