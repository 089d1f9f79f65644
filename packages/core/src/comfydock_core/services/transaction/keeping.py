"""How long operations are kept: what they took away is the trash, and their undo.

Operations that keep a directory (an environment, a node pack, a virtual environment) count against the limit; small
ones, that keep files or parts of a definition at most, stay between them, so that choosing environments does not push
a deleted one out, nor commits what was done before them.
"""

import os

from comfydock_core.models.exceptions import OperationDamaged
from comfydock_core.models.operation import Swap
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories import operation_log
from comfydock_core.repositories.operation_log import Journal
from comfydock_core.services.transaction.trash import empty_trash, put_away
from comfydock_core.utils.files.filesystem import freed_by_removing

KEPT = 3
_MOST = 50


def drop_old(scope: str, reporter: Reporter, keep: int = KEPT) -> None:
    """Remove the operations beyond the limit, oldest first; the caller holds the lock and nothing is unfinished."""
    for identifier in reversed(beyond(scope, keep)):
        put_away(scope, _directory(scope, identifier))
    empty_trash(scope, reporter)


def drop_leftovers(scope: str, identifier: str) -> None:
    """Put away what a finished operation has no use for any more: its scratch, and what it never put in place."""
    for name in ("work", "new"):
        path = f"{_directory(scope, identifier)}/{name}"
        if os.path.isdir(path) and os.listdir(path):
            put_away(scope, path)


def beyond(scope: str, keep: int) -> list[str]:
    """The operations that a limit of `keep` leaves no room for, newest first.

    Those are all that are older than the last `keep` large ones, and of the small ones all but the last fifty.
    """
    without_room: list[str] = []
    large = small = 0
    for identifier in reversed(operation_log.operation_ids(scope)):
        if large >= keep:
            without_room.append(identifier)
        elif _keeps_directories(scope, identifier):
            large += 1
        else:
            small += 1
            if small > _MOST:
                without_room.append(identifier)
    return without_room


def freed_bytes(scope: str, keep: int = 0) -> int:
    """What removing the operations beyond a limit would free; what is shared by hard links does not count."""
    return freed_by_removing(*(_directory(scope, identifier) for identifier in beyond(scope, keep)))


def kept_bytes(scope: str, identifier: str) -> int:
    """What removing one operation would free."""
    return freed_by_removing(_directory(scope, identifier))


def _keeps_directories(scope: str, identifier: str) -> bool:
    try:
        with os.scandir(f"{_directory(scope, identifier)}/old") as entries:
            kept = {entry.name for entry in entries if entry.is_dir(follow_symlinks=False)}
    except FileNotFoundError:
        return False
    return bool(kept) and not kept <= _parts_of_definition(scope, identifier)


def _parts_of_definition(scope: str, identifier: str) -> set[str]:
    """What an operation keeps of a definition, by its names in `old`: text, a few megabytes at most."""
    try:
        steps = Journal(scope, identifier).read().steps
    except OperationDamaged:
        return set()
    return {str(number) for number, step in enumerate(steps)
            if isinstance(step, Swap) and step.path.startswith(".cec/")}  # fmt: skip


def _directory(scope: str, identifier: str) -> str:
    return f"{operation_log.operations_directory(scope)}/{identifier}"
