"""The node packs that an environment has, as its manifest tells."""

import os

from comfydock_core.analyzers.local_changes import local_changes
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.usecases.nodes.requirements import Policy
from comfydock_core.models.exceptions import PackHasChanges
from comfydock_core.models.node_packs import TrackedPack
from comfydock_core.repositories.manifest_reader import read_manifest
from comfydock_core.repositories.tracked_packs import tracked_packs


class Tracked:
    """The manifest's packs, read once. Raises `ManifestDamaged`."""

    def __init__(self, layout: EnvironmentLayout) -> None:
        self._layout = layout
        manifest = read_manifest(layout.manifest)
        self.packs: dict[str, TrackedPack] = tracked_packs(manifest, layout.manifest)
        self.policy = Policy.of(manifest)

    def path(self, pack: TrackedPack) -> str:
        return f"{self._layout.custom_nodes}/{pack.directory}"

    def refuse_loss(self, pack: TrackedPack, doing: str, *, force: bool) -> None:
        """Raise `PackHasChanges` when its directory holds somebody's own changes, unless `force`."""
        path = self.path(pack)
        if force or pack.is_development or not os.path.isdir(path) or os.path.islink(path):
            return
        changes = local_changes(path)
        if changes is not None:
            raise PackHasChanges(
                f"`{pack.identifier}` has {changes}; {doing} would take that away",
                hint=f"commit it elsewhere, keep the pack with `comfydock node add {pack.release.name} --dev --force`,"
                " or go on with `--force`",
                context={"pack": pack.identifier, "path": path, "changes": changes},
            )
