"""`Caches`: what can be had again, and is kept for all environments of a workspace."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.core.services_bundle import WorkspaceAccess
    from comfydock_core.models.caches import CachePruning, CacheSize, PrunedCaches
    from comfydock_core.models.operation import Initiator
    from comfydock_core.models.protocols import Reporter


class Caches:
    """The caches of one workspace. Methods raise `FileSystemError`."""

    def __init__(self, workspace: WorkspaceAccess) -> None:
        self._workspace = workspace

    def sizes(self) -> list[CacheSize]:
        """What each cache takes on the disk; nothing is written."""
        from comfydock_core.core.usecases.caches.measuring import measure_caches

        return measure_caches(self._workspace.layout)

    def plan_pruning(self, age: float, reporter: Reporter) -> CachePruning:
        """What no commit, definition or kept operation needs, and is at least `age` seconds old."""
        from comfydock_core.core.usecases.caches.pruning import plan_pruning

        there = self._workspace
        return plan_pruning(there.layout, there.services().packs, age, reporter)

    def prune(self, plan: CachePruning, initiator: Initiator, reporter: Reporter) -> PrunedCaches:
        """Remove it for good. Raises `ScopeBusy` while an environment is being changed, `ChangedMeanwhile`."""
        from comfydock_core.core.usecases.caches.pruning import prune_caches

        there = self._workspace
        return prune_caches(there.layout, there.services().packs, plan, initiator, reporter)

    def prune_uv(self, reporter: Reporter) -> int:
        """Let uv prune its own cache; returns the bytes that this freed. Raises `ToolMissing`, `UvFailed`."""
        from comfydock_core.core.usecases.caches.pruning import prune_uv_cache

        return prune_uv_cache(self._workspace.layout, reporter)
