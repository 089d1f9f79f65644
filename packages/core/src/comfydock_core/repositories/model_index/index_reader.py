"""`ModelIndexReader`: finding files in the index of models. On the path of `model index find`: little is loaded."""

import comfydock_core
from comfydock_core.repositories.model_index import schema
from comfydock_core.repositories.model_index.errors import ToldErrors
from comfydock_core.repositories.model_index.rows import COLUMNS, location, stored, text
from comfydock_core.repositories.model_index.search_texts import numbers_with
from comfydock_core.utils import light_sqlite, native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from comfydock_core.models.model_files.location import ModelLocation

BUSY_SECONDS = 30.0


class ModelIndexReader:
    """One open index, to look in. Methods raise `ModelIndexDamaged`, `BusyError` and `FileSystemError`."""

    def __init__(self, connection: light_sqlite.Connection, path: str) -> None:
        """Use `read_model_index`, or `open_model_index` for all there is to ask."""
        self._connection = connection
        self._path = path

    def __enter__(self) -> "ModelIndexReader":
        return self

    def __exit__(self, *exception: object) -> None:
        self._connection.close()

    def has_roots(self) -> bool:
        """Whether anything was ever looked through."""
        return bool(self._ask("SELECT 1 FROM roots LIMIT 1"))

    def numbers_with(self, words: "Sequence[str]") -> list[int]:
        """The numbers of the rows whose path, folder, or what their header says has each of these words.

        There is one at least; they are folded, and not empty.
        """
        with ToldErrors(self._path):
            pieces = self._connection.execute("SELECT piece FROM search_texts")
            return numbers_with((piece for (piece,) in pieces), words)

    def paths(self) -> "list[tuple[int, str, str]]":
        """The number of every file's row, its path and its folder."""
        rows = self._ask("SELECT number, path, folder FROM locations")
        return [(number, text(path), folder) for number, path, folder in rows]

    def folders(self) -> list[str]:
        """The names of ComfyUI's folders that files lie in."""
        return [name for (name,) in self._ask("SELECT DISTINCT folder FROM locations WHERE folder != '' ORDER BY 1")]

    def locations(self, folder: str | None = None) -> "list[ModelLocation]":
        """Every file, by root and path, or those of one of ComfyUI's folders."""
        return self._locations("") if folder is None else self._locations("WHERE folder = ?", folder)

    def locations_of(self, numbers: "Sequence[int]") -> "list[ModelLocation]":
        """The files of some rows."""
        listed = f"[{', '.join(map(str, numbers))}]"
        return self._locations("WHERE locations.number IN (SELECT value FROM json_each(?))", listed)

    def locations_like(self, digest: str) -> "list[ModelLocation]":
        """The files whose BLAKE3 or SHA-256 begins like this: hexadecimal digits in lower case."""
        end = f"{digest}g"
        found = "(locations.blake3 >= ? AND locations.blake3 < ?) OR (sha256 >= ? AND sha256 < ?)"
        return self._locations(f"WHERE {found}", digest, end, digest, end)

    def location_at(self, root: str, path: str) -> "ModelLocation | None":
        """One file."""
        found = self._locations("WHERE roots.path = ? AND locations.path = ?", stored(root), stored(path))
        return found[0] if found else None

    def _locations(self, where: str, *values: object) -> "list[ModelLocation]":
        rows = self._ask(
            f"SELECT {COLUMNS} FROM locations JOIN roots ON roots.number = root LEFT JOIN contents ON"
            f" contents.blake3 = locations.blake3 {where} ORDER BY roots.path, locations.path",
            *values,
        )
        return [location(row) for row in rows]

    def _ask(self, question: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]
        with ToldErrors(self._path):
            return self._connection.execute(question, values).fetchall()


def connect(path: str, *, to_write: bool) -> light_sqlite.Connection:
    """Open the index in a file, and bring it up to date. For reading an absent one is empty.

    Raises `ModelIndexDamaged`, also for one of a newer ComfyDock, `BusyError`, `FileSystemError`.
    """
    with ToldErrors(path):
        there = to_write or native.exists(path)
        connection = light_sqlite.connect(path if there else ":memory:", timeout=BUSY_SECONDS, isolation_level=None)
        try:
            version = schema.version_of(connection)
            if version > len(schema.MIGRATIONS):
                raise comfydock_core.models.ModelIndexDamaged(
                    f"the index of models `{path}` was made by a newer ComfyDock",
                    hint="use that version, or `comfydock self update`",
                    context={"path": path, "version": version},
                )
            if version < len(schema.MIGRATIONS):
                schema.migrate(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def read_model_index(path: str) -> ModelIndexReader:
    """The index in a file, to look in; an absent one is empty. Raises what `connect` raises."""
    return ModelIndexReader(connect(path, to_write=False), path)
