"""Taking in what ComfyDock 1.x or ComfyGit knew of models: sources and digests of `models.db`, which stays as it is.

Formats: schema version 9 (ComfyDock 1.x) and 10 (ComfyGit), with the same tables.
"""

import contextlib
import json
import os
import sqlite3
from urllib.parse import quote

from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.model_index.model_index import ModelIndex

_TOOLS = {9: "ComfyDock 1.x", 10: "ComfyGit"}
_KINDS = {"civitai": "civitai", "huggingface": "huggingface"}


def take_in_earlier_index(index: ModelIndex, path: str, reporter: Reporter) -> None:
    """Read a predecessor's file, once for each state of it. One that cannot be read is reported as a warning."""
    try:
        found = os.stat(path)
    except OSError:
        return
    state = f"{found.st_size} {found.st_mtime_ns}"
    if index.is_read(path, state):
        return
    try:
        tool, rows = _read(path)
    except (sqlite3.Error, ValueError, TypeError) as error:
        reporter.warn(f"what an earlier version knew of models cannot be read from `{path}`: {error}")
        return
    index.take_in_earlier(path, state, tool, rows)


def _read(path: str) -> tuple[str, dict[str, list[tuple[object, ...]]]]:
    """The tool that wrote the file, and its rows. Raises `sqlite3.Error`, `ValueError`."""
    # Immutable, so that nothing is made beside it: what a running predecessor has not written yet is not seen.
    address = f"file:{quote(path)}?mode=ro&immutable=1"
    with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
        version = connection.execute("SELECT version FROM schema_info").fetchone()
        if version is None or version[0] not in _TOOLS:
            raise ValueError(f"its version {version and version[0]} is unknown")
        models = connection.execute("SELECT hash, file_size, blake3_hash, sha256_hash FROM models").fetchall()
        locations = connection.execute(
            "SELECT model_hash, base_directory, relative_path, mtime FROM model_locations"
        ).fetchall()
        sources = connection.execute(
            "SELECT model_hash, source_url, source_type, added_time, metadata FROM model_sources"
        ).fetchall()
    known = {row[0] for row in models}
    return _TOOLS[version[0]], {
        "models": [(str(short), int(size), _digest(blake3), _digest(sha256)) for short, size, blake3, sha256 in models],
        "locations": [(short, f"{base}/{path}", float(mtime)) for short, base, path, mtime in locations
                      if short in known],
        "sources": [(short, str(url), _KINDS.get(kind, "url"), int(added), _details(details))
                    for short, url, kind, added, details in sources if short in known],
    }  # fmt: skip


def _digest(value: object) -> str | None:
    return value.lower() if isinstance(value, str) and len(value) == 64 else None


def _details(value: object) -> str:
    """JSON of an object, whatever was there."""
    try:
        said = json.loads(value) if isinstance(value, str) else {}
    except ValueError:
        said = {}
    return json.dumps(said if isinstance(said, dict) else {})
