"""The node packs of an environment, to be looked at."""

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.node_packs import ListedPack, TrackedPack
from comfydock_core.repositories.tracked_packs import tracked_packs, version_instead
from comfydock_core.utils import native


def list_packs(layout: EnvironmentLayout, manifest: dict[str, object]) -> list[ListedPack]:
    """Every pack of the manifest, and how it lies on the disk. Raises `ManifestDamaged`."""
    packs = tracked_packs(manifest, layout.manifest)
    return [_listed(pack, f"{layout.custom_nodes}/{pack.directory}") for pack in packs.values()]


def _listed(pack: TrackedPack, path: str) -> ListedPack:
    return ListedPack(pack, path, _state(pack, path), version_instead(pack, path))


def _state(pack: TrackedPack, path: str) -> str:
    if not native.is_directory(path):
        return "missing"
    if native.link_target(path) is not None:
        return "linked"
    return "present" if pack.enabled else "disabled"
