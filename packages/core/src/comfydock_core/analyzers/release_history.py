"""In which releases of ComfyUI a node class is: by its name in the files that define classes, at every release."""

from collections.abc import Iterable

from comfydock_core.integrations.git import searching
from comfydock_core.records import record
from comfydock_core.utils.versions import version_key

_LOOKS_BACK = 16  # So many releases are asked for a class that the newest one lacks.
_PLACES = ("nodes.py", "comfy_extras", "comfy_api_nodes")


@record
class ClassHistory:
    """The releases that have a class: the first and the last one. `gone` says that newer ones have it no more."""

    first: str
    last: str
    gone: bool


class ReleaseHistory:
    """Asks one repository of ComfyUI. Nothing is fetched: releases that it does not have are not known of."""

    def __init__(self, repository: str) -> None:
        self._repository = repository
        self._tags = sorted(searching.release_tags(repository), key=version_key)
        self._stride = max(len(self._tags) // _LOOKS_BACK, 1)
        self._found: dict[int, frozenset[str]] = {}
        self._names: tuple[str, ...] = ()

    def of(self, names: Iterable[str]) -> dict[str, ClassHistory]:
        """The history of each class that any release has. Raises `GitFailed`.

        A class is taken to be in every release between its first and its last one. For one that the newest release
        lacks some releases before are asked, so that one that did not live long may not be found.
        """
        self._names, self._found = tuple(sorted(set(names))), {}
        if not self._names or not self._tags:
            return {}
        newest = len(self._tags) - 1
        known: dict[str, ClassHistory] = {}
        for name in self._names:
            if name in self._in(newest):
                known[name] = ClassHistory(self._tags[self._first(name, newest)], self._tags[newest], False)
            else:
                there = next((at for at in range(newest - 1, -1, -self._stride) if name in self._in(at)), None)
                if there is not None:
                    first, last = self._first(name, there), self._last(name, there)
                    known[name] = ClassHistory(self._tags[first], self._tags[last], True)
        return known

    def _last(self, name: str, there: int) -> int:
        """The latest release with a class that one release has and the newest lacks."""
        low, high = there, min(there + self._stride, len(self._tags) - 1)
        while high - low > 1:
            middle = (low + high) // 2
            if name in self._in(middle):
                low = middle
            else:
                high = middle
        return low

    def _first(self, name: str, there: int) -> int:
        """The earliest release with a class that one release has."""
        low, high = 0, there
        while low < high:
            middle = (low + high) // 2
            if name in self._in(middle):
                high = middle
            else:
                low = middle + 1
        return high

    def _in(self, at: int) -> frozenset[str]:
        if at not in self._found:
            self._found[at] = searching.quoted_texts(self._repository, self._tags[at], self._names, _PLACES)
        return self._found[at]
