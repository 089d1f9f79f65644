"""`comfydock_cache/bisect`: the environments that bisections try in, each with a lock beside it that lasts as long.

Who holds the lock of one is at work in it; whatever nobody holds was left by a bisection that was killed.
"""

import contextlib
import os
import secrets
from collections.abc import Iterator

from comfydock_core.models.exceptions import ScopeBusy
from comfydock_core.utils.files import locks
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.filesystem import remove_tree

_LOCK = ".lock"
_WHAT = "the environment of a bisection"


@contextlib.contextmanager
def own_place(cache: str) -> Iterator[str]:
    """A new directory for one bisection, which goes with all that is in it. Raises `OSError`, `FileSystemError`."""
    os.makedirs(f"{cache}/bisect", exist_ok=True)
    place = f"{cache}/bisect/{secrets.token_hex(8)}"
    with locks.acquire(f"{place}{_LOCK}", _WHAT, locks.words_of_this_process()):
        try:
            os.mkdir(place)
            yield place
        finally:
            with disk_errors("remove the environment that was tried in"):
                _remove(place)


def left_places(cache: str) -> list[str]:
    """What bisections left that are no more. Raises `OSError`."""
    directory = f"{cache}/bisect"
    names = os.listdir(directory) if os.path.isdir(directory) else []
    places = dict.fromkeys(f"{directory}/{name.partition(_LOCK)[0]}" for name in sorted(names))
    return [place for place in places if locks.is_free(f"{place}{_LOCK}")]


def remove_left(place: str) -> None:
    """Remove what a bisection left, unless one is at work there after all. Raises `OSError`, `FileSystemError`."""
    with (
        contextlib.suppress(ScopeBusy),
        locks.acquire(f"{place}{_LOCK}", _WHAT, locks.words_of_this_process()),
    ):
        _remove(place)


def _remove(place: str) -> None:
    """The lock goes last, and while it is held: whoever waits for it sees that it is another one."""
    if os.path.lexists(place):
        remove_tree(place)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{place}{_LOCK}")
