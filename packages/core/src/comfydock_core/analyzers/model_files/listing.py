"""What ComfyUI would list of a folder."""

import os
from collections.abc import Iterator

from comfydock_core.models.model_files.folders import ModelFolder

NOT_ENTERED = ".git"


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
        identity = _identity(place) if name != NOT_ENTERED else None
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
