"""Where ComfyUI shows a file."""

import os
from collections.abc import Iterator

from comfydock_core.analyzers.model_files.listing import NOT_ENTERED, counts, path_of
from comfydock_core.models.model_files.folders import ModelFolder, ModelFolders
from comfydock_core.models.model_files.shown import SeenFile, Shown


def seen_from(folders: ModelFolders, path: str) -> SeenFile:
    """Under which folders and names ComfyUI shows a file, and why not where it lies in a folder or near one."""
    whole = os.path.abspath(path)
    shown: list[Shown] = []
    reasons: list[str] = []
    for folder in folders:
        for name in dict.fromkeys(_names_in(folder, whole)):
            reason = _hindrance(folder, name, whole)
            if reason is None:
                shown.append(Shown(folder.name, name))
            else:
                reasons.append(f"{folder.name}: {reason}")
    if not shown and not reasons:
        reasons.append(_outside(folders, whole))
    return SeenFile(whole, tuple(shown), tuple(dict.fromkeys(reasons)))


def _names_in(folder: ModelFolder, path: str) -> Iterator[str]:
    """The names that a path has below the folder's directories, as they are named and as they lie."""
    for directory in folder.directories:
        for place, file in ((directory, path), (os.path.realpath(directory), _with_real_directory(path))):
            if file.startswith(f"{place.rstrip(os.sep)}{os.sep}"):
                yield file[len(place.rstrip(os.sep)) + 1 :]


def _with_real_directory(path: str) -> str:
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


def _hindrance(folder: ModelFolder, name: str, path: str) -> str | None:
    if NOT_ENTERED in name.split(os.sep)[:-1]:
        return f"ComfyUI does not look into `{NOT_ENTERED}`"
    if not counts(folder, name):
        extension = os.path.splitext(name)[1]
        listed = ", ".join(sorted(one or "none" for one in folder.extensions))
        return f"`{extension or name}` is not one of its extensions ({listed})"
    first = path_of(folder, name)
    if first is None:
        return "there is no such file"
    if not os.path.exists(path) or os.path.samefile(first, path):
        return None
    return f"`{first}` has the same name and comes first"


def _outside(folders: ModelFolders, path: str) -> str:
    """A word about a file in none of the folders; one that only differs in upper and lower case is named."""
    for folder in folders:
        for directory in folder.directories:
            if path.casefold().startswith(f"{directory.casefold()}{os.sep}"):
                return f"ComfyUI reads `{directory}`, which is written otherwise"
    return "it lies in no folder that ComfyUI reads"
