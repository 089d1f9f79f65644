"""`pull`: fetch, merge as `merge` does, and get the models that are missing then."""

import time

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.merge_formatter import merged, previewed
from comfydock_cli.formatters.remote_formatter import with_models
from comfydock_cli.merge_changing import carry_out_merge, with_options
from comfydock_cli.model_fetching import fetch_missing
from comfydock_cli.remote_words import named_remote
from comfydock_cli.table.parser import Arguments
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.core.workspace import Workspace
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.history.merging import PULL, MergePlan, MergeRequest

_WORKFLOWS, _JSON = "workflows/", ".json"


def pull(context: Context, arguments: Arguments) -> Result:
    """Get what others committed. What was merged stays when a model cannot be had."""
    started = time.monotonic()
    options = with_options(context, arguments, MergeRequest("", PULL))
    workspace = find_workspace(offline=context.offline)
    name = workspace.environment(context.environment_name).name
    with make_reporter(context) as reporter:
        source = workspace.remotes.fetch_to_pull(
            name, named_remote(arguments), arguments.text("branch"), reporter, offline=context.offline
        )
        request = options.of(source.commit, source.name)
        if request.preview:
            return previewed(workspace.moves.plan_merge(name, request, reporter))
        plan, outcome = carry_out_merge(context, arguments, workspace, name, request, reporter)
        result = merged(plan, outcome, time.monotonic() - started)
        came = _workflows(workspace, name, plan) if outcome is not None else []
        return with_models(result, fetch_missing(workspace, name, came, arguments.word("models"), reporter))


def _workflows(workspace: Workspace, name: str, plan: MergePlan) -> list[str]:
    """The workflows that came or changed."""
    changed = plan.move.changed if plan.move is not None else ()
    names = {path.removeprefix(_WORKFLOWS).removesuffix(_JSON) for path in changed if path.startswith(_WORKFLOWS)}
    return [one.name for one in workspace.workflows.all(name) if one.name in names]
