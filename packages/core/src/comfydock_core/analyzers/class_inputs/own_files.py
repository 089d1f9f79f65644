"""Paths of what is read, and which files are there: that decides what a package imports and what it lets choose from.

Only below the place that is read is anything looked at. Directories that were listed are told to the caller, as what
was made of them changes with them.
"""

import fnmatch
import os
import pathlib
from collections.abc import Callable

from comfydock_core.analyzers.class_inputs.values import MOST, Place, Unknown

_MADE = ("pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath")
_SAME = ("resolve", "absolute", "expanduser", "as_posix", "__str__", "__fspath__")
_VALUES = ("name", "stem", "suffix", "parts")


class OwnFiles:
    """Answers about files below a root."""

    def __init__(self, root: str) -> None:
        self._root = root
        self.listed: dict[str, None] = {}

    def called(self, dotted: str, arguments: list[object], place: Place) -> object:
        """What a function gives that is about paths, else `None`."""
        if dotted in _MADE:
            texts = [str(one) if isinstance(one, pathlib.PurePath) else one for one in arguments]
            known = [one for one in texts if isinstance(one, str)]
            absolute = len(known) == len(texts) and bool(known) and os.path.isabs(known[0])
            return pathlib.PurePosixPath(os.path.normpath(os.path.join(*known))) if absolute else None
        if not arguments or len(arguments) > 1:
            return None
        act: Callable[[str], object] | None = _ASKED.get(dotted)
        if dotted == "os.listdir":
            act = self._names
        elif dotted == "glob.glob":
            act = self._matching
        text = str(arguments[0]) if isinstance(arguments[0], str | pathlib.PurePath) else None
        if act is None or text is None or not self._is_own(text):
            return None
        self._note(os.path.dirname(text))
        found = act(text)
        return found if found is not None else Unknown(f"{place}: which files there are")

    def attribute(self, path: pathlib.PurePath, name: str) -> object:
        """A name of a path that is a value, else `None`."""
        if name == "parent":
            return path.parent
        if name == "parents":
            return list(path.parents)
        return getattr(path, name) if name in _VALUES else None

    def method(self, path: pathlib.PurePath, name: str, arguments: list[object], place: Place) -> object:
        """What a method of a path gives."""
        if name in _SAME:
            return str(path) if name not in _SAME[:3] else path
        texts = [str(one) for one in arguments if isinstance(one, str | pathlib.PurePath)]
        if len(texts) == len(arguments):
            if name == "joinpath":
                return pathlib.PurePosixPath(os.path.normpath(path.joinpath(*texts)))
            if name in ("with_suffix", "with_name", "relative_to") and len(texts) == 1:
                return getattr(path, name)(texts[0])
            if self._is_own(str(path)):
                return self._on_disk(path, name, texts, place)
        return Unknown(f"{place}: what is there on a machine")

    def _on_disk(self, path: pathlib.PurePath, name: str, texts: list[str], place: Place) -> object:
        if name in ("exists", "is_file", "is_dir"):
            return self.called(f"os.path.{name.replace('_', '')}", [str(path)], place)
        names = self._names(str(path)) if name in ("iterdir", "glob") else None
        if names is None or (name == "glob" and ("/" in texts[0] or "**" in texts[0])):
            return Unknown(f"{place}: what is there on a machine")
        return [path / one for one in names if name == "iterdir" or fnmatch.fnmatch(one, texts[0])]

    def _is_own(self, text: str) -> bool:
        text = os.path.normpath(text)
        return text == self._root or text.startswith(f"{self._root}{os.sep}")

    def _note(self, directory: str) -> None:
        self.listed[os.path.normpath(directory)] = None

    def _names(self, directory: str) -> list[str] | None:
        """The names in a directory, without what Python leaves there. In the order of the disk, as code sees them."""
        try:
            names = [name for name in os.listdir(directory) if name != "__pycache__"]
        except OSError:
            return None
        self._note(directory)
        return names if len(names) <= MOST else None

    def _matching(self, pattern: str) -> list[str] | None:
        directory, _, last = pattern.rpartition("/")
        if "*" in directory or "?" in directory or "[" in pattern or "**" in last:
            return None
        names = self._names(directory)
        return None if names is None else [f"{directory}/{one}" for one in names if fnmatch.fnmatch(one, last)]


_ASKED: dict[str, Callable[[str], object]] = {
    "os.path.exists": os.path.exists,
    "os.path.isfile": os.path.isfile,
    "os.path.isdir": os.path.isdir,
}
