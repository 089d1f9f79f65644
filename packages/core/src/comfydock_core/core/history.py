"""`History`: the commits of environments' definitions, one short method for each use case."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from comfydock_core.core.services_bundle import WorkspaceAccess
    from comfydock_core.models.committing import CommitOutcome, CommitPlan, CommitRequest
    from comfydock_core.models.operation import Initiator
    from comfydock_core.models.protocols import Reporter


class History:
    """The history of what environments are to be."""

    def __init__(self, workspace: WorkspaceAccess) -> None:
        self._workspace = workspace

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
