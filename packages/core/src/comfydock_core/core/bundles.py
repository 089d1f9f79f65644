"""`Bundles`: environments as files for others, and from others, one short method for each use case."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import IO

    from comfydock_core.core.services_bundle import WorkspaceAccess
    from comfydock_core.models.containers import ContainerContext, ContainerRequest
    from comfydock_core.models.foreign import WrittenSnapshot
    from comfydock_core.models.operation import Initiator
    from comfydock_core.models.protocols import ExportCallbacks, ImportCallbacks, Reporter
    from comfydock_core.models.sharing import (
        ExportedBundle,
        ExportPlan,
        ExportRequest,
        FoundWorkspace,
        ImportOutcome,
        ImportPlan,
        ImportRequest,
        SharedContents,
        Verification,
    )


class Bundles:
    """The bundles that one workspace writes and reads."""

    def __init__(self, workspace: WorkspaceAccess | None) -> None:
        """Without a workspace bundles can be shown and verified."""
        self._workspace = workspace

    def scratch(self) -> AbstractContextManager[str]:
        """A directory for what lies between a plan and its end, which goes afterwards. Raises `FileSystemError`."""
        from comfydock_core.repositories.working_places import working_place

        return working_place(self._there.layout.scratch)

    def plan_export(
        self,
        environment: str | None,
        request: ExportRequest,
        scratch: str,
        callbacks: ExportCallbacks,
        reporter: Reporter,
    ) -> ExportPlan:
        """The bundle of an environment's last commit, with everything checked and asked; nothing is written.

        Raises `UncommittedWork`, `ExportRefused`, `NoHistory`, `RepositoryUnfit`, `ManifestDamaged`, `GitFailed`,
        `FileSystemError`, and with packs what fetching them raises.
        """
        from comfydock_core.core.usecases.sharing.exporting import plan_export

        there, layout = self._there, self._there.environment(environment)
        return plan_export(layout, there.layout, there.services(), request, scratch, callbacks, reporter)

    def export(
        self,
        plan: ExportPlan,
        scratch: str,
        callbacks: ExportCallbacks,
        reporter: Reporter,
        stream: IO[bytes] | None = None,
    ) -> ExportedBundle:
        """Write the planned bundle, whole or not at all; into `stream` where the plan has no target.

        `scratch` is the directory of the plan. Raises `SigningFailed`, `ToolMissing`, `ChangedMeanwhile`,
        `ExportRefused`, `FileSystemError`, and for wheels `HashMismatch`, `RemoteError`.
        """
        from comfydock_core.core.usecases.sharing.exporting import export_bundle

        there, layout = self._there, self._there.environment(plan.name)
        return export_bundle(layout, there.services(), plan, scratch, callbacks, reporter, stream)

    def export_container(
        self, environment: str | None, request: ContainerRequest, reporter: Reporter
    ) -> ContainerContext:
        """Write what builds a container of an environment's last commit: all of it or nothing.

        Raises `UncommittedWork`, `NoHistory`, `ExportRefused`, `BackendNotLocked`, `PackagesUnobtainable`,
        `GitFailed`, `FileSystemError`, and what fetching node packs raises.
        """
        from comfydock_core.core.usecases.sharing.containing import export_container

        there = self._there
        return export_container(there.environment(environment), there.layout, there.services(), request, reporter)

    def export_snapshot(self, environment: str | None, target: str | None, *, rehearsal: bool) -> WrittenSnapshot:
        """Write the last commit of an environment down for ComfyUI-Manager, as JSON or by its name as YAML.

        `-` and `rehearsal` write nothing. Raises `NoHistory`, `UncommittedWork`, `ExportRefused`, `ManifestDamaged`,
        `LockDamaged`, `GitFailed`, `FileSystemError`.
        """
        from comfydock_core.core.usecases.sharing.manager_snapshots import export_snapshot

        return export_snapshot(self._there.environment(environment), target, rehearsal=rehearsal)

    def show(self, source: str, reporter: Reporter) -> SharedContents:
        """What is in a bundle, and what of it is on this machine. Raises `TemplateNotFound`, `TemplateDamaged`."""
        from comfydock_core.core.usecases.sharing.contents import contents_of
        from comfydock_core.core.usecases.sharing.inspecting import open_source

        opened = open_source(source, None, None, reporter)
        manifest = opened.bundle.manifest if opened.bundle is not None else None
        return contents_of(opened.template, manifest, None if self._workspace is None else self._workspace.layout)

    def verify(self, source: str, signers: str | None, reporter: Reporter) -> Verification:
        """Whether every member is what it is listed as, and who signed that.

        Raises `TemplateNotFound`, `BundleDamaged`, `SignatureRefused`, `InvalidSetting`, `SigningFailed`.
        """
        from comfydock_core.core.usecases.sharing.inspecting import open_bundle
        from comfydock_core.core.usecases.sharing.signing import verify_bundle

        return verify_bundle(open_bundle(source, reporter), signers)

    def plan_import(
        self, request: ImportRequest, scratch: str, reporter: Reporter, *, offline: bool = False
    ) -> ImportPlan:
        """Inspect a source and resolve what is to be made of it. Outside of `scratch` nothing is written.

        Raises `TemplateNotFound`, `TemplateDamaged`, `SignatureRefused`, for repositories `RefNotFound`,
        `RefAmbiguous`, `RefInvalid` and `RemoteError`, and what planning a creation raises.
        """
        from comfydock_core.core.usecases.sharing.importing import plan_import

        there = self._there
        return plan_import(there.layout, there.services(), request, scratch, reporter, offline=offline)

    def find_older_workspace(self, directory: str) -> FoundWorkspace:
        """The environments of another workspace. Raises `TemplateNotFound`, `InvalidSetting`, `WorkspaceDamaged`."""
        from comfydock_core.core.usecases.sharing.workspace_importing import find_older_workspace

        return find_older_workspace(self._there.layout, directory)

    def plan_environment_import(
        self, request: ImportRequest, scratch: str, reporter: Reporter
    ) -> tuple[ImportPlan, list[str]]:
        """The plan for one environment of another workspace, and the directories of packs that stay there.

        Raises what `plan_import` raises.
        """
        from comfydock_core.core.usecases.sharing.workspace_importing import plan_environment_import, untracked_packs

        there = self._there
        plan = plan_environment_import(there.layout, there.services(), request, scratch, reporter)
        return plan, untracked_packs(request, plan)

    def take_in_models(self, found: FoundWorkspace, reporter: Reporter) -> None:
        """Note what another workspace knew of its models. Raises `ModelIndexDamaged`, `BusyError`."""
        from comfydock_core.core.usecases.sharing.workspace_importing import take_in_models

        take_in_models(self._there.layout, found, reporter)

    def carry_out_import(
        self, plan: ImportPlan, initiator: Initiator, reporter: Reporter, callbacks: ImportCallbacks
    ) -> ImportOutcome:
        """Build the planned environment; whatever stops it, nothing has its name then."""
        from comfydock_core.core.usecases.sharing.importing import import_environment

        return import_environment(self._there.layout, self._there.services(), plan, initiator, reporter, callbacks)

    @property
    def _there(self) -> WorkspaceAccess:
        if self._workspace is None:
            raise RuntimeError("these Bundles were made without a workspace")
        return self._workspace
