"""The node packs of an environment, to be looked at."""

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.environment import NotedImport
from comfydock_core.models.packs.node_packs import ListedPack
from comfydock_core.models.shared import NodePackage
from comfydock_core.repositories.definition.tracked_packs import tracked_packs, version_instead, versions_by_directory
from comfydock_core.repositories.import_note import read_note
from comfydock_core.utils import native


def list_packs(layout: EnvironmentLayout, manifest: dict[str, object], import_note: str) -> list[ListedPack]:
    """Every pack of the manifest, how it lies on the disk, and what the note says of its last import.

    Raises `ManifestDamaged`.
    """
    packs = tracked_packs(manifest, layout.manifest).values()
    imports = read_note(import_note, versions_by_directory(packs))
    return [_listed(pack, f"{layout.custom_nodes}/{pack.directory}", imports.get(pack.directory)) for pack in packs]


def _listed(pack: NodePackage, path: str, noted: NotedImport | None) -> ListedPack:
    return ListedPack(pack, path, _state(pack, path), version_instead(pack, path), noted if pack.enabled else None)


def _state(pack: NodePackage, path: str) -> str:
    if not native.is_directory(path):
        return "missing"
    if native.link_target(path) is not None:
        return "linked"
    return "present" if pack.enabled else "disabled"
