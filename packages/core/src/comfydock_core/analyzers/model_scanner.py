"""`ModelScanner`: which model files lie below a directory, by their names alone; none of them is opened."""

import os
from collections.abc import Iterator

from comfydock_core.models.model_files.index import NO_FOLDER, FileState, FoundFile, RootScan, ScanRoot

# How often one directory is gone through that several links lead to.
_MOST_WAYS = 8
_UNFINISHED = (".part", ".tmp", ".crdownload", ".download", ".aria2")


class ModelScanner:
    """Looks through one root, following links to what they lead to; loops end."""

    def __init__(self, root: ScanRoot) -> None:
        self._root = root
        self._folders = {directory: (name, extensions) for directory, name, extensions in root.folders}
        self._found: list[FoundFile] = []
        self._problems: list[tuple[str, str]] = []
        self._ways: dict[tuple[int, int], int] = {}

    def scan(self) -> RootScan:
        """Every model file below the root, and what could not be looked at. Nothing is raised for what is found."""
        try:
            found = os.stat(self._root.path)
        except OSError as error:
            return RootScan(self._root, False, problems=(("", error.strerror or str(error)),))
        self._walk("", (NO_FOLDER, self._root.extensions), ((found.st_dev, found.st_ino),))
        return RootScan(self._root, True, tuple(self._found), tuple(self._problems))

    def _walk(self, path: str, accepts: tuple[str, frozenset[str]], above: tuple[tuple[int, int], ...]) -> None:
        """One directory: `accepts` are the folder that it belongs to and its extensions, `above` what it lies in."""
        if path in self._folders:
            name, extensions = self._folders[path]
            accepts = (name, extensions or self._root.extensions)
        for entry in self._entries(path):
            if entry.name.startswith("."):
                continue
            inside = f"{path}/{entry.name}" if path else entry.name
            try:
                is_directory = entry.is_dir()
                if is_directory or _may_be_model(entry.name, accepts[1]):
                    self._take(entry, inside, accepts, above, is_directory=is_directory)
            except OSError as error:
                self._problems.append((inside, error.strerror or str(error)))

    def _entries(self, path: str) -> Iterator["os.DirEntry[str]"]:
        try:
            with os.scandir(f"{self._root.path}/{path}") as entries:
                yield from entries
        except OSError as error:
            self._problems.append((path, error.strerror or str(error)))

    def _take(
        self,
        entry: "os.DirEntry[str]",
        path: str,
        accepts: tuple[str, frozenset[str]],
        above: tuple[tuple[int, int], ...],
        *,
        is_directory: bool,
    ) -> None:
        if not is_directory:
            self._take_file(entry, path, accepts[0])
            return
        found = entry.stat()
        itself = (found.st_dev, found.st_ino)
        self._ways[itself] = self._ways.get(itself, 0) + 1
        if itself not in above and self._ways[itself] <= _MOST_WAYS:
            self._walk(path, _inside(path, accepts), (*above, itself))

    def _take_file(self, entry: "os.DirEntry[str]", path: str, folder: str) -> None:
        try:
            if not entry.is_file():
                if entry.is_symlink():
                    self._problems.append((path, f"its link leads nowhere: {os.readlink(entry.path)}"))
                return
            found = entry.stat()
        except FileNotFoundError:
            return  # It went away while we looked.
        state = FileState(found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev)
        self._found.append(FoundFile(path, folder, state))


def _inside(path: str, accepts: tuple[str, frozenset[str]]) -> tuple[str, frozenset[str]]:
    """What a directory accepts that no environment knows: those right below the root count as folders of their own."""
    return (path, accepts[1]) if accepts[0] == NO_FOLDER and "/" not in path else accepts


def _may_be_model(name: str, extensions: frozenset[str]) -> bool:
    lowered = name.lower()
    return os.path.splitext(lowered)[1] in extensions and not lowered.endswith(_UNFINISHED)
