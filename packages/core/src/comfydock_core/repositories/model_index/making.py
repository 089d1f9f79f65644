"""Making an index of models that is not there yet."""

import contextlib
import os
import secrets
import sqlite3

from comfydock_core.repositories.model_index import schema
from comfydock_core.utils.files.renames import rename_to_new


def make_index(path: str) -> None:
    """Make an empty index under a name that is free; when somebody else was faster, theirs stays.

    It is made aside: SQLite lets nobody wait for the change of its journal to the one with which readers wait for
    nobody. Raises `sqlite3.Error`, `OSError`.
    """
    aside = f"{path}.{secrets.token_hex(4)}.new"
    try:
        connection = sqlite3.connect(aside, isolation_level=None)
        try:
            schema.migrate(connection)
            connection.execute("PRAGMA journal_mode = WAL")
        finally:
            connection.close()
        with contextlib.suppress(FileExistsError):
            rename_to_new(aside, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(aside)
