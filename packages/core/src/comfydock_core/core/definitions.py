"""`Definitions`: making environments what they are to be, one short method for each use case."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from comfydock_core.core.services_bundle import WorkspaceAccess
    from comfydock_core.models.operation import Initiator
    from comfydock_core.models.packages.outdated import Outdated
    from comfydock_core.models.packages.syncing import SyncOutcome, SyncPlan, SyncRequest
    from comfydock_core.models.protocols import Reporter


class Definitions:
    """What environments are to be, by manifest and lock, and making them that."""

    def __init__(self, workspace: WorkspaceAccess) -> None:
        self._workspace = workspace

    def plan_sync(self, name: str | None, request: SyncRequest, reporter: Reporter | None = None) -> SyncPlan:
        """What making an environment what its definition says takes; the mirror of ComfyUI may get commits.

        Raises `ManifestDamaged`, `LockDamaged`.
        """
        from comfydock_core.core.usecases.definition.syncing import plan_sync
        from comfydock_core.utils.reporting import SilentReporter

        there, layout = self._workspace, self._workspace.environment(name)
        own = there.services().environment(layout)
        return plan_sync(layout, there.layout, own, request, reporter or SilentReporter())

    def sync(self, plan: SyncPlan, initiator: Initiator, reporter: Reporter) -> SyncOutcome:
        """Carry the plan out, all of it or nothing."""
        from comfydock_core.core.usecases.definition.syncing import sync_environment

        return sync_environment(
            self._workspace.environment(plan.name), self._workspace.services(), plan, initiator, reporter
        )

    def outdated(self, name: str | None, reporter: Reporter) -> Outdated:
        """What has newer versions; nothing is changed. What cannot be looked up is among the failures.

        Raises `ManifestDamaged`.
        """
        from comfydock_core.core.usecases.definition.outdated import outdated

        return outdated(self._workspace.environment(name), self._workspace.services(), reporter)
