"""`ModelIndex`: the index of model files, one SQLite file of a workspace.

What it says of a file holds for the state of the file that is noted with it. Rows of a root that is not there are kept,
and so is what is known of contents without a file.
"""

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping

from comfydock_core.models.model_files.grouping import one_name_each
from comfydock_core.models.model_files.index import (
    DigestClaim,
    IndexChange,
    ModelSource,
    RootScan,
    RootState,
)
from comfydock_core.models.model_files.location import FileState, ModelLocation
from comfydock_core.repositories.model_index import schema
from comfydock_core.repositories.model_index.errors import ToldErrors, damaged
from comfydock_core.repositories.model_index.index_reader import BUSY_SECONDS, ModelIndexReader, connect
from comfydock_core.repositories.model_index.making import make_index
from comfydock_core.repositories.model_index.rows import signed, stored, text
from comfydock_core.repositories.model_index.scans import take_in_scan
from comfydock_core.repositories.model_index.search_texts import note_texts
from comfydock_core.utils.files.digests import Digests
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.file_states import file_state

_WITHOUT_DIGESTS = "locations.blake3 IS NULL AND present"
# What a predecessor noted of exactly this file. It kept times in seconds, as floating point.
_EARLIER_OF_FILE = (
    "FROM earlier_locations JOIN earlier_models USING (tool, sampled) WHERE path = ? AND size = ?"
    " AND abs(mtime - ?) < 0.001"
)


class ModelIndex(ModelIndexReader):
    """One open index. Methods raise `ModelIndexDamaged`, `BusyError` and `FileSystemError`."""

    def __enter__(self) -> "ModelIndex":
        return self

    def check(self) -> None:
        """Read all of it. Raises `ModelIndexDamaged` also for what no question came across yet."""
        found = [said for (said,) in self._ask("PRAGMA quick_check(1)")]
        if found != ["ok"]:
            raise damaged(self._path, " ".join(found[0].split()))
        with ToldErrors(self._path):
            if schema.lacks_tables(self._connection):
                raise damaged(self._path, "its tables are not those of this ComfyDock")

    # What is known

    def roots(self) -> list[RootState]:
        """Every root that was scanned, by path."""
        rows = self._ask(
            "SELECT roots.path, kind, present, scanned, count(locations.number), total(size), count(blake3) FROM roots"
            " LEFT JOIN locations ON root = roots.number GROUP BY roots.number ORDER BY roots.path"
        )
        return [
            RootState(text(path), kind, bool(present), scanned, files, int(size), hashed)
            for path, kind, present, scanned, files, size, hashed in rows
        ]

    def locations_with(self, digest: str) -> list[ModelLocation]:
        """The files whose BLAKE3 or SHA-256 this is, in whole."""
        return self._locations("WHERE locations.blake3 = ? OR sha256 = ?", digest, digest)

    def names_of_file(self, state: FileState) -> list[ModelLocation]:
        """All names of one file, by its numbers."""
        return self._locations("WHERE device = ? AND inode = ?", signed(state.device), signed(state.inode))

    def without_digests(self) -> list[ModelLocation]:
        """The files that were not read whole in their present state, one name of each."""
        return one_name_each(self._locations(f"WHERE {_WITHOUT_DIGESTS}"))

    def count_without_digests(self) -> int:
        """How many names of such files there are."""
        found = self._ask(f"SELECT count(*) FROM locations JOIN roots ON roots.number = root WHERE {_WITHOUT_DIGESTS}")
        return int(found[0][0])

    def duplicates(self) -> list[list[ModelLocation]]:
        """Files of the same content, by their digests, that are not names of one file; the largest waste first."""
        found: dict[str, list[ModelLocation]] = {}
        repeated = "SELECT blake3 FROM locations WHERE blake3 IS NOT NULL GROUP BY blake3 HAVING count(*) > 1"
        for one in self._locations(f"WHERE locations.blake3 IN ({repeated}) AND present"):
            found.setdefault(one.blake3 or "", []).append(one)
        groups = [group for group in found.values() if len(one_name_each(group)) > 1]
        return sorted(groups, key=lambda group: -group[0].state.size * (len(group) - 1))

    def sources_of(self, blake3: str) -> list[ModelSource]:
        """Where a content can be had, newest first: what ComfyDock noted, and what its predecessors had noted."""
        rows = self._ask("SELECT url, kind, origin, added, details FROM sources WHERE blake3 = ?", blake3)
        earlier = self._ask(
            "SELECT url, kind, tool, added, details FROM earlier_sources WHERE (tool, sampled) IN"
            " (SELECT tool, sampled FROM earlier_models WHERE blake3 = ?)",
            blake3,
        )
        return _sources([*rows, *earlier])

    def sources_of_digest(self, digest: str) -> list[ModelSource]:
        """Where a content of this BLAKE3 or SHA-256 can be had, also when no file holds it any more."""
        rows = self._ask("SELECT blake3 FROM contents WHERE blake3 = ? OR sha256 = ?", digest, digest)
        return [source for (blake3,) in rows for source in self.sources_of(blake3)]

    def sources_at(self, place: ModelLocation) -> list[ModelSource]:
        """Where what lies at a place can be had; what a predecessor noted of exactly this file counts, too."""
        known = self.sources_of(place.blake3) if place.blake3 is not None else []
        rows = self._ask(
            "SELECT url, kind, tool, added, details FROM earlier_sources WHERE (tool, sampled) IN"
            f" (SELECT tool, sampled {_EARLIER_OF_FILE})",
            *_earlier_values(place),
        )
        urls = {one.url for one in known}
        return known + [one for one in _sources(rows) if one.url not in urls]

    def claims_of(self, place: ModelLocation) -> list[DigestClaim]:
        """Every digest that is known of a file in its present state, or of what its sources have."""
        claims = [DigestClaim(place.blake3, "the index")] if place.blake3 is not None else []
        rows = self._ask(f"SELECT tool, blake3, sha256 {_EARLIER_OF_FILE}", *_earlier_values(place))
        claims += [DigestClaim(digest, tool) for tool, *digests in rows for digest in digests if digest is not None]
        for source in self.sources_at(place):
            digest = source.details.get("sha256")
            if isinstance(digest, str):
                claims.append(DigestClaim(digest.lower(), source.url))
        return claims

    def earlier_models(self) -> list[tuple[str, int, str | None]]:
        """What predecessors called contents: their sampled hash, the size, and the BLAKE3 where they knew that."""
        return self._ask("SELECT sampled, size, blake3 FROM earlier_models")

    def first_seen(self) -> dict[str, int]:
        """When each content was seen first, by its BLAKE3, in Unix seconds."""
        return dict(self._ask("SELECT blake3, first_seen FROM contents"))

    def choices(self) -> dict[str, str]:
        """What users chose for their models, by name."""
        return dict(self._ask("SELECT name, value FROM choices"))

    # What becomes known

    def copied(self) -> "ModelIndex":
        """A copy in memory, to try on what would change."""
        copy = sqlite3.connect(":memory:", isolation_level=None)
        with ToldErrors(self._path):
            self._connection.backup(copy)
        return ModelIndex(copy, self._path)

    def take_in(self, scan: RootScan) -> IndexChange:
        """Make the index of one root what a scan found; of a root that is absent only that is noted."""
        with self._changing():
            return take_in_scan(self._connection, scan)

    def forget_roots(self, kept: list[str]) -> list[str]:
        """Take out the roots that nothing leads to any more, and return them; contents and sources stay."""
        paths = [text(path) for (path,) in self._ask("SELECT path FROM roots")]
        gone = [path for path in paths if path not in kept]
        with self._changing():
            self._connection.executemany("DELETE FROM roots WHERE path = ?", [(stored(path),) for path in gone])
            if gone:
                note_texts(self._connection)
        return gone

    def note_digests(self, path: str, digests: Digests) -> None:
        """What the bytes of a file are that was read whole just now, for all of its names."""
        self.note_digests_of(file_state(path), digests)

    def note_digests_of(self, state: FileState, digests: Digests, first_seen: int | None = None) -> None:
        """The same for a file that was in this state before and after it was read.

        A content that is not known yet counts as seen first just now, or when it is said.
        """
        with self._changing():
            self._note_content(digests, first_seen)
            self._connection.execute(
                "UPDATE locations SET blake3 = ? WHERE inode = ? AND size = ? AND mtime_ns = ? AND device = ?",
                (digests.blake3, signed(state.inode), state.size, state.mtime_ns, signed(state.device)),
            )

    def note_headers(self, headers: Mapping[tuple[str, str], dict[str, object]]) -> None:
        """What the headers of files say, by root and path. Waits for nobody: `BusyError` comes at once."""
        self._connection.execute("PRAGMA busy_timeout = 0")
        try:
            with self._changing():
                self._connection.executemany(
                    "UPDATE locations SET header = ? WHERE path = ?"
                    " AND root = (SELECT number FROM roots WHERE path = ?)",
                    [(json.dumps(said), stored(path), stored(root)) for (root, path), said in headers.items()],
                )
                note_texts(self._connection)
        finally:
            self._connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")

    def add_source(
        self, blake3: str, url: str, kind: str, details: Mapping[str, object] | None = None, origin: str = "user"
    ) -> None:
        """Remember where a content, whose digests are known here, can be had; the same address is noted anew."""
        with self._changing():
            self._connection.execute(
                "INSERT OR REPLACE INTO sources VALUES (?, ?, ?, ?, ?, ?)",
                (blake3, url, kind, origin, int(time.time()), json.dumps(dict(details or {}))),
            )

    def is_read(self, path: str, state: str) -> bool:
        """Whether a predecessor's file was taken in, in this state."""
        return bool(self._ask("SELECT 1 FROM read_files WHERE path = ? AND state = ?", path, state))

    def take_in_earlier(self, path: str, state: str, tool: str, rows: Mapping[str, list[tuple[object, ...]]]) -> None:
        """Keep what a predecessor's file in this state knows: rows of models, locations and sources."""
        with self._changing():
            for table, count in (("models", 4), ("locations", 3), ("sources", 5)):
                marks = ", ".join("?" * count)
                self._connection.executemany(
                    f"INSERT OR REPLACE INTO earlier_{table} VALUES (?, {marks})",
                    [(tool, *row) for row in rows[table]],
                )
            self._connection.execute("INSERT OR REPLACE INTO read_files VALUES (?, ?)", (path, state))

    def _note_content(self, digests: Digests, first_seen: int | None) -> None:
        self._connection.execute(
            "INSERT OR IGNORE INTO contents VALUES (?, ?, ?, ?)",
            (digests.blake3, digests.sha256, digests.size, int(time.time()) if first_seen is None else first_seen),
        )

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        """One transaction, or part of the one that is under way."""
        with ToldErrors(self._path):
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.commit()


def open_model_index(path: str, *, to_write: bool = True) -> ModelIndex:
    """The index in a file, which is made when it is to be written and is not there, and brought up to date.

    For reading an absent one is empty. Raises `ModelIndexDamaged`, also for one of a newer ComfyDock, `BusyError`,
    `FileSystemError`.
    """
    if to_write and not os.path.exists(path):
        with ToldErrors(path), disk_errors("make the index of models", path):
            make_index(path)
    connection = connect(path, to_write=to_write)
    with ToldErrors(path):
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")
    return ModelIndex(connection, path)


def _earlier_values(place: ModelLocation) -> tuple[str | bytes, int, float]:
    return stored(place.full_path), place.state.size, place.state.mtime_ns / 1e9


def _sources(rows: list[tuple]) -> list[ModelSource]:  # type: ignore[type-arg]
    found = {url: ModelSource(url, kind, origin, added, json.loads(details))
             for url, kind, origin, added, details in reversed(rows)}  # fmt: skip
    return sorted(found.values(), key=lambda source: (-source.added, source.url))
