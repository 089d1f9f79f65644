"""Trouble with the file system that a program tells of."""

import errno
import shutil
import signal

from comfydock_core.models.exceptions import FileSystemError
from comfydock_core.utils.files.disk_errors import HINTS

# The system ends a program that writes beyond the limit on file sizes.
_KILLED_FOR_SIZE = -getattr(signal, "SIGXFSZ", 0)
# What programs print for these errors in the C locale.
_WORDS = {
    "no space left on device": errno.ENOSPC,
    "out of diskspace": errno.ENOSPC,
    "disk quota exceeded": errno.EDQUOT,
    "file too large": errno.EFBIG,
    "read-only file system": errno.EROFS,
}

_WITHOUT_REASON = ("failed to write", "unable to write", "could not write", "couldn't write", "write error")
_NOTHING_LEFT = 64 * 1024  # Bytes; what a small file and its directory may need.


def reported_by_program(
    output: str, doing: str, exit_code: int = 1, directory: str | None = None
) -> FileSystemError | None:
    """The file system error that a program's output or its end by a signal tells of, if it does.

    `directory` is where it worked: git at times says that a write failed and not why, and a full disk is seen there.
    """
    low = output.lower()
    if exit_code == _KILLED_FOR_SIZE:
        low = "file too large"
    elif directory is not None and any(words in low for words in _WITHOUT_REASON) and _is_full(directory):
        low = "no space left on device"
    for words, number in _WORDS.items():
        if words in low:
            return FileSystemError(
                f"cannot {doing}: {words}",
                hint=HINTS[number],
                context={"errno": errno.errorcode[number], "output": output},
            )
    return None


def _is_full(directory: str) -> bool:
    try:
        return shutil.disk_usage(directory).free < _NOTHING_LEFT
    except OSError:
        return False
