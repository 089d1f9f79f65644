"""The index of known node packs and models: one SQLite file, made from the lists again whenever it does not fit them.

It is never changed in place: a new one is made aside and renamed, so that readers need no lock and see one state.
"""

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from urllib.parse import quote

from comfydock_core.models.exceptions import IntegrityError
from comfydock_core.models.model_files.model_list import ModelListEntry
from comfydock_core.models.node_mapping import MANAGER, NodeMapping
from comfydock_core.models.packs.node_data import KnownPack, KnownVersion

# What makes the index is loaded when one is made.
from comfydock_core.repositories import node_data
from comfydock_core.repositories.node_data.list_files import INDEX, lists_stamp
from comfydock_core.repositories.node_data.name_patterns import closeness, is_anchored
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.git_urls import normal_address
from comfydock_core.utils.text import folded, nearest

_COLUMNS = (
    "identifier, name, packs.source, description, author, repository, stars, packs.versions, refusal, updated,"
    " packs.classes, copied, copied_from"
)


class NodeIndex:
    """What is known of node packs and node classes.

    A file that turns out to be damaged is made again once; every question raises `IntegrityError` when that is no help.
    """

    def __init__(self, directory: str) -> None:
        """Open the index of a directory for reading. Raises `sqlite3.Error`; use `open_index`."""
        self._directory = directory
        self._made_again = False
        self._patterns: list[tuple[str, str]] | None = None
        self._connection = _connect(directory)

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> "NodeIndex":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def facts(self) -> dict[str, str]:
        """What was noted when it was made."""
        return dict(self._ask("SELECT name, value FROM facts"))  # type: ignore[arg-type]

    def counts(self) -> dict[str, int]:
        """How many packs and classes there are, by kind."""
        facts = self.facts()
        return {name.removeprefix("count."): int(value) for name, value in facts.items() if name.startswith("count.")}

    def package(self, identifier: str) -> KnownPack | None:
        """The pack of an identifier or of an older one, whatever its case."""
        wanted = identifier.casefold()
        rows = self._ask(
            f"SELECT {_COLUMNS} FROM packs WHERE folded = ? ORDER BY identifier = ? DESC", wanted, identifier
        ) or self._ask(
            f"SELECT {_COLUMNS} FROM packs WHERE number = (SELECT pack FROM aliases WHERE folded = ?)", wanted
        )
        return _pack(rows[0]) if rows else None

    def package_of_repository(self, address: str) -> KnownPack | None:
        """The pack that lives at an address, however that is spelled."""
        rows = self._ask(
            f"SELECT {_COLUMNS} FROM packs WHERE number = (SELECT pack FROM repositories WHERE address = ?)",
            normal_address(address),
        )
        return _pack(rows[0]) if rows else None

    def near(self, identifier: str, *, limit: int = 5) -> list[str]:
        """Identifiers of packs that look like this one, best first."""
        known = {str(other): str(name) for other, name in self._ask("SELECT folded, identifier FROM packs")}
        word = identifier.casefold()
        likely = [one for one in known if abs(len(one) - len(word)) <= max(3, len(word) // 2)]
        return [known[found] for found in nearest(word, likely, limit=limit)]

    def candidates(self, name: str) -> list[NodeMapping]:
        """The packs that define a node class, best first for each signature; those without one come first.

        Packs whose classes are called like this come last: some lists know none of their classes, and copies of them.
        """
        rows = self._ask(
            "SELECT identifier, signature, rank, classes.source, classes.versions, claimed FROM classes"
            " JOIN packs ON number = pack WHERE classes.name = ? ORDER BY signature, rank",
            name,
        )
        found = [_candidate(row) for row in rows]
        return found + self._by_pattern(name, {one.identifier for one in found})

    def _by_pattern(self, name: str, listed: set[str]) -> list[NodeMapping]:
        if self._patterns is None:
            rows = self._ask("SELECT expression, identifier FROM patterns JOIN packs ON number = pack")
            self._patterns = [(str(expression), str(identifier)) for expression, identifier in rows]
        fitting = [(closeness(text, name), text, identifier) for text, identifier in self._patterns]
        found = sorted(
            (-close, identifier, text)
            for close, text, identifier in fitting
            if close and identifier not in listed and (not listed or is_anchored(text))
        )
        return [NodeMapping(identifier, source=MANAGER, pattern=text) for _, identifier, text in found]

    def classes_of(self, identifier: str) -> list[str]:
        """The node classes of a pack, as far as they are known, sorted."""
        rows = self._ask(
            "SELECT DISTINCT classes.name FROM classes JOIN packs ON number = pack WHERE identifier = ?", identifier
        )
        return sorted(str(name) for (name,) in rows)

    def packs(self) -> Iterator[KnownPack]:
        """Every pack, without its versions."""
        columns = _COLUMNS.replace("packs.versions", "''")
        return map(_pack, self._ask(f"SELECT {columns} FROM packs WHERE source != 'comfyui'"))

    def classes_like(self, words: list[str]) -> list[tuple[str, str]]:
        """Identifier and class, where the class holds all the words, whatever their case."""
        where = " AND ".join("classes.name LIKE ? ESCAPE '\\'" for _ in words)
        wanted = [f"%{_escaped(word)}%" for word in words]
        rows = self._ask(
            f"SELECT DISTINCT identifier, classes.name FROM classes JOIN packs ON number = pack WHERE {where}", *wanted
        )
        return [(str(identifier), str(name)) for identifier, name in rows]

    def models_called(self, file_name: str) -> list[ModelListEntry]:
        """The files of this name in the list of models, whatever its case, in the order of the list."""
        rows = self._ask(
            "SELECT file_name, url, save_path, kind, name, base, size, reference FROM models WHERE folded = ?"
            " ORDER BY rowid",
            folded(file_name),
        )
        return [ModelListEntry(*map(str, row)) for row in rows]

    def _ask(self, question: str, *values: object) -> list[tuple[object, ...]]:
        try:
            return self._connection.execute(question, values).fetchall()
        except sqlite3.Error as error:
            if self._made_again:
                raise IntegrityError(
                    f"the index of node packs is damaged: {error}",
                    hint=f"remove `{self._directory}/{INDEX}`; it is made again from the lists",
                    context={"path": f"{self._directory}/{INDEX}"},
                ) from error
        self._made_again = True
        self.close()
        node_data.make_index(self._directory)
        self._connection = _connect(self._directory)
        return self._ask(question, *values)


def open_index(directory: str) -> NodeIndex:
    """The index of the lists in a directory, made now when it is not there, outdated or damaged.

    Raises `NodeDataMissing` when there is no usable list, `FileSystemError`.
    """
    with disk_errors("read the lists of node packs", directory):
        stamp = lists_stamp(directory)
    if not _is_made_from(directory, stamp):
        node_data.make_index(directory)
    return NodeIndex(directory)


def _connect(directory: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(f'{directory}/{INDEX}')}?mode=ro&immutable=1", uri=True)


def _is_made_from(directory: str, stamp: str) -> bool:
    try:
        with contextlib.closing(_connect(directory)) as connection:
            made_from = connection.execute("SELECT value FROM facts WHERE name = 'stamp'").fetchone()
            return bool(made_from == (stamp,))
    except sqlite3.Error:
        return False  # Not there, or no index of ours: it is made.


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _candidate(row: tuple[object, ...]) -> NodeMapping:
    identifier, signature, rank, source, versions, claimed = row
    assert isinstance(rank, int)
    return NodeMapping(str(identifier), str(signature), rank, str(source), tuple(str(versions).split()), bool(claimed))


def _pack(row: tuple[object, ...]) -> KnownPack:
    identifier, name, source, description, author, repository, stars, versions, refusal, updated, *counts = row
    classes, copied, copied_from = (count if isinstance(count, int) else 0 for count in counts)
    listed = json.loads(str(versions)) if versions else []
    return KnownPack(
        identifier=str(identifier),
        name=str(name),
        source=str(source),
        description=str(description),
        author=str(author),
        repository=None if repository is None else str(repository),
        stars=stars if isinstance(stars, int) else None,
        versions=tuple(KnownVersion(one[0], one[1], one[2], tuple(one[3])) for one in listed),
        refusal=None if refusal is None else str(refusal),
        updated=updated if isinstance(updated, float) else None,
        classes=classes,
        copied=copied,
        copied_from=copied_from,
    )
