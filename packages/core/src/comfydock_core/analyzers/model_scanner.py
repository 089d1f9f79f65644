"""`ModelScanner`: which model files lie below a directory, by their names alone; none of them is opened."""

import os
from typing import NamedTuple

from comfydock_core.models.model_files.index import FoundFile, RootScan, ScanRoot
from comfydock_core.models.model_files.location import NO_FOLDER, FileState
from comfydock_core.utils.files.file_systems import has_lasting_numbers

# How often one directory is gone through that several links lead to.
_MOST_WAYS = 8
_UNFINISHED = frozenset((".part", ".tmp", ".crdownload", ".download", ".aria2"))


class _Directory(NamedTuple):
    """One that is to be gone through: to which folder it belongs, what it accepts, and what it lies in."""

    path: str
    folder: str
    extensions: frozenset[str]
    above: tuple[tuple[int, int], ...]


class ModelScanner:
    """Looks through one root, following links to what they lead to; loops end."""

    def __init__(self, root: ScanRoot) -> None:
        self._root = root
        self._folders = {directory: (name, extensions) for directory, name, extensions in root.folders}
        self._found: list[FoundFile] = []
        self._problems: list[tuple[str, str]] = []
        self._ways: dict[tuple[int, int], int] = {}
        self._waiting: list[_Directory] = []
        self._empty: list[str] = []

    def scan(self) -> RootScan:
        """Every model file below the root, and what could not be looked at. Nothing is raised for what is found."""
        try:
            found = os.stat(self._root.path)
        except OSError as error:
            return RootScan(self._root, False, problems=(("", _reason(error)),))
        self._wait("", NO_FOLDER, self._root.extensions, ((found.st_dev, found.st_ino),))
        while self._waiting:
            self._look_through(self._waiting.pop())
        devices = {one.state.device for one in self._found}
        return RootScan(
            root=self._root,
            present=True,
            files=tuple(self._found),
            problems=tuple(self._problems),
            empty=tuple(self._empty),
            numberless=frozenset(device for device in devices if not has_lasting_numbers(device)),
        )

    def _wait(self, path: str, folder: str, extensions: frozenset[str], above: tuple[tuple[int, int], ...]) -> None:
        if path in self._folders:
            folder, own = self._folders[path]
            extensions = own or self._root.extensions
        self._waiting.append(_Directory(path, folder, extensions - _UNFINISHED, above))

    def _look_through(self, directory: _Directory) -> None:
        # Plain files are nearly all there is, and are taken without a call of ours: this loop is what a scan costs.
        folder, extensions, found = directory.folder, directory.extensions, self._found
        inside, name = f"{directory.path}/" if directory.path else "", ""
        try:
            with os.scandir(f"{self._root.path}/{directory.path}") as entries:
                for entry in entries:
                    name = entry.name
                    if name[0] == ".":
                        continue
                    try:
                        is_model = name[name.rfind(".") :].lower() in extensions
                        if is_model and entry.is_file(follow_symlinks=False):
                            found.append(
                                FoundFile(inside + name, folder, FileState.of(entry.stat(follow_symlinks=False)))
                            )
                        elif entry.is_dir():
                            self._take_directory(entry, inside + name, directory)
                        elif is_model or entry.is_symlink():
                            self._take_link(entry, inside + name, folder, is_model=is_model)
                    except FileNotFoundError:
                        continue  # It went away while we looked.
                    except OSError as error:
                        self._problems.append((inside + name, _reason(error)))
            if not name:
                self._empty.append(directory.path)
        except OSError as error:
            # A directory that went away while we looked is not there; of a root that did nothing can be said.
            if not isinstance(error, FileNotFoundError) or not directory.path:
                self._problems.append((directory.path, _reason(error)))

    def _take_directory(self, entry: "os.DirEntry[str]", path: str, within: _Directory) -> None:
        found = entry.stat()
        itself = (found.st_dev, found.st_ino)
        self._ways[itself] = self._ways.get(itself, 0) + 1
        if itself not in within.above and self._ways[itself] <= _MOST_WAYS:
            # Directories right below the root that no environment knows count as folders of their own.
            is_own = within.folder == NO_FOLDER and "/" not in path
            self._wait(path, path if is_own else within.folder, within.extensions, (*within.above, itself))

    def _take_link(self, entry: "os.DirEntry[str]", path: str, folder: str, *, is_model: bool) -> None:
        if is_model and entry.is_file():
            self._found.append(FoundFile(path, folder, FileState.of(entry.stat())))
        elif entry.is_symlink() and not os.path.exists(entry.path):
            self._problems.append((path, f"its link leads nowhere: {os.readlink(entry.path)}"))


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
