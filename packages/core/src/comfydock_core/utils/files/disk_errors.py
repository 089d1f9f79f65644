"""Trouble with the file system, told in the user's words."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator

# The errors are loaded when one is raised.
import comfydock_core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.models.exceptions import FileSystemError

HINTS = {
    errno.ENOSPC: "free some space there and run the command again",
    errno.EDQUOT: "free some of your quota there and run the command again",
    errno.EFBIG: "raise the limit on file sizes (`ulimit -f`) and run the command again",
    errno.EROFS: "it is mounted read-only: choose another place, for a workspace with COMFYDOCK_HOME",
    errno.EACCES: "check who owns the place and its permissions",
    errno.EPERM: "check who owns the place and its permissions",
}


def file_system_error(error: OSError, doing: str, path: str | None = None) -> FileSystemError:
    """`error` as the library's own: `doing` completes "cannot …"."""
    place = path or _text(error.filename)
    reason = error.strerror or str(error)
    where = f" at `{place}`" if place else ""
    return comfydock_core.models.FileSystemError(
        f"cannot {doing}: {reason}{where}",
        hint=HINTS.get(error.errno or 0),
        context={"path": place, "errno": errno.errorcode.get(error.errno or 0)},
    )


@contextlib.contextmanager
def disk_errors(doing: str, path: str | None = None) -> Iterator[None]:
    """Turn every `OSError` inside into `FileSystemError`."""
    try:
        yield
    except OSError as error:
        raise file_system_error(error, doing, path) from error


def _text(name: object) -> str | None:
    if isinstance(name, bytes):
        return name.decode("utf-8", "replace")
    return name if isinstance(name, str) else None
