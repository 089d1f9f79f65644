"""What has newer versions: looked up, and nothing changed."""

import tempfile
from collections.abc import Callable, Sequence
from typing import TypeVar

from comfydock_core.analyzers.packages.package_changes import changed_versions
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import EnvironmentServices, WorkspaceServices
from comfydock_core.core.usecases.definition.backends import used_backend
from comfydock_core.core.usecases.definition.redefining import locked_versions
from comfydock_core.core.usecases.definition.staging import stage_definition
from comfydock_core.integrations.git import queries
from comfydock_core.models.exceptions import ComfyDockError
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.packages.outdated import LookupFailure, NewerComfyUI, NewerPack, Outdated
from comfydock_core.models.packages.syncing import PackageChanges
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.shared import NodeInfo, NodePackage
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.pytorch_settings import family_of, release_of
from comfydock_core.repositories.definition.tracked_packs import tracked_packs
from comfydock_core.utils.at_once import for_each
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.git_urls import local_path
from comfydock_core.validation.requirements import newest_version

_AT_ONCE = 8  # Servers are waited for; more at once would only be more of a burden to them.
Found = TypeVar("Found")


def outdated(layout: EnvironmentLayout, services: WorkspaceServices, reporter: Reporter) -> Outdated:
    """Look everything up. What cannot be is among the failures. Raises `ManifestDamaged`, `FileSystemError`."""
    looking = _Looking(layout, services, reporter)
    with disk_errors(f"look for newer versions of {layout.name}"):
        comfyui = looking.up("comfyui", looking.comfyui)
        packs = looking.packs()
        packages = looking.up("packages", looking.packages) or PackageChanges()
        release = looking.up("pytorch", looking.release) or {}
    failures = tuple(sorted(looking.failures, key=lambda failure: failure.subject))
    notes = tuple(sorted(looking.notes))
    return Outdated(layout.name, comfyui, packs, packages, release, len(looking.answered), failures, notes)


class _Looking:
    """One look at one environment: what was found, and what could not be."""

    def __init__(self, layout: EnvironmentLayout, services: WorkspaceServices, reporter: Reporter) -> None:
        self._layout = layout
        self._services = services
        self._own = services.environment(layout)
        self._reporter = reporter
        self._manifest = read_manifest(layout.manifest)
        self.answered: list[str] = []
        self.failures: list[LookupFailure] = []
        self.notes: list[str] = []

    def up(self, subject: str, look: Callable[[], Found]) -> Found | None:
        try:
            found = look()
        except ComfyDockError as error:
            self.failures.append(LookupFailure(subject, error.code, error.message, error.hint))
            return None
        self.answered.append(subject)
        return found

    # ComfyUI

    def comfyui(self) -> NewerComfyUI | None:
        """The newest release, or the head of the branch; a commit that was chosen stays what it is."""
        self._reporter.phase("Looking for a newer ComfyUI")
        known = EnvironmentManifest(self._manifest, self._layout.manifest)
        version, commit = known.comfyui_version or "", known.comfyui_commit or ""
        ref = version if known.comfyui_version_type == "branch" else None
        repository = self._services.versions.repository(known.comfyui_repository)
        latest = self._services.versions.resolve(repository, ref, self._reporter)
        if latest.commit is None or latest.commit == commit or (latest.ref == version and ref is None):
            return None
        commits = self._commits(repository, commit, latest.commit, "ComfyUI")
        if known.comfyui_version_type == "commit" and not commits:
            return None  # It is newer than the newest release, or from elsewhere.
        return NewerComfyUI(version, commit, latest.ref, latest.commit, commits)

    # Node packs

    def packs(self) -> tuple[NewerPack, ...]:
        """Several at once: nearly all of the time is spent waiting for servers."""
        packs = [pack for pack in tracked_packs(self._manifest, self._layout.manifest).values()
                 if not pack.is_development]  # fmt: skip
        if packs:
            self._reporter.phase("Looking for newer node packs")
        found: dict[str, NewerPack] = {}

        def look(pack: NodePackage) -> None:
            newer = self.up(pack.identifier, lambda: self._pack(pack))
            if newer is not None:
                found[pack.identifier] = newer

        for_each(packs, look, threads=_AT_ONCE)
        return tuple(found[pack.identifier] for pack in packs if pack.identifier in found)

    def _pack(self, pack: NodePackage) -> NewerPack | None:
        release = pack.release
        latest = self._services.packs.latest(release, self._reporter)
        self.notes += latest.notes
        if (latest.version, latest.source) == (release.version, release.source):
            return None
        if latest.source == "git" and latest.repository is not None:
            commits = self._commits(latest.repository, release.version, latest.version, pack.identifier)
            return NewerPack(pack.identifier, latest.source, release.version, latest.version, commits=commits)
        versions = self._between(release, latest)
        return NewerPack(pack.identifier, latest.source, release.version, latest.version, versions)

    def _between(self, release: NodeInfo, latest: NodeInfo) -> tuple[str, ...]:
        others: Sequence[NodeInfo] = self._services.packs.other_versions(release, self._reporter)
        versions = [one.version for one in others]
        newer = [one for one in versions if one != release.version and newest_version([one, release.version]) == one]
        return tuple(newer) if latest.version in newer else (latest.version, *newer)

    # Python packages

    def packages(self) -> PackageChanges:
        """What the newest versions that fit together would be; PyTorch's release is pinned."""
        self._reporter.phase("Resolving the newest Python packages")
        used_backend(self._layout)
        with tempfile.TemporaryDirectory(prefix="comfydock-trial-") as directory:
            trial, own = self._trial(directory)
            own.uv_project.lock_newest(self._reporter)
            return changed_versions(locked_versions(self._layout.lock), locked_versions(trial.lock))

    def release(self) -> dict[str, tuple[str, str]]:
        """A newer release of PyTorch that the back end of this machine has."""
        self._reporter.phase("Looking for a newer PyTorch")
        pinned = release_of(self._manifest, family_of(self._manifest))
        if not pinned:
            return {}
        backend = used_backend(self._layout)
        with tempfile.TemporaryDirectory(prefix="comfydock-trial-") as directory:
            _, own = self._trial(directory)
            newest = own.uv_project.upgrade_release(["pypi" if backend == "none" else backend], self._reporter)
        return {name: (version, newest[name]) for name, version in pinned.items()
                if newest.get(name, version) != version}  # fmt: skip

    def _trial(self, directory: str) -> tuple[EnvironmentLayout, EnvironmentServices]:
        trial = stage_definition(self._layout, directory)
        return trial, self._services.environment(trial)

    # Commits

    def _commits(self, repository: str, old: str, new: str, what: str) -> tuple[str, ...]:
        """The subjects between two commits; a history that cannot be fetched is reported and costs only these."""
        path = local_path(repository)
        if path is None:
            path = self._own.mirrors.path(repository)
            try:
                self._own.mirrors.fetched_commit(repository, new, reporter=self._reporter, what=what)
            except ComfyDockError as error:
                self.notes.append(f"the commits of {what} cannot be listed: {error.message}")
                return ()
        return tuple(queries.subjects_between(path, old, new))
