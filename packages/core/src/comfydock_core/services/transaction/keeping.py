"""How long operations are kept: what they took away is the trash, and their undo.

Operations that keep a directory (an environment, a node pack, a virtual environment) count against the limit; small
ones, that keep files at most, stay between them, so that choosing environments does not push a deleted one out.
"""

import os

from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories import operation_log
from comfydock_core.services.transaction.scope import discard
from comfydock_core.utils.filesystem import freed_by_removing

KEPT = 3
_MOST = 50


def drop_old(scope: str, reporter: Reporter, keep: int = KEPT) -> None:
    """Remove the operations beyond the limit, oldest first; the caller holds the lock and nothing is unfinished."""
    for identifier in reversed(beyond(scope, keep)):
        discard(scope, _directory(scope, identifier), reporter)


def beyond(scope: str, keep: int) -> list[str]:
    """The operations that a limit of `keep` leaves no room for, newest first."""
    known = list(reversed(operation_log.operation_ids(scope)))
    large = 0
    for at, identifier in enumerate(known):
        if large >= keep or at >= _MOST:
            return known[at:]
        large += _keeps_directories(scope, identifier)
    return []


def freed_bytes(scope: str, keep: int = 0) -> int:
    """What removing the operations beyond a limit would free; what is shared by hard links does not count."""
    return sum(kept_bytes(scope, identifier) for identifier in beyond(scope, keep))


def kept_bytes(scope: str, identifier: str) -> int:
    """What removing one operation would free."""
    return freed_by_removing(_directory(scope, identifier))


def _keeps_directories(scope: str, identifier: str) -> bool:
    try:
        with os.scandir(f"{_directory(scope, identifier)}/old") as entries:
            return any(entry.is_dir(follow_symlinks=False) for entry in entries)
    except FileNotFoundError:
        return False


def _directory(scope: str, identifier: str) -> str:
    return f"{operation_log.operations_directory(scope)}/{identifier}"
