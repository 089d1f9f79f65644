"""`remote`, `fetch` and `push`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.remote_formatter import (
    changed_remote,
    fetched,
    listed_remotes,
    planned_remote,
    pushed,
)
from comfydock_cli.remote_words import named_remote
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.history.remotes import FetchRequest, PushRequest, RemoteRequest


def list_remotes(context: Context, arguments: Arguments) -> Result:
    """List them."""
    return listed_remotes(context.workspace.remotes.all(context.environment_name))


def add(context: Context, arguments: Arguments) -> Result:
    """Add one."""
    return _change(context, RemoteRequest("add", arguments.word("name"), address=arguments.word("url")))


def remove(context: Context, arguments: Arguments) -> Result:
    """Remove one."""
    return _change(context, RemoteRequest("remove", arguments.word("name")))


def rename(context: Context, arguments: Arguments) -> Result:
    """Give one another name."""
    return _change(context, RemoteRequest("rename", arguments.word("old"), new_name=arguments.word("new")))


def fetch(context: Context, arguments: Arguments) -> Result:
    """Learn what remotes have."""
    remote, every = named_remote(arguments), arguments.flag("all")
    if every and remote is not None:
        raise UsageError("`--all` fetches from every remote, so none is to be named", hint="leave one of them out")
    request = FetchRequest(remote, every, arguments.flag("prune"), context.dry_run)
    workspace = find_workspace(offline=context.offline)
    name = workspace.environment(context.environment_name).name
    with make_reporter(context) as reporter:
        found = workspace.remotes.fetch(name, request, reporter, offline=context.offline)
    return fetched(name, found, rehearsal=request.rehearsal)


def push(context: Context, arguments: Arguments) -> Result:
    """Bring what is committed to a remote."""
    request = PushRequest(
        remote=named_remote(arguments),
        every=arguments.flag("all"),
        tags=arguments.flag("tags"),
        force=arguments.flag("force") or arguments.flag("force_with_lease"),
        refresh=arguments.flag("force"),
        upstream=arguments.flag("set_upstream"),
        rehearsal=context.dry_run,
    )
    workspace = find_workspace(offline=context.offline)
    name = workspace.environment(context.environment_name).name
    with make_reporter(context) as reporter:
        with workspace.exclusive(context.initiator(), reporter, name):
            pass  # What was interrupted is settled first: half of a move would look like uncommitted work.
        outcome = workspace.remotes.push(name, request, reporter, offline=context.offline)
    return pushed(outcome, rehearsal=request.rehearsal)


def _change(context: Context, request: RemoteRequest) -> Result:
    """Plan and carry out, with the environment held in between."""
    workspace = find_workspace(offline=context.offline)
    name = workspace.environment(context.environment_name).name
    if context.dry_run:
        return planned_remote(workspace.remotes.plan(name, request))
    initiator = context.initiator()
    with make_reporter(context) as reporter, workspace.exclusive(initiator, reporter, name):
        plan = workspace.remotes.plan(name, request)
        for warning in plan.warnings:
            reporter.warn(warning)
        operation = workspace.remotes.change(plan, initiator, reporter)
    return changed_remote(plan, operation)
