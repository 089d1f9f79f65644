"""`models.db` as ComfyDock 1.x and ComfyGit leave it."""

import contextlib
import sqlite3
from pathlib import Path

TABLES = """
CREATE TABLE models (hash TEXT PRIMARY KEY, file_size INTEGER NOT NULL, blake3_hash TEXT, sha256_hash TEXT,
    first_seen INTEGER NOT NULL, metadata TEXT DEFAULT '{}');
CREATE TABLE model_locations (id INTEGER PRIMARY KEY AUTOINCREMENT, model_hash TEXT NOT NULL,
    base_directory TEXT NOT NULL, relative_path TEXT NOT NULL, filename TEXT NOT NULL, mtime REAL NOT NULL,
    last_seen INTEGER NOT NULL, UNIQUE (base_directory, relative_path));
CREATE TABLE model_sources (id INTEGER PRIMARY KEY AUTOINCREMENT, model_hash TEXT NOT NULL, source_type TEXT NOT NULL,
    source_url TEXT NOT NULL, metadata TEXT DEFAULT '{}', added_time INTEGER NOT NULL,
    UNIQUE (model_hash, source_url));
CREATE TABLE schema_info (version INTEGER PRIMARY KEY);
"""
ADDED = 1_759_374_245


def write_models_db(
    path: Path,
    model: Path,
    models: Path,
    *,
    version: int = 9,
    short: str = "fdee4978c05f1401",
    blake3: str | None = None,
    sha256: str | None = None,
    url: str = "https://civitai.com/api/download/models/7",
    kind: str = "civitai",
) -> None:
    """A database that knows one file below `models`, and where it came from."""
    found = model.stat()
    relative = model.relative_to(models).as_posix()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(TABLES)
        connection.execute("INSERT INTO schema_info VALUES (?)", (version,))
        connection.execute(
            "INSERT INTO models VALUES (?, ?, ?, ?, ?, '{}')", (short, found.st_size, blake3, sha256, ADDED)
        )
        connection.execute(
            "INSERT INTO model_locations VALUES (NULL, ?, ?, ?, ?, ?, ?)",
            (short, str(models), relative, model.name, found.st_mtime, ADDED),
        )
        connection.execute("INSERT INTO model_sources VALUES (NULL, ?, ?, ?, '{}', ?)", (short, kind, url, ADDED))
        connection.commit()
