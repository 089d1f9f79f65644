"""The node packs of an environment, to be looked at."""

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.node_packs import ListedPack, TrackedPack
from comfydock_core.repositories.tracked_packs import tracked_packs
from comfydock_core.utils import native


def list_packs(layout: EnvironmentLayout, manifest: dict[str, object]) -> list[ListedPack]:
    """Every pack of the manifest, and how it lies on the disk. Raises `ManifestDamaged`."""
    packs = tracked_packs(manifest, layout.manifest)
    return [_listed(pack, f"{layout.custom_nodes}/{pack.directory}") for pack in packs.values()]


def _listed(pack: TrackedPack, path: str) -> ListedPack:
    if not native.is_directory(path):
        return ListedPack(pack, path, "missing")
    if native.link_target(path) is not None:
        return ListedPack(pack, path, "linked")
    return ListedPack(pack, path, "present" if pack.enabled else "disabled")
