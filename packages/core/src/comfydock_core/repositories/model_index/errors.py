"""Errors of SQLite about the index of models, as ours."""

import contextlib
import sqlite3
from collections.abc import Iterator

from comfydock_core.models.exceptions import BusyError, FileSystemError, ModelIndexDamaged

_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@contextlib.contextmanager
def told_errors(path: str) -> Iterator[None]:
    """Errors of SQLite as ours."""
    try:
        yield
    except sqlite3.Error as error:
        number = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
        context: dict[str, object] = {"path": path, "sqlite": str(error)}
        if number in _BUSY:
            raise BusyError(
                f"the index of models `{path}` is in use",
                hint="another command is changing it; run this one again when it is done",
                context=context,
            ) from error
        if number in _DAMAGED:
            raise ModelIndexDamaged(
                f"the index of models `{path}` is damaged: {error}",
                hint="move it away and run `comfydock model index sync`: it makes a new one, without the sources that"
                " only the old one knew",
                context=context,
            ) from error
        raise FileSystemError(
            f"cannot use the index of models `{path}`: {error}",
            hint="check the permissions and the free space of that directory",
            context=context,
        ) from error
