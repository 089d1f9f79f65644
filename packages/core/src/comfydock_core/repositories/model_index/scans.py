"""Making the index of one root what a scan of it found."""

import sqlite3
import time
from collections.abc import Iterable, Mapping

from comfydock_core.models.model_files.index import FoundFile, IndexChange, RootScan
from comfydock_core.repositories.model_index.rows import signed, state_values, stored, text
from comfydock_core.repositories.model_index.search_texts import note_texts

_NOTE_ROOT = """
    INSERT INTO roots (path, kind, present, scanned) VALUES (?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET
    kind = excluded.kind, present = excluded.present, scanned = coalesce(excluded.scanned, scanned)
"""
_KNOWN = "SELECT number, path, folder, size, mtime_ns, inode, device FROM locations WHERE root = ?"
_MOVE = "UPDATE locations SET path = ?, folder = ? WHERE number = ?"
_ADD = "INSERT INTO locations (root, path, folder, size, mtime_ns, inode, device) VALUES (?, ?, ?, ?, ?, ?, ?)"
_CHANGE = """
    UPDATE locations SET folder = ?, size = ?, mtime_ns = ?, inode = ?, device = ?, blake3 = NULL, header = NULL
    WHERE number = ?
"""
# Digests belong to files, and a file that is known under one name is known under a new one.
_SHARE_BETWEEN_NAMES = """
    UPDATE locations SET blake3 = (
        SELECT other.blake3 FROM locations AS other WHERE other.inode = locations.inode
        AND other.device = locations.device AND other.size = locations.size AND other.mtime_ns = locations.mtime_ns
        AND other.blake3 IS NOT NULL
    ) WHERE blake3 IS NULL
"""
_UNMOUNTED = "it is empty; where its disk is not mounted, what is known of it is kept"
# A row of `_KNOWN`: a plain tuple, as there are as many as files.
_Row = tuple[int, str | bytes, str, int, int, int, int]


def take_in_scan(connection: sqlite3.Connection, scan: RootScan) -> IndexChange:
    """Write down what a scan found, within the transaction of the caller; of an absent root only that it is.

    Rows below what could not be looked at stay. Raises `sqlite3.Error`.
    """
    path = stored(scan.root.path)
    number = connection.execute("SELECT number FROM roots WHERE path = ?", (path,)).fetchone()
    known: dict[str, _Row] = {text(row[1]): row for row in connection.execute(_KNOWN, number or (None,))}
    unmounted = tuple((directory, _UNMOUNTED) for directory in _unmounted(scan, known))
    problems = (*scan.problems, *unmounted)
    present = scan.present and ("", _UNMOUNTED) not in unmounted
    values = (path, scan.root.kind, present, int(time.time()) if present else None)
    connection.execute(_NOTE_ROOT, values)
    if not present:
        return IndexChange(scan.root.path, False, 0, 0, problems=problems)
    root = connection.execute("SELECT number FROM roots WHERE path = ?", (path,)).fetchone()[0]
    added, changed, different = _compared(scan.files, known, scan.numberless)
    gone = _gone(scan, known, problems)
    moved = _moved(known, gone, added)
    new = [one for one in added if one.path not in moved.values()]
    connection.executemany("UPDATE locations SET device = ?, inode = ?, folder = ? WHERE number = ?", different)
    folders = {one.path: one.folder for one in added}
    connection.executemany(_MOVE, [(stored(path), folders[path], known[old][0]) for old, path in moved.items()])
    taken_out = [(known[path][0],) for path in gone if path not in moved]
    connection.executemany("DELETE FROM locations WHERE number = ?", taken_out)
    connection.executemany(_CHANGE, [(one.folder, *state_values(one.state), known[one.path][0]) for one in changed])
    connection.executemany(_ADD, [(root, stored(one.path), one.folder, *state_values(one.state)) for one in new])
    if new or changed:
        connection.execute(_SHARE_BETWEEN_NAMES)
    if new or changed or different or gone:
        note_texts(connection)
    return IndexChange(
        root=scan.root.path,
        present=True,
        files=len(scan.files),
        bytes=sum(one.state.size for one in scan.files),
        added=tuple(one.path for one in new),
        changed=tuple(one.path for one in changed),
        moved=tuple(moved.items()),
        gone=tuple(path for path in gone if path not in moved),
        problems=problems,
    )


def _compared(
    files: Iterable[FoundFile], known: Mapping[str, _Row], numberless: frozenset[int]
) -> tuple[list[FoundFile], list[FoundFile], list[tuple[int, int, str, int]]]:
    """The files that are new, those that changed, and what is another without the file being another.

    The last are the numbers of a device and a file on it, and the folder that it counts to, with the number of its row.
    """
    added: list[FoundFile] = []
    changed: list[FoundFile] = []
    different: list[tuple[int, int, str, int]] = []
    for one in files:
        row, state = known.get(one.path), one.state
        if row is None:
            added.append(one)
        elif (
            row[3] != state.size
            or row[4] != state.mtime_ns
            or (row[5] != signed(state.inode) and state.device not in numberless)
        ):
            changed.append(one)
        elif row[5] != signed(state.inode) or row[6] != signed(state.device) or row[2] != one.folder:
            different.append((signed(state.device), signed(state.inode), one.folder, row[0]))
    return added, changed, different


def _unmounted(scan: RootScan, known: Mapping[str, _Row]) -> list[str]:
    """Empty directories whose files were on a disk that nothing else of this root is on: it may not be mounted.

    Numbers of devices are not kept over a restart, so that those of what is still there are compared as they were.
    """
    if not scan.empty:
        return []
    there = {known[one.path][6] for one in scan.files if one.path in known}
    found: list[str] = []
    for directory in scan.empty:
        inside = f"{directory}/" if directory else ""
        devices = {row[6] for path, row in known.items() if path.startswith(inside)}
        if devices and not devices & there:
            found.append(directory)
    return found


def _gone(scan: RootScan, known: Iterable[str], problems: Iterable[tuple[str, str]]) -> list[str]:
    unread = tuple(f"{path}/" if path else "" for path, _ in problems)
    found = {one.path for one in scan.files}
    return [path for path in known if path not in found and not f"{path}/".startswith(unread)]


def _moved(known: Mapping[str, _Row], gone: Iterable[str], added: Iterable[FoundFile]) -> dict[str, str]:
    """Which of the files that are gone are there under another name: the same file, unchanged."""
    by_state = {known[path][3:6]: path for path in gone}
    moved: dict[str, str] = {}
    for found in added:
        old = by_state.pop((found.state.size, found.state.mtime_ns, signed(found.state.inode)), None)
        if old is not None:
            moved[old] = found.path
    return moved
