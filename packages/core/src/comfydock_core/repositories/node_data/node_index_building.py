"""Putting the lists of known node packs and models together, as the rows of their index.

Where several lists speak of one thing, ComfyDock's node data goes first: the Manager's lists add packs, and the classes
that the node data does not have.
"""

import itertools
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from comfydock_core.models.model_files.model_list import ModelListEntry
from comfydock_core.models.node_mapping import COMFYUI, CORE, MANAGER, NodeMapping
from comfydock_core.models.packs.node_data import KnownPack
from comfydock_core.repositories.node_data.published import ListedClasses, ListedFame, ListedPack, NodeData, refusal_of
from comfydock_core.utils.git_urls import github_repository, normal_address, same_repository
from comfydock_core.utils.text import folded

_TABLES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE packs (
    number INTEGER PRIMARY KEY, identifier TEXT NOT NULL UNIQUE, folded TEXT NOT NULL, name TEXT NOT NULL,
    source TEXT NOT NULL, description TEXT NOT NULL, author TEXT NOT NULL, repository TEXT, stars INTEGER,
    refusal TEXT, versions TEXT NOT NULL, updated REAL, classes INTEGER NOT NULL, copied INTEGER NOT NULL,
    copied_from INTEGER NOT NULL
);
CREATE TABLE aliases (folded TEXT PRIMARY KEY, pack INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE repositories (address TEXT PRIMARY KEY, pack INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE classes (
    name TEXT NOT NULL, signature TEXT NOT NULL, rank INTEGER NOT NULL, pack INTEGER NOT NULL, source TEXT NOT NULL,
    versions TEXT NOT NULL, claimed INTEGER NOT NULL, PRIMARY KEY (name, signature, rank, pack, source)
) WITHOUT ROWID;
CREATE TABLE patterns (expression TEXT NOT NULL, pack INTEGER NOT NULL);
CREATE TABLE models (
    folded TEXT NOT NULL, file_name TEXT NOT NULL, url TEXT NOT NULL, save_path TEXT NOT NULL, kind TEXT NOT NULL,
    name TEXT NOT NULL, base TEXT NOT NULL, size TEXT NOT NULL, reference TEXT NOT NULL
);
"""
_INDEXES = """
CREATE INDEX packs_folded ON packs (folded);
CREATE INDEX classes_pack ON classes (pack);
CREATE INDEX models_folded ON models (folded);
"""
_MUCH_BETTER_KNOWN = 3  # Stars, and twice as many as the other one.
_COMFYUI_REPOSITORIES = ("https://github.com/comfyanonymous/ComfyUI", "https://github.com/Comfy-Org/ComfyUI")


@dataclass(slots=True)
class Known:
    """All lists put together. `again` counts entries of the Manager that only repeat a pack."""

    packs: dict[str, KnownPack] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    repositories: dict[str, str] = field(default_factory=dict)
    classes: list[tuple[str, NodeMapping]] = field(default_factory=list)
    patterns: list[tuple[str, str]] = field(default_factory=list)
    fame: dict[str, ListedFame] = field(default_factory=dict)
    models: tuple[ModelListEntry, ...] = ()
    again: int = 0
    _folded: set[str] = field(default_factory=set)

    def add(self, pack: KnownPack) -> None:
        """A pack of an identifier that is new; its repository belongs to it from now on."""
        self.packs[pack.identifier] = self._with_fame(pack)
        self._folded.add(pack.identifier.casefold())
        if pack.repository:
            self.repositories[normal_address(pack.repository)] = pack.identifier

    def _with_fame(self, pack: KnownPack) -> KnownPack:
        found = self.fame.get(normal_address(pack.repository)) if pack.repository else None
        if found is None:
            return pack
        stars = max((number for number in (pack.stars, found.stars) if number is not None), default=None)
        return replace(pack, stars=stars, updated=found.updated)

    def is_taken(self, identifier: str) -> bool:
        return identifier.casefold() in self._folded or identifier in self.aliases


def put_together(
    data: NodeData | None,
    listed: list[ListedPack],
    classes: list[ListedClasses],
    fame: Sequence[ListedFame] = (),
    models: Iterable[ModelListEntry] = (),
) -> Known:
    """Everything that the lists know."""
    known = Known(fame={normal_address(one.address): one for one in fame}, models=tuple(dict.fromkeys(models)))
    if data is not None:
        _add_node_data(known, data)
    for entry in listed:
        _add_listed(known, entry)
    _add_listed_classes(known, classes)
    _find_homes(known)
    return known


def write_index(path: str, known: Known, facts: dict[str, str]) -> None:
    """Write the index into a file that is not there yet. Raises `sqlite3.Error`."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _TABLES)
        connection.execute("BEGIN")
        _write_rows(connection, known)
        counts = {f"count.{name}": str(number) for name, number in _counts(known).items()}
        connection.executemany("INSERT INTO facts VALUES (?, ?)", sorted({**facts, **counts}.items()))
        connection.execute("COMMIT")
        connection.executescript(_INDEXES)
    finally:
        connection.close()


def _write_rows(connection: sqlite3.Connection, known: Known) -> None:
    numbers = {identifier: number for number, identifier in enumerate(known.packs, 1)}
    connection.executemany(f"INSERT INTO packs VALUES ({', '.join('?' * 15)})", _pack_rows(known, numbers))
    aliases = ((old.casefold(), numbers[new]) for old, new in known.aliases.items() if new in numbers)
    connection.executemany("INSERT OR IGNORE INTO aliases VALUES (?, ?)", aliases)
    repositories = ((address, numbers[identifier]) for address, identifier in known.repositories.items())
    connection.executemany("INSERT INTO repositories VALUES (?, ?)", repositories)
    rows = (
        (name, found.signature, found.rank, numbers[found.identifier], found.source, " ".join(found.versions),
         found.claimed)
        for name, found in known.classes
    )  # fmt: skip
    connection.executemany("INSERT OR IGNORE INTO classes VALUES (?, ?, ?, ?, ?, ?, ?)", sorted(rows))
    patterns = ((expression, numbers[identifier]) for expression, identifier in known.patterns)
    connection.executemany("INSERT INTO patterns VALUES (?, ?)", patterns)
    models = (
        (folded(one.file_name), one.file_name, one.url, one.save_path, one.kind, one.name, one.base, one.size,
         one.reference)
        for one in known.models
    )  # fmt: skip
    connection.executemany("INSERT INTO models VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", models)


def _pack_rows(known: Known, numbers: dict[str, int]) -> Iterator[tuple[object, ...]]:
    for identifier, pack in known.packs.items():
        versions = [[one.version, one.download_url, one.deprecated, one.dependencies] for one in pack.versions]
        yield (
            numbers[identifier], identifier, identifier.casefold(), pack.name, pack.source, pack.description,
            pack.author, pack.repository, pack.stars, pack.refusal, json.dumps(versions) if versions else "",
            pack.updated, pack.classes, pack.copied, pack.copied_from,
        )  # fmt: skip


def _counts(known: Known) -> dict[str, int]:
    packs = known.packs.values()
    return {
        "packs": sum(pack.source != COMFYUI for pack in packs),
        "registry": sum(pack.source not in (MANAGER, COMFYUI) for pack in packs),
        "manager": sum(pack.source == MANAGER for pack in packs),
        "refused": sum(pack.refusal is not None for pack in packs),
        "classes": len({name for name, _ in known.classes}),
        "again": known.again,
        "models": len(known.models),
    }


def _add_node_data(known: Known, data: NodeData) -> None:
    """Of several packs of one repository those with versions go first, then those that come later."""
    for pack in sorted(data.packs.values(), key=lambda pack: bool(pack.versions)):
        known.add(pack)
    known.aliases.update({old: new for old, new in data.aliases.items() if old not in known.packs})
    for name, found in data.classes:
        identifier = known.aliases.get(found.identifier, found.identifier)
        if identifier not in known.packs:
            known.add(KnownPack(identifier, identifier, found.source))
        known.classes.append((name, found if identifier == found.identifier else replace(found, identifier=identifier)))


def _add_listed(known: Known, entry: ListedPack) -> None:
    """One entry of the Manager's list: a pack that is known by its repository, or a new one."""
    identifier = known.repositories.get(normal_address(entry.address))
    if identifier is None:
        _add_new(known, entry)
        return
    known.again += known.packs[identifier].source == MANAGER
    if entry.identifier and not known.is_taken(entry.identifier):
        known.aliases[entry.identifier] = identifier


def _add_new(known: Known, entry: ListedPack) -> str:
    github = github_repository(entry.address)
    names = [entry.identifier, f"github_{github[0]}_{github[1]}" if github else None, entry.address]
    others = (f"{entry.address}#{number}" for number in itertools.count(2))  # An identifier may look like an address.
    identifier = next(name for name in itertools.chain(names, others) if name and not known.is_taken(name))
    pack = KnownPack(
        identifier=identifier,
        name=entry.title or identifier,
        source=MANAGER,
        description=entry.description,
        author=entry.author,
        repository=entry.address,
        refusal=entry.refusal,
    )
    known.add(pack)
    return identifier


def _add_listed_classes(known: Known, listed: list[ListedClasses]) -> None:
    """The classes of the Manager that the node data lacks.

    Many packs copy classes of others. First comes ComfyUI, then who claims a class, then who has most stars, then who
    was listed first, which is who was there first.
    """
    named = {name for name, _ in known.classes}
    owners = [(entry, _pack_of(known, entry)) for entry in listed]
    places = {identifier: place for place, identifier in enumerate(known.packs)}
    places[CORE] = -1
    defined: dict[str, list[tuple[bool, int, int, str]]] = {}
    for entry, identifier in owners:
        stars = known.packs[identifier].stars or 0
        for name in entry.names:
            if name not in named:
                claims = identifier == CORE or name in entry.claimed
                defined.setdefault(name, []).append((not claims, -stars, places[identifier], identifier))
        if entry.pattern:
            known.patterns.append((entry.pattern, identifier))
    for name, packs in defined.items():
        for number, (unclaimed, *_, identifier) in enumerate(sorted(packs), 1):
            source = COMFYUI if identifier == CORE else MANAGER
            claimed = not unclaimed and identifier != CORE
            known.classes.append((name, NodeMapping(identifier, "", number, source, claimed=claimed)))


def _find_homes(known: Known) -> None:
    """Tell those who list classes of others from those who wrote them.

    A class is at home in the pack that claims it, else in the one with most stars, else in the one listed first. Only
    one that is much better known makes a copy of another.
    """
    places = {identifier: place for place, identifier in enumerate(known.packs)}
    homes: dict[str, tuple[bool, bool, int, int, str]] = {}
    listed: dict[str, set[str]] = {}
    for name, found in known.classes:
        identifier = found.identifier
        stars = known.packs[identifier].stars or 0
        key = (identifier != CORE, not found.claimed, -stars, places[identifier], identifier)
        homes[name] = min(homes.get(name, key), key)
        listed.setdefault(identifier, set()).add(name)
    for identifier, names in listed.items():
        own = known.packs[identifier].stars or 0
        others = [
            home
            for foreign, unclaimed, stars, _, home in (homes[name] for name in names)
            if home != identifier and (not foreign or not unclaimed or -stars >= 2 * own + _MUCH_BETTER_KNOWN)
        ]
        known.packs[identifier] = replace(
            known.packs[identifier], classes=len(names), copied=len(others), copied_from=len(set(others))
        )


def _pack_of(known: Known, entry: ListedClasses) -> str:
    if any(same_repository(entry.address, repository) for repository in _COMFYUI_REPOSITORIES):
        known.packs.setdefault(CORE, KnownPack(CORE, "ComfyUI", COMFYUI, repository=_COMFYUI_REPOSITORIES[0]))
        return CORE
    identifier = known.repositories.get(normal_address(entry.address))
    if identifier is not None:
        return identifier
    refusal = refusal_of(entry.address)
    return _add_new(known, ListedPack(entry.title, "", "", entry.address, None, refusal))
