"""`Packages`: changing the Python packages of environments."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from comfydock_core.core.services_bundle import WorkspaceAccess
    from comfydock_core.models.operation import Initiator
    from comfydock_core.models.packages.python_packages import PackagePlan, PackageRequest
    from comfydock_core.models.packages.syncing import SyncOutcome
    from comfydock_core.models.protocols import Reporter


class Packages:
    """The Python packages and constraints of environments."""

    def __init__(self, workspace: WorkspaceAccess) -> None:
        self._workspace = workspace

    def plan(self, name: str | None, request: PackageRequest, reporter: Reporter) -> PackagePlan:
        """What a change of Python packages or constraints takes; the environment stays as it is.

        Raises `PackageNotFound`, `PackageRefused`, `RequirementsConflict`, `RemoteError`, `LockOutdated`.
        """
        from comfydock_core.core.usecases.python_packages.planning import plan_packages

        return plan_packages(self._workspace.environment(name), self._workspace.services(), request, reporter)

    def change(self, plan: PackagePlan, initiator: Initiator, reporter: Reporter) -> SyncOutcome:
        """Carry the plan out, all of it or nothing."""
        from comfydock_core.core.usecases.python_packages.carrying_out import change_packages

        return change_packages(
            self._workspace.environment(plan.name), self._workspace.services(), plan, initiator, reporter
        )

    def run_uv(self, name: str | None, arguments: Sequence[str], initiator: Initiator, reporter: Reporter) -> int:
        """Run uv on this terminal as somebody words it, and return its exit code. It changes what it changes.

        Raises `ScopeBusy`, `EnvironmentInUse`, `ToolMissing`.
        """
        from comfydock_core.core.usecases.python_packages.raw_uv import run_uv

        return run_uv(self._workspace.environment(name), self._workspace.services(), arguments, initiator, reporter)
