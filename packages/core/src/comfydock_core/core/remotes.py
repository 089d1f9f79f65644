"""`Remotes`: the repositories that environments' histories are shared by, one short method for each use case."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.core.services_bundle import WorkspaceAccess
    from comfydock_core.models.history.remotes import (
        Fetched,
        FetchRequest,
        PullSource,
        Pushed,
        PushRequest,
        Remote,
        RemotePlan,
        RemoteRequest,
        Tracking,
    )
    from comfydock_core.models.operation import Initiator
    from comfydock_core.models.protocols import Reporter


class Remotes:
    """The remotes of one workspace's environments. Methods raise `NoHistory`, `RemoteNotFound`, `GitFailed`."""

    def __init__(self, workspace: WorkspaceAccess) -> None:
        self._workspace = workspace

    def all(self, name: str | None) -> list[Remote]:
        """The remotes of an environment, by name."""
        from comfydock_core.integrations.git.remote_settings import list_remotes

        return list_remotes(self._workspace.environment(name).definition)

    def tracking(self, name: str | None) -> dict[str, Tracking]:
        """How the branches of an environment are against those that they follow, by what was last fetched."""
        from comfydock_core.integrations.git.remote_settings import tracking

        return tracking(self._workspace.environment(name).definition)

    def plan(self, name: str | None, request: RemoteRequest) -> RemotePlan:
        """What a change of the remotes takes. Raises `RemoteInvalid`, `RemoteExists`, `RepositoryUnfit`."""
        from comfydock_core.core.usecases.sharing.remotes import plan_remote

        return plan_remote(self._workspace.environment(name), request)

    def change(self, plan: RemotePlan, initiator: Initiator, reporter: Reporter) -> str:
        """Do that; the operation's identifier. Raises `ScopeBusy`, `ChangedMeanwhile`."""
        from comfydock_core.core.usecases.sharing.remotes import carry_out_remote

        return carry_out_remote(self._workspace.environment(plan.environment), plan, initiator, reporter)

    def fetch(
        self, name: str | None, request: FetchRequest, reporter: Reporter, *, offline: bool = False
    ) -> list[Fetched]:
        """Learn what remotes have; the environment and its branches stay as they are.

        Raises `RepositoryNotFound`, `NetworkUnavailable`, `AuthenticationFailed`, `HostKeyRefused`, `HistoryShallow`,
        `OfflineRefused`.
        """
        from comfydock_core.core.usecases.sharing.fetching import fetch

        return fetch(self._workspace.environment(name), request, reporter, offline=offline)

    def push(self, name: str | None, request: PushRequest, reporter: Reporter, *, offline: bool = False) -> Pushed:
        """Bring what is committed to a remote.

        Raises `UncommittedWork`, `OnNoBranch`, `PushRejected`, `PushDeclined`, `LeaseStale`, and what `fetch` raises.
        """
        from comfydock_core.core.usecases.sharing.pushing import push

        return push(self._workspace.environment(name), request, reporter, offline=offline)

    def fetch_to_pull(
        self, name: str | None, remote: str | None, branch: str | None, reporter: Reporter, *, offline: bool = False
    ) -> PullSource:
        """Fetch, and find the branch to be merged; `moves.plan_merge` plans the merge of its commit.

        Raises `OnNoBranch`, `RefNotFound`, and what `fetch` raises.
        """
        from comfydock_core.core.usecases.sharing.pulling import fetch_to_pull

        return fetch_to_pull(self._workspace.environment(name), remote, branch, reporter, offline=offline)
