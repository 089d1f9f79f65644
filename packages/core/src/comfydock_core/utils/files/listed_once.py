"""Directories and files as they were when they were first looked at: what several ask about is looked at once."""

import os
from collections.abc import Callable, Iterable

from comfydock_core.utils.files.fingerprints import digest


class ListedOnce:
    """What lies below some directories, for as long as one command asks about it.

    A file that changes meanwhile is seen as it was before it was read, so what was made of it does not count as up to
    date for the next command.
    """

    def __init__(self) -> None:
        self._listings: dict[str, tuple[list[str], list[str]]] = {}
        self._entries: dict[str, os.DirEntry[str]] = {}

    def files(self, directory: str, ends: tuple[str, ...], enters: Callable[[str], bool]) -> list[str]:
        """The files below a directory whose names end like this, sorted in each directory, inner directories last.

        Inner directories are entered where `enters` says so of their names, but for links to directories. What cannot
        be read has nothing in it.
        """
        found: list[str] = []
        waiting = [directory]
        while waiting:
            place = waiting.pop()
            directories, names = self._listing(place)
            found += [f"{place}/{name}" for name in names if name.endswith(ends)]
            waiting += [f"{place}/{name}" for name in reversed(directories) if enters(name)]
        return found

    def stamp(self, files: Iterable[str]) -> str:
        """Another text when one of these files is written, comes or goes, told without reading any."""
        return digest(f"{file}\0{self._size_and_time(file)}" for file in files)

    def _listing(self, place: str) -> tuple[list[str], list[str]]:
        """The names of directories, without links to such, and of everything that is none."""
        known = self._listings.get(place)
        if known is None:
            directories: list[str] = []
            names: list[str] = []
            try:
                with os.scandir(place) as entries:
                    for entry in entries:
                        if not _is_directory(entry):
                            names.append(entry.name)
                            self._entries[f"{place}/{entry.name}"] = entry
                        elif not entry.is_symlink():
                            directories.append(entry.name)
            except OSError:
                directories, names = [], []
            known = self._listings[place] = (sorted(directories), sorted(names))
        return known

    def _size_and_time(self, file: str) -> str:
        entry = self._entries.get(file)
        try:
            found = os.stat(file) if entry is None else entry.stat()
        except OSError:
            return "gone"
        return f"{found.st_size} {found.st_mtime_ns} {found.st_ino}"


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
