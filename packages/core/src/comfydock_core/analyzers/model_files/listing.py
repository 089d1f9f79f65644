"""What ComfyUI would list of a folder, and where it shows a file."""

import os
from collections.abc import Iterator

from comfydock_core.models.model_files.folders import ModelFolder, ModelFolders, SeenFile, Shown

_NOT_ENTERED = ".git"


def listed_files(folder: ModelFolder) -> list[str]:
    """The names in ComfyUI's list of a folder, below any of its directories, sorted as ComfyUI sorts them.

    Links are followed, and end where they lead back to a directory on the way; ComfyUI would go round some forty times.
    Links that lead nowhere are listed, as ComfyUI does.
    """
    names: set[str] = set()
    for directory in folder.directories:
        names.update(name for name in names_below(directory) if counts(folder, name))
    return sorted(names)


def path_of(folder: ModelFolder, name: str) -> str | None:
    """The file that ComfyUI opens for a name: the first directory that has it wins."""
    for directory in folder.directories:
        path = os.path.join(directory, name)
        if os.path.isfile(path):
            return path
    return None


def counts(folder: ModelFolder, name: str) -> bool:
    """Whether a file of this name is one of the folder's models."""
    return not folder.extensions or os.path.splitext(name)[1].lower() in folder.extensions


def names_below(directory: str) -> Iterator[str]:
    """Every file below a directory, relative to it. What cannot be read is left out."""
    identity = _identity(directory)
    return iter(()) if identity is None else _below(directory, "", (identity,))


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


def _below(directory: str, prefix: str, way: tuple[tuple[int, int], ...]) -> Iterator[str]:
    """`way` are the directories that lead here, by what they are."""
    inner: list[str] = []
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                if _is_directory(entry):
                    inner.append(entry.name)
                else:
                    yield prefix + entry.name
    except OSError:
        return
    for name in inner:
        place = os.path.join(directory, name)
        identity = _identity(place) if name != _NOT_ENTERED else None
        if identity is not None and identity not in way:
            yield from _below(place, f"{prefix}{name}{os.sep}", (*way, identity))


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _identity(directory: str) -> tuple[int, int] | None:
    try:
        found = os.stat(directory)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _names_in(folder: ModelFolder, path: str) -> Iterator[str]:
    """The names that a path has below the folder's directories, as they are named and as they lie."""
    for directory in folder.directories:
        for place, file in ((directory, path), (os.path.realpath(directory), _with_real_directory(path))):
            if file.startswith(f"{place.rstrip(os.sep)}{os.sep}"):
                yield file[len(place.rstrip(os.sep)) + 1 :]


def _with_real_directory(path: str) -> str:
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


def _hindrance(folder: ModelFolder, name: str, path: str) -> str | None:
    if _NOT_ENTERED in name.split(os.sep)[:-1]:
        return f"ComfyUI does not look into `{_NOT_ENTERED}`"
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
