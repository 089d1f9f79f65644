"""Renaming without ever replacing anything."""

import ctypes
import errno
import os
import sys

_HERE = -100  # AT_FDCWD
_NO_REPLACE = 1
_NOT_OFFERED = (errno.ENOSYS, errno.EINVAL)


def rename_to_new(source: str, target: str) -> None:
    """Rename; `target` must not exist. Raises `FileExistsError` and `OSError`.

    Linux checks that in the same step on most file systems; where it does not, and on other systems, looking first has
    to do.
    """
    number = _rename_in_one_step(source, target)
    if number == 0:
        return
    if number not in _NOT_OFFERED:
        raise OSError(number, os.strerror(number), source, None, target)
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), source, None, target)
    os.rename(source, target)


def _rename_in_one_step(source: str, target: str) -> int:
    """The error's number, 0 for none."""
    if sys.platform != "linux":
        return errno.ENOSYS
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:  # A C library older than 2018.
        return errno.ENOSYS
    if renameat2(_HERE, os.fsencode(source), _HERE, os.fsencode(target), _NO_REPLACE) == 0:
        return 0
    return ctypes.get_errno()
