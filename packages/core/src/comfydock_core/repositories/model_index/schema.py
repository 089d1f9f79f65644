"""The tables of the index of model files, and how an earlier one becomes the present one without losing a row."""

from comfydock_core.repositories.model_index.search_texts import note_texts
from comfydock_core.utils import light_sqlite

# One script a version, carried out in order; a script is never changed once it was released.
MIGRATIONS = (
    """
    CREATE TABLE roots (
        number INTEGER PRIMARY KEY, path NOT NULL UNIQUE, kind TEXT NOT NULL, present INTEGER NOT NULL, scanned INTEGER
    );
    CREATE TABLE contents (
        blake3 TEXT PRIMARY KEY, sha256 TEXT NOT NULL, size INTEGER NOT NULL, first_seen INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX contents_sha256 ON contents (sha256);
    CREATE TABLE locations (
        number INTEGER PRIMARY KEY, root INTEGER NOT NULL REFERENCES roots ON DELETE CASCADE, path NOT NULL,
        folder TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
        device INTEGER NOT NULL, blake3 TEXT REFERENCES contents, header TEXT,
        searched AS (
            path || ' ' || folder || ' ' || ifnull(json_extract(header, '$.kind'), '') || ' ' ||
            ifnull(json_extract(header, '$.family'), '') || ' ' || ifnull(json_extract(header, '$.format'), '')
        ) STORED,
        beyond_ascii AS (length(searched) < length(CAST(searched AS BLOB))) STORED,
        UNIQUE (root, path)
    );
    CREATE INDEX locations_blake3 ON locations (blake3);
    CREATE INDEX locations_inode ON locations (inode);
    CREATE TABLE sources (
        blake3 TEXT NOT NULL REFERENCES contents, url TEXT NOT NULL, kind TEXT NOT NULL, origin TEXT NOT NULL,
        added INTEGER NOT NULL, details TEXT NOT NULL, PRIMARY KEY (blake3, url)
    ) WITHOUT ROWID;
    CREATE TABLE earlier_models (
        tool TEXT NOT NULL, sampled TEXT NOT NULL, size INTEGER NOT NULL, blake3 TEXT, sha256 TEXT,
        PRIMARY KEY (tool, sampled)
    ) WITHOUT ROWID;
    CREATE INDEX earlier_models_blake3 ON earlier_models (blake3);
    CREATE TABLE earlier_locations (
        tool TEXT NOT NULL, sampled TEXT NOT NULL, path TEXT NOT NULL, mtime REAL NOT NULL,
        PRIMARY KEY (tool, path), FOREIGN KEY (tool, sampled) REFERENCES earlier_models
    ) WITHOUT ROWID;
    CREATE TABLE earlier_sources (
        tool TEXT NOT NULL, sampled TEXT NOT NULL, url TEXT NOT NULL, kind TEXT NOT NULL, added INTEGER NOT NULL,
        details TEXT NOT NULL, PRIMARY KEY (tool, sampled, url),
        FOREIGN KEY (tool, sampled) REFERENCES earlier_models
    ) WITHOUT ROWID;
    CREATE TABLE read_files (path TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE choices (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    """,
    """
    ALTER TABLE locations DROP COLUMN beyond_ascii;
    CREATE TABLE search_texts (piece BLOB NOT NULL);
    """,
)


def version_of(connection: light_sqlite.Connection) -> int:
    """How many of the scripts a file has seen. Raises `sqlite3.Error`."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def lacks_tables(connection: light_sqlite.Connection) -> bool:
    """Whether what the scripts make is not all there, as in a file of another program. Raises `sqlite3.Error`."""
    example = light_sqlite.connect(":memory:", isolation_level=None)
    try:
        migrate(example)
        return not _definitions(example) <= _definitions(connection)
    finally:
        example.close()


def _definitions(connection: light_sqlite.Connection) -> set[tuple[str, str | None]]:
    return set(connection.execute("SELECT name, sql FROM sqlite_master"))


def migrate(connection: light_sqlite.Connection) -> None:
    """Bring the tables up to date, all of it or nothing. Raises `sqlite3.Error`."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number in range(version_of(connection), len(MIGRATIONS)):  # Somebody else may have been faster.
            for statement in MIGRATIONS[number].split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
        note_texts(connection)
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
