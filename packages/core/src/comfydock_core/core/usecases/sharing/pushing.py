"""`push`: what is committed goes to a remote. Nothing of the environment changes, so no operation is needed."""

from collections.abc import Iterator, Sequence

from comfydock_core.caching.repository_mirrors import clone_listener
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.usecases.history.fitness import refuse_unfit
from comfydock_core.core.usecases.history.messages import LACKS
from comfydock_core.core.usecases.sharing.fetching import branches_at, fetch_remote
from comfydock_core.core.usecases.sharing.push_refusals import refusal
from comfydock_core.core.usecases.sharing.remote_choosing import branch_of, choose_remote, follows_none, refuse_offline
from comfydock_core.core.usecases.sharing.uncommitted import refuse_uncommitted
from comfydock_core.integrations.git import merging, remote_settings
from comfydock_core.integrations.git.head import read_head
from comfydock_core.integrations.git.history import read_trailers
from comfydock_core.integrations.git.pushing import PushLine
from comfydock_core.integrations.git.pushing import push as push_refs
from comfydock_core.integrations.git.queries import commit_of
from comfydock_core.models.history.remotes import (
    BRANCH,
    FORCED,
    NEW,
    SAME,
    TAG,
    UPDATED,
    Pushed,
    PushRequest,
    RefUpdate,
    Remote,
)
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.history.revisions import Revisions

_BRANCHES, _TAGS = "refs/heads/", "refs/tags/"
_OUTCOMES = {" ": UPDATED, "+": FORCED, "*": NEW, "=": SAME}
_COUNTED = 100  # Counting commits takes a process for each branch.


def push(layout: EnvironmentLayout, request: PushRequest, reporter: Reporter, *, offline: bool) -> Pushed:
    """Push the branch that the environment is on, or all branches and tags.

    Raises `UncommittedWork`, `OnNoBranch`, `RemoteNotFound`, `PushRejected`, `PushDeclined`, `LeaseStale`,
    `HistoryShallow`, `OfflineRefused`, `RepositoryNotFound`, `NetworkUnavailable`, `AuthenticationFailed`,
    `HostKeyRefused`, `NoHistory`, `RepositoryUnfit`, `GitFailed`.
    """
    refuse_unfit(layout)
    Revisions(layout).commit("HEAD")
    branch = read_head(layout.definition)[1] if request.every else branch_of(layout, "comfydock push")
    remote = choose_remote(layout, request.remote, branch, to_push=True)
    refuse_uncommitted(layout, "would not be pushed", "`comfydock commit` commits them; then push again")
    refuse_offline(remote, remote.push_address, offline=offline)
    if request.refresh:
        fetch_remote(layout, remote, reporter, offline=offline)
    return _Push(layout, request, remote, branch).done(reporter)


class _Push:
    """One push, and what was known of both sides before it."""

    def __init__(self, layout: EnvironmentLayout, request: PushRequest, remote: Remote, branch: str | None) -> None:
        self._layout = layout
        self._request = request
        self._remote = remote
        self._branch = branch
        self._there = branches_at(layout, remote)
        places = (_BRANCHES, _TAGS)
        self._here = {f"{place}{name}": commit for place in places
                      for name, commit in remote_settings.refs_below(layout.definition, place).items()}  # fmt: skip

    def done(self, reporter: Reporter) -> Pushed:
        """Push, and tell what came of it. Raises what `push` raises."""
        layout, remote, request = self._layout, self._remote, self._request
        follows = self._follows_from_now()
        options = [*self._lease(), *(["--set-upstream"] if follows else []),
                   *(["--dry-run"] if request.rehearsal else [])]  # fmt: skip
        reporter.phase(f"Pushing to {remote.name}")
        address = remote_settings.configured_address(layout.definition, remote.name, to_push=True)
        answer = push_refs(
            layout.definition, remote.name, address, self._refspecs(), options=options, on_line=clone_listener(reporter)
        )
        refused = [line for line in answer.lines if line.flag == "!"]
        updates = tuple(self._updates([line for line in answer.lines if line.flag in _OUTCOMES]))
        if refused:
            raise refusal(remote, self._branch, refused, answer.said, updates)
        upstream = f"{remote.name}/{self._branch}" if follows and self._branch is not None else None
        return Pushed(layout.name, remote, updates, upstream, tuple(self._lacks(updates)))

    def _refspecs(self) -> list[str]:
        tags = [f"{_TAGS}*:{_TAGS}*"] if self._request.every or self._request.tags else []
        if self._request.every:
            return [f"{_BRANCHES}*:{_BRANCHES}*", *tags]
        return [f"{_BRANCHES}{self._branch}:{_BRANCHES}{self._branch}", *tags]

    def _lease(self) -> list[str]:
        """What has to be there for it to be replaced: what was last seen of it."""
        if not self._request.force:
            return []
        if self._request.every:
            return ["--force-with-lease"]
        return [f"--force-with-lease={_BRANCHES}{self._branch}:{self._there.get(self._branch or '', '')}"]

    def _follows_from_now(self) -> bool:
        if self._request.upstream or self._request.every or self._branch is None:
            return self._request.upstream
        return follows_none(self._layout, self._branch)

    def _updates(self, lines: Sequence[PushLine]) -> Iterator[RefUpdate]:
        counted = 0
        for line in lines:
            is_branch = line.reference.startswith(_BRANCHES)
            after, before = self._here.get(line.reference), self._commit(line.old)
            outcome, commits = _OUTCOMES[line.flag], None
            if is_branch and outcome != SAME and counted < _COUNTED and after is not None:
                counted += 1
                known = self._there.values() if before is None else [before]
                commits = merging.commits_besides(self._layout.definition, after, known)
            name = line.reference.removeprefix(_BRANCHES if is_branch else _TAGS)
            yield RefUpdate(BRANCH if is_branch else TAG, name, outcome, after if outcome == SAME else before, after,
                            commits)  # fmt: skip

    def _commit(self, beginning: str | None) -> str | None:
        """The whole of what git named by its first digits; that may be a commit that is not here."""
        return None if beginning is None else commit_of(self._layout.definition, beginning) or beginning

    def _lacks(self, updates: Sequence[RefUpdate]) -> list[tuple[str, str]]:
        """What the commits that went there say nobody can rebuild elsewhere."""
        went = [one for one in updates if one.outcome != SAME and one.after is not None]
        if not went:
            return []
        before = {one.before for one in went if one.before is not None}
        known = [one for one in {*self._there.values(), *before} if commit_of(self._layout.definition, one)]
        commits = [one.after for one in went if one.after is not None]
        return read_trailers(self._layout.definition, LACKS, commits, known)
