"""The node packs that an environment has, as its manifest tells."""

import os
from dataclasses import replace

from comfydock_core.analyzers.installation.checkouts import is_checkout
from comfydock_core.analyzers.local_changes import local_changes, told_files
from comfydock_core.analyzers.own_files import added_files, changed_files
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.usecases.nodes.requirements import Policy
from comfydock_core.models.exceptions import PackHasChanges
from comfydock_core.models.node_packs import PackRelease, TrackedPack
from comfydock_core.repositories.manifest_reader import read_manifest
from comfydock_core.repositories.pack_release import read_note
from comfydock_core.repositories.tracked_packs import tracked_packs
from comfydock_core.services.pack_sources import PackSources


class Tracked:
    """The manifest's packs, read once. Raises `ManifestDamaged`."""

    def __init__(self, layout: EnvironmentLayout) -> None:
        self._layout = layout
        manifest = read_manifest(layout.manifest)
        self.packs: dict[str, TrackedPack] = tracked_packs(manifest, layout.manifest)
        self.policy = Policy.of(manifest)

    def path(self, pack: TrackedPack) -> str:
        return f"{self._layout.custom_nodes}/{pack.directory}"

    def own_files(self, pack: TrackedPack, sources: PackSources, doing: str, *, force: bool) -> tuple[str, ...]:
        """The files in a pack's directory that did not come with it.

        Raises `PackHasChanges` when files of the pack itself were changed, unless `force`. A development pack, and what
        only a link leads to, is left alone anyway.
        """
        path = self.path(pack)
        if pack.is_development or not os.path.isdir(path) or os.path.islink(path):
            return ()
        kept = sources.kept(_lying_there(pack, path))
        shipped = None if kept is None else kept.directory
        changes = local_changes(path) or _told_changes(path, shipped)
        if changes is not None and not force:
            raise PackHasChanges(
                f"`{pack.identifier}` has {changes}; {doing} would take that away",
                hint=f"commit it elsewhere, keep the pack with `comfydock node add {pack.release.name} --dev --force`,"
                " or go on with `--force`",
                context={"pack": pack.identifier, "path": path, "changes": changes},
            )
        return tuple(added_files(path, shipped))


def _lying_there(pack: TrackedPack, path: str) -> PackRelease:
    """The release that was put there, which need not be the manifest's."""
    noted = read_note(path)
    return pack.release if noted is None else replace(pack.release, version=noted[0], sha256=noted[1])


def _told_changes(path: str, shipped: str | None) -> str | None:
    """What was changed in a pack without a history, where it is known what came."""
    if shipped is None or is_checkout(path):
        return None
    changed = changed_files(path, shipped)
    return told_files(changed) if changed else None
