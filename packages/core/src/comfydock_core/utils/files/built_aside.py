"""A directory that is built beside the place that it takes, whole or not at all, in place of an earlier one.

What is being built has a note of who builds it, made first and removed last: by it the next one clears away what a
killed process left.
"""

import contextlib
import os
import re
import secrets
from collections.abc import Callable, Iterator

from comfydock_core.utils.faults import fault
from comfydock_core.utils.files import atomic
from comfydock_core.utils.files.filesystem import remove_tree
from comfydock_core.utils.files.locks import Owner, words_of_this_process

_NOTE, _NEW, _OLD = ".owner", ".tmp", ".old"
_BYTES = 4  # In the part of the names that is made up.


@contextlib.contextmanager
def built_aside(target: str) -> Iterator[tuple[str, Callable[[], None]]]:
    """An empty directory to build in, and what puts it in place of `target`; without that call nothing changes.

    Raises `OSError`.
    """
    place, name = os.path.split(target)
    clear_away(target)
    stem = f"{place}/.{name}.{secrets.token_hex(_BYTES)}"
    try:
        atomic.write_bytes(f"{stem}{_NOTE}", Owner.this_process(words_of_this_process()).note())
        os.mkdir(f"{stem}{_NEW}")
        yield f"{stem}{_NEW}", lambda: _put_in_place(stem, target)
    finally:
        _remove(stem, target)


def clear_away(target: str) -> None:
    """Remove what processes that live no more left while they built `target`, and bring back what they took away."""
    place, name = os.path.split(target)
    notes = re.compile(rf"(\.{re.escape(name)}\.[0-9a-f]{{{2 * _BYTES}}}){re.escape(_NOTE)}")
    for entry in os.listdir(place):
        note = notes.fullmatch(entry)
        owner = Owner.read(f"{place}/{entry}") if note else None
        if note and owner is not None and owner.is_gone:
            _remove(f"{place}/{note[1]}", target)


def _put_in_place(stem: str, target: str) -> None:
    if os.path.lexists(target):
        os.rename(target, f"{stem}{_OLD}")
        fault("earlier directory aside")
    os.rename(f"{stem}{_NEW}", target)
    fault("directory in place")


def _remove(stem: str, target: str) -> None:
    if os.path.lexists(f"{stem}{_OLD}") and not os.path.lexists(target):
        os.rename(f"{stem}{_OLD}", target)
    for path in (f"{stem}{_NEW}", f"{stem}{_OLD}"):
        if os.path.lexists(path):
            remove_tree(path)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{stem}{_NOTE}")
