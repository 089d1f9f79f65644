"""What ComfyUI would list of a root, counted."""

import os
from collections.abc import Iterable, Iterator

from comfydock_core.analyzers.model_files.listing import counts, names_below
from comfydock_core.analyzers.model_files.root_places import root_places
from comfydock_core.models.model_files.folders import ModelFolder, ModelFolders
from comfydock_core.models.model_files.model_paths import ExtraModelPaths
from comfydock_core.models.model_files.roots import ModelRoot


def own_root(folders: ModelFolders) -> ModelRoot | None:
    """ComfyUI's own models directory, where it really lies; `None` where its code did not tell."""
    if folders.models is None:
        return None
    below = f"{folders.models}{os.sep}"
    places = [(folder.name, one) for folder in folders for one in folder.directories if one.startswith(below)]
    present = [(name, place) for name, place in places if os.path.isdir(place)]
    return _counted(os.path.realpath(folders.models), None, present, folders, is_default=False)


def named_roots(extra: ExtraModelPaths, file: str, folders: ModelFolders) -> Iterator[ModelRoot]:
    """The roots that a file names."""
    for section in extra.sections:
        for place in root_places(section, file):
            yield _counted(place.path, section.name, place.folders, folders, is_default=section.is_default)


def _counted(
    path: str, section: str | None, places: Iterable[tuple[str, str]], folders: ModelFolders, *, is_default: bool
) -> ModelRoot:
    """Each file once, although several folders may lead to it."""
    sizes: dict[tuple[int, int], int] = {}
    named = [(folders.legacy.get(name, name), directory) for name, directory in places]
    for name, directory in named:
        sizes.update(_files(folders.folder(name), directory))
    names = tuple(dict.fromkeys(name for name, _ in named))
    return ModelRoot(path, section, names, len(sizes), sum(sizes.values()), os.path.isdir(path), is_default)


def _files(folder: ModelFolder | None, directory: str) -> Iterator[tuple[tuple[int, int], int]]:
    for name in names_below(directory):
        if folder is None or counts(folder, name):
            try:
                found = os.stat(os.path.join(directory, name))
            except OSError:
                continue
            yield (found.st_dev, found.st_ino), found.st_size
