"""The roots that a section of `extra_model_paths.yaml` names: its `base_path`, and what lies elsewhere by itself."""

import os

from comfydock_core.analyzers.model_files.extra_paths import base_of, searched
from comfydock_core.models.model_files.model_paths import PathsSection
from comfydock_core.records import record


@record
class RootPlace:
    """One root with the folders in it. `fixed` says that it is named by its whole path."""

    path: str
    folders: tuple[tuple[str, str], ...]
    fixed: bool


def root_places(section: PathsSection, file: str) -> list[RootPlace]:
    """The roots of a section of `file`: those beside the `base_path` first, each once, and the `base_path` last."""
    base = base_of(section, file)
    root = None if base is None else os.path.normpath(base)
    inside: list[tuple[str, str]] = []
    beside: dict[str, RootPlace] = {}
    for (folder, place), named in zip(searched(section, file), section.paths, strict=True):
        if root is not None and f"{place}{os.sep}".startswith(f"{root.rstrip(os.sep)}{os.sep}"):
            inside.append((folder, place))
            continue
        known = beside.get(place)
        folders = (*(known.folders if known is not None else ()), (folder, place))
        beside[place] = RootPlace(place, folders, fixed=root is not None or os.path.isabs(named.path))
    if root is None:
        return list(beside.values())
    fixed = os.path.isabs(os.path.expandvars(os.path.expanduser(section.base_path or "")))
    return [*beside.values(), RootPlace(root, tuple(inside), fixed)]
