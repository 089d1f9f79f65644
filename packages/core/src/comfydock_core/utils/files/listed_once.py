"""Directories and files as they were when they were first looked at: what several ask about is looked at once."""

import os
from collections.abc import Callable, Iterable, Mapping

from comfydock_core.utils.light_digest import digest


class ListedOnce:
    """What lies below some directories, for as long as one command asks about it.

    A file that changes meanwhile is seen as it was before it was read, so what was made of it does not count as up to
    date for the next command.
    """

    def __init__(self, known: Mapping[str, list[os.DirEntry[str]]] | None = None) -> None:
        """`known` are the entries of directories that somebody listed just before."""
        self._known = known or {}
        self._listings: dict[str, tuple[list[str], list[os.DirEntry[str]]]] = {}
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
            directories, entries = self._listing(place)
            wanted = {f"{place}/{entry.name}": entry for entry in entries if entry.name.endswith(ends)}
            self._entries |= wanted
            found += sorted(wanted)
            waiting += [f"{place}/{name}" for name in directories if enters(name)]
        return found

    def stamp(self, files: Iterable[str]) -> str:
        """Another text when one of these files is written, comes or goes, told without reading any."""
        return digest([f"{file}\0{self._size_and_time(file)}" for file in files])

    def _listing(self, place: str) -> tuple[list[str], list[os.DirEntry[str]]]:
        """The names of directories, last one first and without links to such, and everything that is none."""
        known = self._listings.get(place)
        if known is None:
            directories: list[str] = []
            others: list[os.DirEntry[str]] = []
            try:
                for entry in self._known.get(place) or list(os.scandir(place)):
                    is_link = entry.is_symlink()
                    if not is_link and entry.is_dir(follow_symlinks=False):
                        directories.append(entry.name)
                    elif not is_link or not os.path.isdir(entry.path):
                        others.append(entry)
            except OSError:
                directories, others = [], []
            known = self._listings[place] = (sorted(directories, reverse=True), others)
        return known

    def _size_and_time(self, file: str) -> str:
        entry = self._entries.get(file)
        try:
            found = os.stat(file) if entry is None else entry.stat()
        except OSError:
            return "gone"
        return f"{found.st_size} {found.st_mtime_ns} {found.st_ino}"
