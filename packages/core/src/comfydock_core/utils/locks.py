"""A file whose lock tells that its owner is alive. The system drops the lock when the last holder dies."""

import os
import sys

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


def take(path: str) -> int | None:
    """Lock the file, made if need be, and return its descriptor; `None` when somebody else holds it. Raises `OSError`.

    The lock lasts until the descriptor is closed here and in every child that inherited it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        os.close(descriptor)
        return None
    return descriptor
