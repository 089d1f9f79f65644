"""The system's locks on files, held alone or together. It drops them when their holders die: none is ever stale."""

import os
import sys

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


def take(path: str, *, shared: bool = False) -> int | None:
    """Lock the file, made if need be, and return its descriptor; `None` when somebody else holds it. Raises `OSError`.

    With `shared` others may hold it the same way. The lock lasts until the descriptor is closed here and in every child
    that inherited it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if _try_lock(descriptor, shared=shared):
            return descriptor
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def is_at(descriptor: int, path: str) -> bool:
    """Whether an open file is still the one of that name."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def is_free(path: str) -> bool:
    """Whether nobody holds the lock. Making sure leaves no trace, not even the file. Raises `OSError`."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        return _try_lock(descriptor, shared=False)
    finally:
        os.close(descriptor)


if sys.platform == "win32":

    def _try_lock(descriptor: int, *, shared: bool) -> bool:
        # Byte locks here have one owner each; those who share take the first free byte of many.
        for byte in range(_SHARERS) if shared else [0]:
            os.lseek(descriptor, byte, os.SEEK_SET)
            try:
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1 if shared else _SHARERS)
                return True
            except PermissionError:
                continue
        return False

    _SHARERS = 64

else:

    def _try_lock(descriptor: int, *, shared: bool) -> bool:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
