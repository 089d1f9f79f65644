"""Directories in the cache that commands work in, each with a lock beside it that lasts as long.

Who holds the lock of one is at work in it; whatever nobody holds was left by a command that was killed.
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
_WHAT = "a directory that a command works in"


@contextlib.contextmanager
def working_place(directory: str) -> Iterator[str]:
    """A new directory in `directory` while inside; what killed commands left there goes. Raises `FileSystemError`."""
    place = f"{directory}/{secrets.token_hex(8)}"
    with contextlib.ExitStack() as held:
        held.callback(_remove_if_empty, directory)
        with disk_errors("make a directory to work in"):
            for left in left_places(directory):
                remove_left(left)
            os.makedirs(directory, exist_ok=True)
            held.enter_context(_locked(place))
        try:
            with disk_errors("make a directory to work in"):
                os.mkdir(place, 0o700)
            yield place
        finally:
            with disk_errors("remove the directory that was worked in"):
                _remove(place)


def left_places(directory: str) -> list[str]:
    """What commands left in `directory` that are no more. Raises `OSError`."""
    names = os.listdir(directory) if os.path.isdir(directory) else []
    places = dict.fromkeys(f"{directory}/{name.partition(_LOCK)[0]}" for name in sorted(names))
    return [place for place in places if locks.is_free(f"{place}{_LOCK}")]


def remove_left(place: str) -> None:
    """Remove what a command left, unless one is at work there after all. Raises `OSError`, `FileSystemError`."""
    with contextlib.suppress(ScopeBusy), _locked(place):
        _remove(place)


def _locked(place: str) -> contextlib.AbstractContextManager[None]:
    return locks.acquire(f"{place}{_LOCK}", _WHAT, locks.words_of_this_process(), state="in use")


def _remove(place: str) -> None:
    """The lock goes last, and while it is held: whoever waits for it sees that it is another one."""
    if os.path.lexists(place):
        remove_tree(place)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{place}{_LOCK}")


def _remove_if_empty(directory: str) -> None:
    with contextlib.suppress(OSError):  # Another command works in one, too.
        os.rmdir(directory)
