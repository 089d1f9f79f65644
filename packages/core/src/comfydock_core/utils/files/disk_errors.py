"""Trouble with the file system, told in the user's words."""

import contextlib
import errno
import shutil
import signal
from collections.abc import Iterator

from comfydock_core.models.exceptions import FileSystemError

_HINTS = {
    errno.ENOSPC: "free some space there and run the command again",
    errno.EDQUOT: "free some of your quota there and run the command again",
    errno.EFBIG: "raise the limit on file sizes (`ulimit -f`) and run the command again",
    errno.EROFS: "it is mounted read-only: choose another place, for a workspace with COMFYDOCK_HOME",
    errno.EACCES: "check who owns the place and its permissions",
    errno.EPERM: "check who owns the place and its permissions",
}
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


def file_system_error(error: OSError, doing: str, path: str | None = None) -> FileSystemError:
    """`error` as the library's own: `doing` completes "cannot …"."""
    place = path or _text(error.filename)
    reason = error.strerror or str(error)
    where = f" at `{place}`" if place else ""
    return FileSystemError(
        f"cannot {doing}: {reason}{where}",
        hint=_HINTS.get(error.errno or 0),
        context={"path": place, "errno": errno.errorcode.get(error.errno or 0)},
    )


@contextlib.contextmanager
def disk_errors(doing: str, path: str | None = None) -> Iterator[None]:
    """Turn every `OSError` inside into `FileSystemError`."""
    try:
        yield
    except OSError as error:
        raise file_system_error(error, doing, path) from error


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
                hint=_HINTS[number],
                context={"errno": errno.errorcode[number], "output": output},
            )
    return None


def _is_full(directory: str) -> bool:
    try:
        return shutil.disk_usage(directory).free < _NOTHING_LEFT
    except OSError:
        return False


def _text(name: object) -> str | None:
    if isinstance(name, bytes):
        return name.decode("utf-8", "replace")
    return name if isinstance(name, str) else None
