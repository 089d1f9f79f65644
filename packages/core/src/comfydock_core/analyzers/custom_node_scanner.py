"""Which node classes a pack, or ComfyUI itself, defines: read from its files, which are never imported."""

import os
from collections.abc import Callable, Iterable

from comfydock_core.analyzers.code.class_files import files_of_comfyui, files_of_pack
from comfydock_core.analyzers.code.node_mappings import MAPPINGS, FileReader, Found
from comfydock_core.analyzers.editor_nodes import EditorNodes
from comfydock_core.models.packs.defined_classes import DefinedClasses

_LARGEST = 8 * 1024 * 1024
_MOST_DOUBTS = 20
_SIGNS = ((MAPPINGS.encode(),), (b"node_id", b"chema"))  # A file is parsed when it has all of one of these.


def read_classes(root: str, files: Iterable[str]) -> DefinedClasses:
    """The node classes that files below a directory define. What cannot be read is a doubt."""
    return CustomNodeScanner(root).read(files)


def classes_of_pack(place: str) -> DefinedClasses:
    """The node classes of a pack."""
    return read_classes(place if os.path.isdir(place) else os.path.dirname(place), files_of_pack(place))


def classes_of_comfyui(comfyui: str) -> DefinedClasses:
    """The node classes that ComfyUI comes with."""
    return read_classes(comfyui, files_of_comfyui(comfyui))


class CustomNodeScanner:
    """Reads the node classes of one pack, or of ComfyUI, from its files, each at most once.

    Nothing is imported or run. A file is parsed only when it can say something.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._readers: dict[str, FileReader | None] = {}
        self._looking: set[tuple[str, str]] = set()

    def read(self, files: Iterable[str]) -> DefinedClasses:
        """The node classes that these files below the root define. What cannot be read is a doubt."""
        names: set[str] = set()
        doubts: list[str] = []
        scripts = EditorNodes()
        for path in files:
            found = self._of_file(path, scripts)
            names |= found.keys
            doubts += self._described(path, found)
        in_scripts: set[str] = set()
        for path, found in scripts.found():
            in_scripts |= found.keys
            doubts += self._described(path, found)
        told = tuple(dict.fromkeys(doubts))[:_MOST_DOUBTS]
        return DefinedClasses(frozenset(names | in_scripts), told, frozenset(in_scripts - names))

    def _described(self, path: str, found: Found) -> list[str]:
        return [f"{os.path.relpath(path, self._root)}:{line}: {reason}" for line, reason in found.doubts]

    def _of_file(self, path: str, scripts: EditorNodes) -> Found:
        try:
            if os.path.getsize(path) > _LARGEST:
                return Found.at_line(0, "the file is too large")
            with open(path, "rb") as file:
                content = file.read()
        except OSError as error:
            return Found.at_line(0, f"the file cannot be read: {error.strerror}")
        if not path.endswith(".py"):
            scripts.add(path, content)
            return Found()
        if not any(all(sign in content for sign in signs) for signs in _SIGNS):
            return Found()
        try:
            reader = self._reader(path, content)
        except ValueError as error:
            return Found.at_line(0, str(error))
        return reader.found()

    def _reader(self, path: str, content: bytes) -> FileReader:
        known = self._readers.get(path)
        if known is None:
            text = content.decode("utf-8", "replace").removeprefix("\ufeff")
            known = FileReader(text, self._lookup_from(path))
            self._readers[path] = known
        return known

    def _lookup_from(self, path: str) -> Callable[[str, int, str], Found | None]:
        def look_up(module: str, level: int, name: str) -> Found | None:
            place = self._module_file(path, module, level)
            if place is None or (place, name) in self._looking:
                return None
            self._looking.add((place, name))
            try:
                return self._mapping_of(place, name)
            finally:
                self._looking.discard((place, name))

        return look_up

    def _mapping_of(self, path: str, name: str) -> Found | None:
        try:
            with open(path, "rb") as file:
                return self._reader(path, file.read()).mapping(name)
        except (OSError, ValueError):
            return None  # The name cannot be found, then, which is a doubt where it is used.

    def _module_file(self, path: str, module: str, level: int) -> str | None:
        """The file of an imported module, if that lies in the pack."""
        place = os.path.dirname(path) if level else self._root
        for _ in range(level - 1):
            place = os.path.dirname(place)
        if place != self._root and not place.startswith(f"{self._root}{os.sep}"):
            return None
        base = os.path.join(place, *module.split(".")) if module else place
        return next((file for file in (f"{base}.py", f"{base}/__init__.py") if os.path.isfile(file)), None)
