"""`Moves`: going elsewhere in an environment's history, and its branches, tags and stashes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.core.services_bundle import WorkspaceAccess
    from comfydock_core.models.history.bisecting import BisectRequest, BisectResult, Heard
    from comfydock_core.models.history.merging import MergePlan, MergeRequest
    from comfydock_core.models.history.moving import MovePlan, MoveRequest, ReferencePlan, ReferenceRequest, Stash
    from comfydock_core.models.operation import Initiator
    from comfydock_core.models.packages.syncing import SyncOutcome
    from comfydock_core.models.protocols import Reporter


class Moves:
    """Putting the environments of one workspace elsewhere in their histories."""

    def __init__(self, workspace: WorkspaceAccess) -> None:
        self._workspace = workspace

    def plan(self, name: str | None, request: MoveRequest, reporter: Reporter) -> MovePlan:
        """What going there takes; the environment stays as it is, and caches get what it needs.

        Raises `UncommittedWork`, `RefNotFound`, `RefInvalid`, `RefAmbiguous`, `RefExists`, `StashNotFound`,
        `NoHistory`, `RepositoryUnfit`, `HistoryDamaged`, `ManifestDamaged`, `RemoteError`.
        """
        from comfydock_core.core.usecases.moving.requesting import plan_requested_move

        return plan_requested_move(self._workspace.environment(name), self._workspace.services(), request, reporter)

    def change(self, plan: MovePlan, initiator: Initiator, reporter: Reporter) -> SyncOutcome:
        """Go there, all of it or nothing."""
        from comfydock_core.core.usecases.moving.carrying_out import carry_out_move

        layout = self._workspace.environment(plan.name)
        return carry_out_move(layout, self._workspace.services(), plan, initiator, reporter)

    def plan_merge(self, name: str | None, request: MergeRequest, reporter: Reporter) -> MergePlan:
        """What a merge, a revert or bringing a stash back comes to; while a question is open there is no `move` in it.

        Raises `RefNotFound`, `NothingInCommon`, `QuestionUnknown`, `MergeRefused`, `RequirementsConflict`,
        `UncommittedWork`, `RepositoryUnfit`, `StashNotFound`.
        """
        from comfydock_core.core.usecases.merging.merging import plan_merge

        there = self._workspace
        return plan_merge(there.environment(name), there.services(), request, reporter)

    def bisect(self, name: str | None, request: BisectRequest, heard: Heard, reporter: Reporter) -> BisectResult:
        """Find the commit, and what of it, that made an environment bad; `heard` hears of each trial.

        Raises `NothingToBisect`, `RefNotFound`, `InvalidSetting`, `FileSystemError`.
        """
        from comfydock_core.core.usecases.bisecting.bisecting import bisect

        there = self._workspace
        return bisect(there.environment(name), there.layout, there.services(), request, heard, reporter)

    def abort_merge(self, name: str | None) -> None:
        """Take back a merge that git alone began. Raises `RepositoryUnfit` when there is none, `GitFailed`."""
        from comfydock_core.integrations.git.merging import abort

        abort(self._workspace.environment(name).definition)

    def plan_reference(self, name: str | None, request: ReferenceRequest) -> ReferencePlan:
        """What making, renaming or deleting a branch, tag or stash takes.

        Raises `RefExists`, `RefInvalid`, `RefNotFound`, `StashNotFound`, `BranchInUse`, `BranchUnmerged`.
        """
        from comfydock_core.core.usecases.moving.references import plan_reference

        return plan_reference(self._workspace.environment(name), self._workspace.services(), request)

    def change_reference(self, plan: ReferencePlan, initiator: Initiator, reporter: Reporter) -> str:
        """Do that; the operation's identifier."""
        from comfydock_core.core.usecases.moving.references import carry_out_reference

        return carry_out_reference(self._workspace.environment(plan.name), plan, initiator, reporter)

    def stashes(self, name: str | None) -> list[Stash]:
        """What was put aside, the newest first. Raises `GitFailed`."""
        from comfydock_core.integrations.git.stashes import list_stashes

        return list_stashes(self._workspace.environment(name).definition)

    def stash(self, name: str | None, number: str | None) -> Stash:
        """The stash of a number, or the newest. Raises `StashNotFound`."""
        from comfydock_core.core.usecases.moving.stash_finding import find_stash

        return find_stash(self._workspace.environment(name), number)
