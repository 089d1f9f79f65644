"""Making a mirror, or adding to one: each step is noted when it is there, so that the next run goes on from it."""

import os
from collections.abc import Iterable, Sequence

from comfydock_core.caching.api_cache import APICacheManager
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.mirroring.definitions import (
    Definition,
    comfyui_of,
    definitions_of,
    is_readable,
    pack_key,
    packages_from_git,
    releases_of,
)
from comfydock_core.core.usecases.mirroring.histories import HistoryTaker
from comfydock_core.core.usecases.mirroring.models import take_models
from comfydock_core.core.usecases.mirroring.packages import PackageFiller, take_packages
from comfydock_core.core.usecases.mirroring.pythons import PythonTaker
from comfydock_core.core.usecases.sharing.exporting import committed_head, export_bundle, plan_export
from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.models.addresses import holds_secrets
from comfydock_core.models.exceptions import ComfyDockError
from comfydock_core.models.mirrors import (
    ANSWERS,
    ENVIRONMENTS,
    LISTS,
    NO_MODELS,
    PACKS,
    MirroredEnvironment,
    MirroredPack,
    MirrorExport,
    MirrorRequest,
)
from comfydock_core.models.operation import Initiator
from comfydock_core.models.packs.node_packs import PackReference
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.shared import NodeInfo
from comfydock_core.models.sharing import ExportPlan, ExportRequest, NeededModel
from comfydock_core.repositories.mirrors.store import MirrorWriter
from comfydock_core.repositories.node_data.list_files import FILES
from comfydock_core.repositories.working_places import working_place
from comfydock_core.services.pack_sources import PackSources
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.versions import is_full_commit

_FROM_GIT = "it is locked from git, which no mirror has: it is fetched from where it lies"


def export_mirror(
    workspace: WorkspaceLayout,
    services: WorkspaceServices,
    layouts: Sequence[EnvironmentLayout],
    request: MirrorRequest,
    initiator: Initiator,
    reporter: Reporter,
) -> MirrorExport:
    """Put everything that some environments need into a directory; what is there stays.

    Raises `MirrorRefused`, `MirrorDamaged`, `ScopeBusy`, what exporting bundles and installing packages raises,
    `FileSystemError`. What cannot be had of node packs and histories is in the result.
    """
    directory = os.path.abspath(os.path.expanduser(request.directory))
    for layout in layouts:
        committed_head(layout)
    writer = MirrorWriter(directory)
    with (
        disk_errors("write the mirror", directory),
        working_place(workspace.scratch) as scratch,
        writer.writing(initiator.wait),
    ):
        export = _Export(workspace, services, writer, scratch, reporter)
        needed: list[NeededModel] = []
        for layout in layouts:
            needed += export.take_environment(layout)
            writer.note()
        export.take_histories()
        writer.note()
        export.take_packages()
        writer.note()
        export.take_pythons()
        writer.note()
        export.take_answers()
        export.take_lists()
        if request.models != NO_MODELS:
            export.lacking += take_models(workspace, writer, request.models, needed, reporter)
        writer.note()
    return MirrorExport(
        directory,
        tuple(layout.name for layout in layouts),
        {part: (count, writer.bytes[part]) for part, count in writer.added.items()},
        len(writer.now.files),
        writer.now.size,
        tuple(dict.fromkeys(export.lacking)),
        tuple(export.notes()),
    )


class _Export:
    def __init__(
        self,
        workspace: WorkspaceLayout,
        services: WorkspaceServices,
        writer: MirrorWriter,
        scratch: str,
        reporter: Reporter,
    ) -> None:
        self._workspace = workspace
        self._services = services
        self._writer = writer
        self._scratch = scratch
        self._reporter = reporter
        self._answers = f"{scratch}/answers"
        self._sources: PackSources = services.packs_with_answers_in(self._answers)
        self._registered: set[str] = set()
        self._definitions: list[tuple[EnvironmentLayout, Definition]] = []
        self._histories = HistoryTaker(services.mirrors, writer, reporter)
        self._filler = PackageFiller(workspace, services, scratch, reporter)
        self._pythons = PythonTaker(workspace, writer, reporter)
        self.lacking: list[tuple[str, str]] = []

    def take_environment(self, layout: EnvironmentLayout) -> tuple[NeededModel, ...]:
        """The bundle and the archives of node packs; returns the models that its workflows need."""
        bundle = self._take_bundle(layout)
        self._reporter.phase(f"Reading the history of {layout.name}")
        for definition in definitions_of(layout, bundle.commit):
            reason = is_readable(definition, layout)
            if reason is not None and not definition.is_last:
                self.lacking.append((f"{layout.name} at {definition.commit[:10]}", reason))
                continue
            self._definitions.append((layout, definition))
            self._note_comfyui(definition, layout)
            for release in releases_of(definition, layout):
                self._take_release(release)
        python = next((one.python for where, one in self._definitions if where is layout and one.is_last), None)
        self._writer.now.environments[layout.name] = MirroredEnvironment(bundle.commit, python or "")
        return bundle.manifest.models

    def _take_bundle(self, layout: EnvironmentLayout) -> ExportPlan:
        target = f"{self._writer.aside()}.tar.gz"
        wish = ExportRequest(target, with_history=True, allow_issues=True, look_for_issues=False)
        scratch = f"{self._scratch}/bundle-{layout.name}"
        os.mkdir(scratch)
        callbacks = _Unasked()
        plan = plan_export(layout, self._workspace, self._services, wish, scratch, callbacks, self._reporter)
        written = export_bundle(layout, self._services, plan, scratch, callbacks, self._reporter)
        self._writer.settle(f"{ENVIRONMENTS}{layout.name}.tar.gz", written.target or "")
        return plan

    def _note_comfyui(self, definition: Definition, layout: EnvironmentLayout) -> None:
        named, commit = comfyui_of(definition, layout)
        self._histories.want(self._services.versions.repository(named), commit)

    def _take_release(self, release: NodeInfo) -> None:
        if release.source == "git" and release.repository:
            commit = release.version if is_full_commit(release.version) else None
            self._histories.want(release.repository, commit, of_pack=True)
            return
        identifier = release.registry_id or release.identifier
        self._registered.add(identifier)
        key = pack_key(release)
        known = self._writer.now.packs.get(key)
        if known is not None and release.sha256 in (None, known.sha256) and self._writer.has(f"{PACKS}{known.sha256}"):
            return
        try:
            self._fetch(release, identifier, key)
        except ComfyDockError as error:
            self.lacking.append((f"{release.name} {release.version}", error.message))

    def _fetch(self, release: NodeInfo, identifier: str, key: str) -> None:
        place, found = self._writer.aside(), release
        if release.download_url is None:
            reference = PackReference(identifier, "registry", identifier, release.version)
            found = self._sources.find(reference, self._reporter, force=True)
        sha256 = self._sources.fetch_archive(found, place, self._reporter)
        self._writer.settle(f"{PACKS}{sha256}", place)
        url = None if found.download_url is None or holds_secrets(found.download_url) else found.download_url
        self._writer.now.packs[key] = MirroredPack(release.name, release.version, url, sha256)

    def take_histories(self) -> None:
        """The history of each repository, and of those in node packs."""
        self._histories.take()
        self.lacking += self._histories.lacking

    def take_packages(self) -> None:
        """What is locked anywhere in the histories, unless it is there; the last commits can be resolved, too."""
        locks = self._writer.now.locks
        filled: set[str] = set()
        for layout, definition in self._definitions:
            if not definition.is_locked or definition.digest in locks | filled:
                continue
            try:
                self._filler.fill(definition, layout.name)
            except ComfyDockError as error:
                if definition.is_last:
                    raise
                self.lacking.append((f"packages of {layout.name} at {definition.commit[:10]}", error.message))
                continue
            filled.add(definition.digest)
            reason = self._filler.resolve(definition) if definition.is_last else None
            if reason is not None:
                self.lacking.append((f"what the indexes say of the packages of {layout.name}", reason))
        if filled:
            self._reporter.phase("Copying the packages")
            refused = take_packages(self._workspace, self._filler.wanted, self._writer)
            self.lacking += [(path, "no mirror has a file of such a name") for path in refused]
            locks |= filled
            self._writer.now.uv = UVCommand.of_workspace(self._workspace).version()
        for _, definition in self._definitions:
            if definition.digest in locks:
                self.lacking += [(package, _FROM_GIT) for package in packages_from_git(definition)]

    def take_pythons(self) -> None:
        """What the definitions run with, where uv manages it; after the packages, for which it may have been had."""
        for layout, definition in self._definitions:
            self._pythons.take(layout, definition)
        self.lacking += self._pythons.lacking

    def take_answers(self) -> None:
        """What the registry says of the node packs, which is asked for where one is added by its name."""
        for identifier in sorted(self._registered):
            try:
                self._sources.find(PackReference(identifier, "registry", identifier), self._reporter, force=True)
            except ComfyDockError as error:
                self.lacking.append((f"what the registry says of {identifier}", error.message))
        for name in APICacheManager(self._answers).each():
            path = f"{self._answers}/{name}"
            self._writer.take(f"{ANSWERS}{name}", path, time=int(os.stat(path).st_mtime))

    def take_lists(self) -> None:
        """The lists of known node packs."""
        for name in FILES.values():
            path = f"{self._workspace.node_data}/{name}"
            if os.path.isfile(path):
                self._writer.take(f"{LISTS}{name}", path, time=int(os.stat(path).st_mtime))

    def notes(self) -> Iterable[str]:
        """What the other machine has to have besides."""
        pythons = self._pythons.missing()
        if pythons:
            yield f"Python {', '.join(pythons)} is not in the mirror: install it on the other machine"
        if self._writer.now.uv is not None:
            uv = self._writer.now.uv
            yield f"the packages are as uv {uv} keeps them: use the same ComfyDock on the other machine"


class _Unasked:
    """A mirror has what there is; what is lacking is in the report of the bundles themselves."""

    def on_models_without_sources(self, models: Sequence[NeededModel]) -> bool:
        return True

    def on_member(self, path: str, number: int, total: int) -> None:
        return None
