"""`History`: the commits of environments' definitions, and what differs between their states."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.core.services_bundle import WorkspaceAccess
    from comfydock_core.models.commit import CommitInfo, Reference, Revision
    from comfydock_core.models.committing import CommitOutcome, CommitPlan, CommitRequest
    from comfydock_core.models.history.blame import Blame
    from comfydock_core.models.history.differences import Comparison, Log
    from comfydock_core.models.operation import Initiator
    from comfydock_core.models.protocols import Reporter


class History:
    """The histories of one workspace's environments. Methods raise `NoHistory`, `GitFailed`, `HistoryDamaged`."""

    def __init__(self, workspace: WorkspaceAccess) -> None:
        self._workspace = workspace

    def resolve(self, environment: str | None, name: str) -> Revision:
        """The commit or state that a name means.

        Raises `RefInvalid`, `RefNotFound`, `RefAmbiguous`, `OperationNotFound`.
        """
        from comfydock_core.repositories.history.revisions import Revisions

        return Revisions(self._workspace.environment(environment)).resolve(name)

    def references(self, environment: str | None) -> list[Reference]:
        """Every branch and tag."""
        from comfydock_core.repositories.history.revisions import Revisions

        return Revisions(self._workspace.environment(environment)).references

    def head(self, environment: str | None) -> str | None:
        """The branch that an environment is on, `None` when it is on none."""
        from comfydock_core.integrations.git.head import read_head

        return read_head(self._workspace.environment(environment).definition)[1]

    def log(self, environment: str | None, what: str | None = None, *, limit: int | None, graph: bool = False) -> Log:
        """The newest commits; those of a workflow or a path with `what`. Raises `WorkflowNotFound`."""
        from comfydock_core.core.usecases.history.log import read_log

        return read_log(
            self._workspace.environment(environment), self._workspace.layout, what, limit=limit, graph=graph
        )

    def show(
        self, environment: str | None, name: str, reporter: Reporter, *, picture: bool = False
    ) -> tuple[CommitInfo, Comparison]:
        """A commit with what it changed. Raises what `diff` raises."""
        from comfydock_core.core.usecases.history.comparing import show

        layout = self._workspace.environment(environment)
        return show(layout, self._workspace.layout, name, reporter, picture=picture)

    def diff(
        self, environment: str | None, names: str | None, reporter: Reporter, *, picture: bool = False
    ) -> Comparison:
        """What differs between two states: `A..B`, one name and now, or the last commit and now.

        With a `picture` of the workflows that differ. Raises what `resolve` raises, and `ManifestDamaged`,
        `NotUndoable`, `FileSystemError`.
        """
        from comfydock_core.core.usecases.history.comparing import compare

        layout = self._workspace.environment(environment)
        return compare(layout, self._workspace.layout, names, reporter, picture=picture)

    def blame(
        self, environment: str | None, workflow: str, part: str | None, ref: str | None, reporter: Reporter
    ) -> Blame:
        """The commits that set the nodes and values of a workflow, as it is saved or as a commit `ref` has it.

        `part` names one node, or one input as `NODE.INPUT`. Raises what `resolve` raises, and `WorkflowNotFound`,
        `WorkflowUnreadable`, `WorkflowNodeNotFound`, `WorkflowNodeAmbiguous`, `FileSystemError`.
        """
        from comfydock_core.core.usecases.history.blaming import blame

        layout = self._workspace.environment(environment)
        return blame(layout, self._workspace.layout, workflow, part, ref, reporter)

    def plan_commit(self, name: str | None, request: CommitRequest, reporter: Reporter) -> CommitPlan:
        """The commit of what there is, made aside; the environment and its branch stay as they are.

        Raises `RepositoryUnfit`, `RepositoryBusy`, `NotReproducible`, `ManifestDamaged`, `LockDamaged`, `GitFailed`.
        """
        from comfydock_core.core.usecases.history.committing import plan_commit

        there = self._workspace
        return plan_commit(there.environment(name), there.layout, there.services(), request, reporter)

    def commit(self, plan: CommitPlan, initiator: Initiator, reporter: Reporter) -> CommitOutcome:
        """Put a commit in place that was planned, not rehearsed. Raises `ChangedMeanwhile`, `RepositoryBusy`."""
        from comfydock_core.core.usecases.history.carrying_out import carry_out_commit

        return carry_out_commit(self._workspace.environment(plan.name), plan, initiator, reporter)
