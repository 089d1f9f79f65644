"""Where the node packs of an environment lie, which of them are missing, and what goes from one version to the next."""

import os
from collections.abc import Iterable

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.shared import NodePackage
from comfydock_core.repositories.definition.tracked_packs import tracked_packs
from comfydock_core.repositories.pack_release import pack_directories
from comfydock_core.utils import native
from comfydock_core.utils.files.tree_copy import link_file

CUSTOM_NODES = "ComfyUI/custom_nodes"


def path_of(pack: NodePackage) -> str:
    """Its name in the environment."""
    return f"{CUSTOM_NODES}/{pack.directory}"


def missing_packs(
    layout: EnvironmentLayout, manifest: dict[str, object]
) -> tuple[tuple[NodePackage, ...], tuple[str, ...]]:
    """Packs of a manifest that are not there: those that can be fetched, and the names of those that nobody can.

    Raises `ManifestDamaged`, `OSError`.
    """
    packs: list[NodePackage] = []
    unobtainable: list[str] = []
    present = set(pack_directories(layout.custom_nodes))
    for pack in tracked_packs(manifest, layout.manifest).values():
        if pack.directory in present or native.is_directory(f"{layout.custom_nodes}/{pack.directory}"):
            continue
        if is_obtainable(pack):
            packs.append(pack)
        else:
            unobtainable.append(pack.release.name)
    return tuple(packs), tuple(unobtainable)


def is_obtainable(pack: NodePackage) -> bool:
    """Whether its manifest says where it can be had."""
    release = pack.release
    if pack.is_development or not release.version:
        return False
    return release.source == "registry" or (release.source == "git" and release.repository is not None)


def carry_over(pack: NodePackage, names: Iterable[str], before: str, after: str, reporter: Reporter) -> None:
    """Give another version of a pack the files that did not come with it: models, settings, what was made with it.

    They are the same files, so that neither a large model nor later work in them is lost by an undo. What the new
    version brings itself stays as it brings it. `names` are relative to the directory `before`.
    """
    for name in names:
        source, target = f"{before}/{name}", f"{after}/{name}"
        if not os.path.lexists(source):
            continue
        if os.path.lexists(target) or not _made_directory(os.path.dirname(target)):
            reporter.warn(f"{pack.identifier}: `{name}` is replaced by what the new version has under that name")
        else:
            link_file(source, target)


def _made_directory(path: str) -> bool:
    """Whether there is a directory now; `False` where a file is in the way."""
    try:
        os.makedirs(path, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        return False
    return True
