"""`ComfyUI`: which ComfyUI environments have, which there are, and going to another."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.core.services_bundle import WorkspaceAccess
    from comfydock_core.models.environments.comfyui import ComfyUIHere, ComfyUIPlan, ComfyUIRequest, ComfyUIVersion
    from comfydock_core.models.operation import Initiator
    from comfydock_core.models.packages.syncing import SyncOutcome
    from comfydock_core.models.protocols import Reporter


class ComfyUI:
    """The ComfyUI of the environments of one workspace."""

    def __init__(self, workspace: WorkspaceAccess) -> None:
        self._workspace = workspace

    def here(self, name: str | None) -> ComfyUIHere:
        """The one that an environment has. Raises `ManifestDamaged`."""
        from comfydock_core.core.usecases.comfyui.looking import comfyui_here

        return comfyui_here(self._workspace.environment(name))

    def versions(self, name: str | None) -> list[ComfyUIVersion]:
        """Those that its repository has, the newest release first.

        Raises `RepositoryNotFound`, `OfflineRefused`, `RemoteError`, `ManifestDamaged`.
        """
        from comfydock_core.core.usecases.comfyui.looking import comfyui_versions

        return comfyui_versions(self._workspace.environment(name), self._workspace.services())

    def known_releases(self, name: str | None) -> list[str]:
        """Those that the environment's checkout knows of, the newest first. Nobody is asked."""
        from comfydock_core.core.usecases.comfyui.looking import known_releases

        return known_releases(self._workspace.environment(name))

    def plan(self, name: str | None, request: ComfyUIRequest, reporter: Reporter) -> ComfyUIPlan:
        """What going to another takes; caches get what it needs, and the environment stays as it is.

        Raises `RefNotFound`, `RepositoryNotFound`, `RemoteError`, `NotComfyUI`, `UncommittedWork`,
        `RequirementsConflict`, `PackageChangeRefused`, `LockOutdated`, `BackendNotLocked`.
        """
        from comfydock_core.core.usecases.comfyui.using import plan_comfyui_use

        there = self._workspace
        return plan_comfyui_use(there.environment(name), there.layout, there.services(), request, reporter)

    def change(self, plan: ComfyUIPlan, initiator: Initiator, reporter: Reporter) -> SyncOutcome:
        """Go there, all of it or nothing."""
        from comfydock_core.core.usecases.comfyui.using import carry_out_comfyui_use

        layout = self._workspace.environment(plan.name)
        return carry_out_comfyui_use(layout, self._workspace.services(), plan, initiator, reporter)
