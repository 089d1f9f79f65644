"""The node packs of an environment, to be looked at."""

from comfydock_core.analyzers.node_git_analyzer import NodeGitAnalyzer
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.environment import NotedImport
from comfydock_core.models.packs.node_packs import ListedPack
from comfydock_core.models.shared import NodePackage
from comfydock_core.repositories.definition.tracked_packs import tracked_packs, version_instead
from comfydock_core.repositories.import_note import read_note
from comfydock_core.utils import native
from comfydock_core.utils.at_once import for_each

_THREADS = 8


def list_packs(layout: EnvironmentLayout, manifest: dict[str, object], import_note: str) -> list[ListedPack]:
    """Every pack of the manifest, how it lies on the disk, and what the note says of its last import.

    Git looks for changed files, at several packs at once. Raises `ManifestDamaged`, `ToolMissing`.
    """
    packs = tracked_packs(manifest, layout.manifest).values()
    versions = {pack.directory: None if pack.is_development else pack.release.version for pack in packs}
    imports = read_note(import_note, versions)
    places = {pack.directory: f"{layout.custom_nodes}/{pack.directory}" for pack in packs}
    changed = _changed_files([places[pack.directory] for pack in packs if not pack.is_development])
    return [
        _listed(pack, places[pack.directory], imports.get(pack.directory), changed.get(places[pack.directory], ()))
        for pack in packs
    ]


def _changed_files(places: list[str]) -> dict[str, tuple[str, ...]]:
    """The changed files of those that are checkouts of their own; what is linked there is somebody's own work."""
    found: dict[str, tuple[str, ...]] = {}

    def look(place: str) -> None:
        found[place] = NodeGitAnalyzer(place).changed_files()

    checkouts = [place for place in places if native.exists(f"{place}/.git") and native.link_target(place) is None]
    if checkouts:
        for_each(checkouts, look, threads=_THREADS)
    return found


def _listed(pack: NodePackage, path: str, noted: NotedImport | None, changed: tuple[str, ...]) -> ListedPack:
    last = noted if pack.enabled else None
    return ListedPack(pack, path, _state(pack, path), version_instead(pack, path), last, changed)


def _state(pack: NodePackage, path: str) -> str:
    if not native.is_directory(path):
        return "missing"
    if native.link_target(path) is not None:
        return "linked"
    return "present" if pack.enabled else "disabled"
