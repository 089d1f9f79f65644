"""`Mirrors`: everything that environments need, in a directory for machines without a network."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.configs.environment_layout import EnvironmentLayout
    from comfydock_core.core.services_bundle import WorkspaceAccess
    from comfydock_core.models.mirrors import MirrorExport, MirrorImport, MirrorPlan, MirrorRequest, MirrorVerification
    from comfydock_core.models.operation import Initiator
    from comfydock_core.models.protocols import Reporter


class Mirrors:
    """The mirrors that one workspace writes and reads."""

    def __init__(self, workspace: WorkspaceAccess | None) -> None:
        """Without a workspace mirrors can be verified."""
        self._workspace = workspace

    def export(self, request: MirrorRequest, initiator: Initiator, reporter: Reporter) -> MirrorExport:
        """Put everything that environments need into a directory; what is there already stays.

        Raises `EnvironmentNotFound`, `UncommittedWork`, `NoHistory`, `MirrorRefused`, `MirrorDamaged`, `ScopeBusy`,
        what installing packages raises, `GitFailed`, `FileSystemError`.
        """
        from comfydock_core.core.usecases.mirroring.exporting import export_mirror

        there = self._there
        return export_mirror(there.layout, there.services(), self._named(request), request, initiator, reporter)

    def plan_export(self, request: MirrorRequest) -> MirrorPlan:
        """What `export` would have to get. Nothing is written, and nobody is asked. Raises what `export` raises."""
        from comfydock_core.core.usecases.mirroring.planning import plan_mirror

        there = self._there
        return plan_mirror(there.layout, there.services(), self._named(request), request)

    def verify(self, directory: str, reporter: Reporter) -> MirrorVerification:
        """Compare every file with what is listed. Raises `MirrorNotFound`, `MirrorDamaged`, `FileSystemError`."""
        from comfydock_core.core.usecases.mirroring.verifying import verify_mirror

        return verify_mirror(directory, reporter)

    def take_in(self, directory: str, reporter: Reporter, *, rehearsal: bool = False) -> MirrorImport:
        """Give the workspace everything that a mirror has, so that it needs no network for that.

        A `rehearsal` only tells what the workspace lacks.

        Raises `MirrorNotFound`, `MirrorDamaged`, `ArchiveRefused`, `ModelsDirectoryNotFound`, `GitFailed`, `ScopeBusy`,
        `FileSystemError`.
        """
        from comfydock_core.core.usecases.mirroring.importing import import_mirror

        return import_mirror(self._there.layout, self._there.services(), directory, reporter, rehearsal=rehearsal)

    def _named(self, request: MirrorRequest) -> list[EnvironmentLayout]:
        names = request.environments or self._there.environment_names()
        return [self._there.environment(name) for name in dict.fromkeys(names)]

    @property
    def _there(self) -> WorkspaceAccess:
        if self._workspace is None:
            raise RuntimeError("these Mirrors were made without a workspace")
        return self._workspace
