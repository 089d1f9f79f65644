"""The node packs of an environment, to be looked at."""

from collections.abc import Collection, Mapping, Sequence

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.environment import NotedImport
from comfydock_core.models.packs.node_packs import ListedPack
from comfydock_core.models.shared import NodePackage
from comfydock_core.repositories.definition.tracked_packs import version_instead, versions_by_directory
from comfydock_core.repositories.import_note import read_note
from comfydock_core.utils import native


def list_packs(
    layout: EnvironmentLayout,
    packs: Collection[NodePackage],
    import_note: str,
    changed_files: Mapping[str, Sequence[str]],
) -> list[ListedPack]:
    """How each of the manifest's packs lies on the disk, and what the note says of its last import.

    `changed_files` are those of each directory that are not as they came.
    """
    imports = read_note(import_note, versions_by_directory(packs))
    return [
        _listed(
            pack,
            f"{layout.custom_nodes}/{pack.directory}",
            imports.get(pack.directory),
            changed_files.get(pack.directory, ()),
        )
        for pack in packs
    ]


def _listed(pack: NodePackage, path: str, noted: NotedImport | None, changed: Sequence[str]) -> ListedPack:
    last = noted if pack.enabled else None
    return ListedPack(pack, path, _state(pack, path), version_instead(pack, path), last, tuple(changed))


def _state(pack: NodePackage, path: str) -> str:
    if not native.is_directory(path):
        return "missing"
    if native.link_target(path) is not None:
        return "linked"
    return "present" if pack.enabled else "disabled"
