"""The swaps that make files of a scope others: one a file, or one for a directory that comes or goes as a whole.

What nobody asked to change, such as a file beside them that no history knows, is never touched.
"""

import os
from collections.abc import Collection, Iterator, Mapping

from comfydock_core.models.file_moves import FileSwaps, TreeFile
from comfydock_core.services.transaction.planning import swap

_CACHES = "__pycache__"


def plan_file_swaps(scope: str, files: Mapping[str, TreeFile | None], keep: Collection[str]) -> FileSwaps:
    """Plan to have `files` in the scope, by names relative to it, `None` for those that are to go.

    The directories `keep` stay, whatever becomes of what is in them. Raises `OSError`.
    """
    return _Planner(scope, files, keep).plan()


class _Planner:
    def __init__(self, scope: str, files: Mapping[str, TreeFile | None], keep: Collection[str]) -> None:
        self._scope = scope
        self._coming = {name: file for name, file in files.items() if file is not None}
        self._going = {name for name, file in files.items() if file is None and os.path.lexists(f"{scope}/{name}")}
        self._keep = {*keep, ""}
        self._found = FileSwaps()
        self._emptied: dict[str, bool] = {}

    def plan(self) -> FileSwaps:
        for name, file in self._coming.items():
            place = self._place(name)
            if place is None:
                self._found.obstacles.append(name)
            else:
                self._found.staged.setdefault(place, {})[name[len(place) + 1 :]] = file
        for place in self._found.staged:
            self._found.steps.append(swap(self._scope, place, has_new=True))
        for name in dict.fromkeys(self._gone(name) for name in sorted(self._going) if not self._is_replaced(name)):
            self._found.steps.append(swap(self._scope, name, has_new=False))
        return self._found

    def _place(self, name: str) -> str | None:
        """The name to swap for a new file: its own, or that of the first directory above it that is not there."""
        for above in [*_above(name), name]:
            path = f"{self._scope}/{above}"
            if not os.path.lexists(path) or (above in self._going and not _is_directory(path)):
                return above
            if above != name and not _is_directory(path):
                return None
        return None if _is_directory(f"{self._scope}/{name}") and not self._is_emptied(name) else name

    def _gone(self, name: str) -> str:
        """The highest directory that holds nothing else any more, or the file itself."""
        return next((above for above in _above(name) if above not in self._keep and self._is_emptied(above)), name)

    def _is_emptied(self, directory: str) -> bool:
        """Whether a directory holds nothing that stays, but for what Python keeps there."""
        if directory not in self._emptied:
            self._emptied[directory] = self._holds_nothing(directory)
        return self._emptied[directory]

    def _holds_nothing(self, directory: str) -> bool:
        if directory in self._keep:
            return False
        prefix = f"{directory}/"
        if any(name.startswith(prefix) for name in self._coming):
            return False
        return not os.path.islink(f"{self._scope}/{directory}") and all(
            name in self._going or name.rpartition("/")[0].endswith(_CACHES) for name in self._below(directory)
        )

    def _below(self, directory: str) -> Iterator[str]:
        with os.scandir(f"{self._scope}/{directory}") as entries:
            for entry in entries:
                name = f"{directory}/{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    yield from self._below(name)
                else:
                    yield name

    def _is_replaced(self, name: str) -> bool:
        return any(place in self._found.staged for place in [*_above(name), name])


def _above(name: str) -> list[str]:
    """The directories that a name lies in, the highest first."""
    parts = name.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _is_directory(path: str) -> bool:
    return os.path.isdir(path) and not os.path.islink(path)
