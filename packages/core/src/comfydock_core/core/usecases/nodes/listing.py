"""The node packs of an environment, to be looked at."""

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.packs.node_packs import ListedPack
from comfydock_core.models.shared import NodePackage
from comfydock_core.repositories.definition.tracked_packs import tracked_packs, version_instead
from comfydock_core.utils import native


def list_packs(layout: EnvironmentLayout, manifest: dict[str, object]) -> list[ListedPack]:
    """Every pack of the manifest, and how it lies on the disk. Raises `ManifestDamaged`."""
    packs = tracked_packs(manifest, layout.manifest)
    return [_listed(pack, f"{layout.custom_nodes}/{pack.directory}") for pack in packs.values()]


def _listed(pack: NodePackage, path: str) -> ListedPack:
    return ListedPack(pack, path, _state(pack, path), version_instead(pack, path))


def _state(pack: NodePackage, path: str) -> str:
    if not native.is_directory(path):
        return "missing"
    if native.link_target(path) is not None:
        return "linked"
    return "present" if pack.enabled else "disabled"
