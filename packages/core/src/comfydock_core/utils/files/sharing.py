"""Letting two names share the bytes of one file."""

import errno
import os
import shutil
import sys

if sys.platform == "linux":
    import fcntl

CLONE = "clone"
HARD_LINK = "hard link"
_FICLONE = 0x40049409
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS)
_NO_CLONES = (errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL, errno.EXDEV, errno.ENOSYS)


def share(source: str, target: str, times_of: str) -> str:
    """Make `target`, which must not exist, a clone of `source`, else a hard link; returns which. Raises `OSError`.

    A clone is a file of its own, with time, owner and permissions of `times_of`; a hard link has those of `source`.
    """
    if _clone(source, target):
        shutil.copystat(times_of, target)
        return CLONE
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno in _NO_LINKS:
            raise OSError(errno.EOPNOTSUPP, "the disk has neither clones nor hard links", target) from error
        raise
    return HARD_LINK


def is_open_for_writing(path: str) -> bool:
    """Whether some program may be writing to a file now, as far as the system tells. Raises `OSError`."""
    if sys.platform != "linux":
        return False
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        # A lease for reading is granted only while nobody has the file open for writing.
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(descriptor)
    return False


def _clone(source: str, target: str) -> bool:
    if sys.platform != "linux":
        return False
    with open(source, "rb") as original, open(target, "xb") as copy:
        try:
            fcntl.ioctl(copy.fileno(), _FICLONE, original.fileno())
        except OSError as error:
            if error.errno not in _NO_CLONES:
                raise
        else:
            return True
    os.unlink(target)
    return False
