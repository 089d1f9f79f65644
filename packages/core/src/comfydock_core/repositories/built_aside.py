"""A directory that is built beside the place that it takes, whole or not at all, in place of an earlier one."""

import contextlib
import os
from collections.abc import Callable, Iterator

from comfydock_core.repositories.working_places import left_places, working_place
from comfydock_core.utils.faults import fault

_NEW, _OLD = "new", "old"


@contextlib.contextmanager
def built_aside(target: str) -> Iterator[tuple[str, Callable[[], None]]]:
    """An empty directory to build in, and what puts it in place of `target`; without that call nothing changes.

    What killed processes left beside `target` goes, and what they took away of it comes back. Raises `OSError`,
    `FileSystemError`.
    """
    place, name = os.path.split(target)
    os.stat(place)  # It is not made: who names a directory in another one that is not there has mistyped it.
    beside = f"{place}/.{name}.comfydock"
    for left in left_places(beside):
        _bring_back(left, target)
    with working_place(beside) as work:
        os.mkdir(f"{work}/{_NEW}")
        try:
            yield f"{work}/{_NEW}", lambda: _put_in_place(work, target)
        finally:
            _bring_back(work, target)


def _put_in_place(work: str, target: str) -> None:
    if os.path.lexists(target):
        os.rename(target, f"{work}/{_OLD}")
        fault("earlier directory aside")
    os.rename(f"{work}/{_NEW}", target)
    fault("directory in place")


def _bring_back(work: str, target: str) -> None:
    """Put what was taken away in its place again, if nothing has taken that."""
    if os.path.lexists(f"{work}/{_OLD}") and not os.path.lexists(target):
        os.rename(f"{work}/{_OLD}", target)
