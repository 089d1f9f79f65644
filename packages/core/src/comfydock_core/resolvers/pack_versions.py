"""Which version of each node pack lies in an environment, as a lock of a workflow notes it."""

import os

from comfydock_core.analyzers.node_git_analyzer import NodeGitAnalyzer
from comfydock_core.analyzers.present_packs import present_packs
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.integrations.git.head import read_head
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.workflow.lock import LockedPack
from comfydock_core.repositories.definition.tracked_packs import tracked_packs
from comfydock_core.repositories.pack_release import read_note

GIT = "git"
DEVELOPMENT = "development"


class PackVersions:
    """The packs of one environment, each looked at when it is asked for."""

    def __init__(self, layout: EnvironmentLayout, manifest: dict[str, object], *, ask_git: bool) -> None:
        """Without `ask_git` no process is started: where a checkout is from, and what changed in it, stays untold.

        Raises `ManifestDamaged`.
        """
        self._present = present_packs(layout.custom_nodes)
        self._tracked = {pack.release.name: pack for pack in tracked_packs(manifest, layout.manifest).values()}
        self._ask_git = ask_git
        self._known: dict[str, LockedPack] = {}

    def of(self, directory: str) -> LockedPack:
        """The pack in a directory among the custom nodes, or the single file of that name."""
        if directory not in self._known:
            self._known[directory] = self._look_at(directory)
        return self._known[directory]

    def _look_at(self, directory: str) -> LockedPack:
        pack, place = self._tracked.get(directory), self._present.get(directory, "")
        git = NodeGitAnalyzer(place)
        is_checkout = os.path.isdir(place) and git.is_checkout()
        commit = read_head(place)[0] if is_checkout else None
        note = None if is_checkout else read_note(place)
        release = pack.release if pack is not None else None
        version, archive = note or (None, None)
        if release is not None and not is_checkout and release.source != DEVELOPMENT:
            version, archive = version or release.version, archive or release.sha256
        if release is not None and release.source == GIT and commit is None:
            commit, version = version, None
        repository = release.repository if release is not None else None
        changed = False
        if is_checkout and self._ask_git:
            repository = repository or git.remote()
            changed = bool(git.changed_files())
        return LockedPack(
            release.identifier if release is not None else directory,
            directory,
            release.source if release is not None else None,
            version,
            commit,
            archive,
            without_credentials(repository) if repository else None,
            release.registry_id if release is not None else None,
            changed,
            None if version or commit else "nothing tells which version of it is here",
        )
