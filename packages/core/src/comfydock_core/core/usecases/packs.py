"""Node packs that a manifest has and the disk lacks or has in another version."""

import os
from collections.abc import Iterable

from comfydock_core.analyzers.status_scanner import pack_directories
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import EnvironmentServices
from comfydock_core.models.node_packs import TrackedPack
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.tracked_packs import tracked_packs
from comfydock_core.utils import native
from comfydock_core.utils.tree_copy import link_file

CUSTOM_NODES = "ComfyUI/custom_nodes"


def missing_packs(
    layout: EnvironmentLayout, manifest: dict[str, object]
) -> tuple[tuple[TrackedPack, ...], tuple[str, ...]]:
    """Those that can be fetched, and the names of those that nobody can. Raises `ManifestDamaged`, `OSError`."""
    packs: list[TrackedPack] = []
    unobtainable: list[str] = []
    present = set(pack_directories(layout.custom_nodes))
    for pack in tracked_packs(manifest, layout.manifest).values():
        if pack.directory in present or native.is_directory(f"{layout.custom_nodes}/{pack.directory}"):
            continue
        if _is_obtainable(pack):
            packs.append(pack)
        else:
            unobtainable.append(pack.release.name)
    return tuple(packs), tuple(unobtainable)


def path_of(pack: TrackedPack) -> str:
    """Its name in the environment."""
    return f"{CUSTOM_NODES}/{pack.directory}"


def stage_pack(pack: TrackedPack, place: str, services: EnvironmentServices, reporter: Reporter) -> None:
    """Put a pack's code at `place`, of the version that the manifest pins. Raises what `PackSources.obtain` raises."""
    reporter.phase(f"Fetching {pack.release.name}")
    content = services.packs.obtain(pack.release, reporter)
    for lack in content.missing:
        reporter.warn(f"{pack.release.name}: {lack}")
    services.packs.place(content, place)


def carry_over(pack: TrackedPack, names: Iterable[str], before: str, after: str, reporter: Reporter) -> None:
    """Give another version of a pack the files that did not come with it: models, settings, what was made with it.

    They are the same files, so that neither a large model nor later work in them is lost by an undo. What the new
    version brings itself stays as it brings it. `names` are relative to the directory `before`.
    """
    for name in names:
        source, target = f"{before}/{name}", f"{after}/{name}"
        if not os.path.lexists(source):
            continue
        if os.path.lexists(target) or not _made_directory(os.path.dirname(target)):
            reporter.warn(f"{pack.identifier}: `{name}` gives way to what the new version has under that name")
        else:
            link_file(source, target)


def _made_directory(path: str) -> bool:
    """Whether there is a directory now; `False` where a file is in the way."""
    try:
        os.makedirs(path, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        return False
    return True


def _is_obtainable(pack: TrackedPack) -> bool:
    release = pack.release
    if pack.is_development or not release.version:
        return False
    return release.source == "registry" or (release.source == "git" and release.repository is not None)
