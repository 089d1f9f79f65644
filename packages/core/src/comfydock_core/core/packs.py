"""`Packs`: changing the node packs of environments."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from comfydock_core.core.services_bundle import WorkspaceAccess
    from comfydock_core.models.operation import Initiator
    from comfydock_core.models.packages.syncing import SyncOutcome
    from comfydock_core.models.packs.pack_changes import PackPlan, PackRequest
    from comfydock_core.models.protocols import NodeInstallCallbacks, Reporter


class Packs:
    """The node packs of environments: adding, removing, updating, turning on and off."""

    def __init__(self, workspace: WorkspaceAccess) -> None:
        self._workspace = workspace

    def plan(
        self,
        name: str | None,
        request: PackRequest,
        reporter: Reporter,
        callbacks: NodeInstallCallbacks | None = None,
    ) -> PackPlan:
        """What a change of node packs takes; code is fetched into the cache, and the environment stays as it is.

        `callbacks` hear of each pack that is added or updated.
        Raises `PackNotFound`, `PackExists`, `PackRefused`, `RequirementsConflict`, `RemoteError`, `LockOutdated`.
        """
        from comfydock_core.core.usecases.nodes.requesting import plan_packs

        return plan_packs(
            self._workspace.environment(name),
            self._workspace.layout,
            self._workspace.services(),
            request,
            reporter,
            callbacks,
        )

    def change(self, plan: PackPlan, initiator: Initiator, reporter: Reporter) -> SyncOutcome:
        """Carry the plan out, all of it or nothing."""
        from comfydock_core.core.usecases.nodes.carrying_out import change_packs

        return change_packs(
            self._workspace.environment(plan.name), self._workspace.services(), plan, initiator, reporter
        )
