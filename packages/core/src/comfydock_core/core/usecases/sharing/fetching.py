"""`fetch`: learn what remotes have. Branches of here, files and the environment stay as they are."""

from collections.abc import Iterator, Mapping

from comfydock_core.caching.repository_mirrors import clone_listener
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.usecases.sharing.remote_choosing import choose_remote, refuse_offline
from comfydock_core.integrations.git import fetching, merging, remote_settings
from comfydock_core.integrations.git.head import read_head
from comfydock_core.integrations.git.remote_settings import TRACKING
from comfydock_core.models.exceptions import ComfyDockError
from comfydock_core.models.history.remotes import (
    BRANCH,
    FORCED,
    GONE,
    NEW,
    TAG,
    UPDATED,
    Fetched,
    FetchRequest,
    RefUpdate,
    Remote,
    Tracking,
)
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.history.revisions import Revisions

_TAGS, _BRANCHES = "refs/tags/", "refs/heads/"
_COUNTED = 100  # Counting commits takes a process for each branch.


def fetch(layout: EnvironmentLayout, request: FetchRequest, reporter: Reporter, *, offline: bool) -> list[Fetched]:
    """Fetch from one remote, or from every one; of several, one that fails does not keep the others.

    Raises `NoHistory`, `RemoteNotFound`, `OfflineRefused`, `HistoryShallow`, `RepositoryNotFound`,
    `NetworkUnavailable`, `AuthenticationFailed`, `HostKeyRefused`, `GitFailed`.
    """
    Revisions(layout)
    if request.prune and not request.rehearsal:
        remote_settings.forget_strays(layout.definition)
    branch = read_head(layout.definition)[1]
    remotes = remote_settings.list_remotes(layout.definition) if request.every else []
    if len(remotes) < 2:
        remote = remotes[0] if remotes else choose_remote(layout, request.remote, branch)
        return [_fetched(layout, remote, request, reporter, offline=offline)]
    found = []
    for remote in remotes:
        try:
            found.append(_fetched(layout, remote, request, reporter, offline=offline))
        except ComfyDockError as error:
            found.append(Fetched(remote, error=error))
    failed = [one.error for one in found if one.error is not None]
    if len(failed) == len(found):
        raise failed[0]
    return found


def fetch_remote(
    layout: EnvironmentLayout, remote: Remote, reporter: Reporter, *, offline: bool, prune: bool = False
) -> None:
    """Fetch the branches of a remote. Raises what `fetch` raises."""
    refuse_offline(remote, remote.address, offline=offline)
    reporter.phase(f"Fetching from {remote.name}")
    address = remote_settings.configured_address(layout.definition, remote.name)
    fetching.fetch_branches(layout.definition, remote.name, address, prune=prune, on_line=clone_listener(reporter))


def branches_at(layout: EnvironmentLayout, remote: Remote) -> dict[str, str]:
    """What is known here of a remote's branches. Raises `GitFailed`."""
    return remote_settings.refs_below(layout.definition, f"{TRACKING}{remote.name}/")


def _fetched(
    layout: EnvironmentLayout, remote: Remote, request: FetchRequest, reporter: Reporter, *, offline: bool
) -> Fetched:
    before, tags = branches_at(layout, remote), remote_settings.refs_below(layout.definition, _TAGS)
    if request.rehearsal:
        return Fetched(remote, tuple(_announced(layout, remote, request, before, tags, offline=offline)))
    fetch_remote(layout, remote, reporter, offline=offline, prune=request.prune)
    after = branches_at(layout, remote)
    known = {*before.values(), *remote_settings.refs_below(layout.definition, _BRANCHES).values()}
    updates = [_counted(layout, update, known) if number < _COUNTED else update
               for number, update in enumerate(_differences(before, after))]  # fmt: skip
    later = remote_settings.refs_below(layout.definition, _TAGS)
    updates += [RefUpdate(TAG, name, NEW, None, later[name]) for name in sorted(later.keys() - tags.keys())]
    return Fetched(remote, tuple(updates), tracking_of_head(layout))


def tracking_of_head(layout: EnvironmentLayout) -> Tracking | None:
    """The branch that the environment is on against what it follows, if it follows one. Raises `GitFailed`."""
    branch = read_head(layout.definition)[1]
    return None if branch is None else remote_settings.tracking(layout.definition, branch).get(branch)


def _announced(
    layout: EnvironmentLayout,
    remote: Remote,
    request: FetchRequest,
    before: Mapping[str, str],
    tags: Mapping[str, str],
    *,
    offline: bool,
) -> Iterator[RefUpdate]:
    """What fetching would bring, by what the remote says it has."""
    refuse_offline(remote, remote.address, offline=offline)
    address = remote_settings.configured_address(layout.definition, remote.name)
    refs = fetching.ask_refs(layout.definition, remote.name, address)
    for update in _differences(before, refs.branches):
        if update.outcome != GONE or request.prune:
            yield update
    for name in sorted(refs.tags.keys() - tags.keys()):
        yield RefUpdate(TAG, name, NEW, None, refs.tags[name])


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[RefUpdate]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old != new:
            outcome = NEW if old is None else GONE if new is None else UPDATED
            yield RefUpdate(BRANCH, name, outcome, old, new)


def _counted(layout: EnvironmentLayout, update: RefUpdate, known: set[str]) -> RefUpdate:
    """The same with the number of commits that came, and whether what was there is still part of it."""
    if update.after is None:
        return update
    if update.before is None:
        commits = merging.commits_besides(layout.definition, update.after, known)
        return RefUpdate(update.kind, update.name, update.outcome, None, update.after, commits)
    apart = merging.commits_apart(layout.definition, update.before, update.after)
    if apart is None:
        return update
    outcome = FORCED if apart[0] else UPDATED
    return RefUpdate(update.kind, update.name, outcome, update.before, update.after, apart[1])
