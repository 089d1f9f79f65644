"""Errors of SQLite about the index of models, as ours. On the path of `model index find`."""

import comfydock_core
from comfydock_core.utils import light_sqlite

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

_BUSY = (light_sqlite.SQLITE_BUSY, light_sqlite.SQLITE_LOCKED)
# What we ask fits our tables: where SQLite does not understand it, the tables are others.
_DAMAGED = (light_sqlite.SQLITE_CORRUPT, light_sqlite.SQLITE_NOTADB, light_sqlite.SQLITE_ERROR)


class ToldErrors:
    """A context in which errors of SQLite become ours."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        if isinstance(error, light_sqlite.Error):
            raise _as_ours(self._path, error) from error


def _as_ours(path: str, error: light_sqlite.Error) -> "comfydock_core.models.ComfyDockError":
    number = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    context: dict[str, object] = {"path": path, "sqlite": str(error)}
    if number in _BUSY:
        return comfydock_core.models.BusyError(
            f"the index of models `{path}` is in use",
            hint="another command is changing it; run this one again when it is done",
            context=context,
        )
    if number in _DAMAGED:
        return damaged(path, str(error))
    return comfydock_core.models.FileSystemError(
        f"cannot use the index of models `{path}`: {error}",
        hint="check the permissions and the free space of that directory",
        context=context,
    )


def damaged(path: str, reason: str) -> "comfydock_core.models.ModelIndexDamaged":
    """What is to be raised for an index that SQLite cannot read."""
    return comfydock_core.models.ModelIndexDamaged(
        f"the index of models `{path}` is damaged: {reason}",
        hint="move it away and run `comfydock model index sync`: it makes a new one, without the sources that"
        " only the old one knew",
        context={"path": path, "sqlite": reason},
    )
