"""Reading the lists of known node packs. They are written by others: what is wrong in them is left out and counted.

Formats: ComfyDock's node data (`mappings` of `<class>::<signature>` to packs, `packages` by identifier), and
ComfyUI-Manager's `custom-node-list.json`, `extension-node-map.json` and `github-stats.json`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from comfydock_core.models.node_mapping import MANAGER, REGISTRY, NodeMapping
from comfydock_core.models.packs.node_data import ARCHIVE, BAD_ADDRESS, SINGLE_FILE, KnownPack, KnownVersion
from comfydock_core.records import record
from comfydock_core.repositories.node_data.name_patterns import safe_pattern
from comfydock_core.repositories.node_data.published_values import (
    UnusableList,
    is_name,
    json_of,
    line_of,
    number_of,
    short_text,
)
from comfydock_core.utils.git_urls import github_repository

_LAST_RANK = 999
_SIGNATURE = re.compile(r"[0-9a-f]{8}", re.ASCII)
_MOMENT = re.compile(r"[12]\d{3}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)
_FILE_ENDS = (".py", ".js")
_GIT_SCHEMES = ("https", "http", "ssh", "git")


@dataclass(slots=True)
class NodeData:
    """ComfyDock's node data. `classes` are (name, candidate); `skipped` counts what could not be used."""

    version: str | None
    packs: dict[str, KnownPack]
    aliases: dict[str, str]
    classes: list[tuple[str, NodeMapping]]
    skipped: int


@record
class ListedPack:
    """One entry of the Manager's list. `address` is its repository, or the file that it is when it is refused."""

    title: str
    author: str
    description: str
    address: str
    identifier: str | None
    refusal: str | None


@record
class ListedClasses:
    """What the Manager knows of the node classes of one address.

    `claimed` are classes that belong to it although others have them too. `pattern` is what the names of classes look
    like that it does not list, `None` when there is none that may be tried.
    """

    address: str
    title: str
    names: tuple[str, ...]
    claimed: frozenset[str] = field(default_factory=frozenset)
    pattern: str | None = None


@record
class ListedFame:
    """How many stars a repository has, and when it was last changed, in Unix seconds."""

    address: str
    stars: int | None
    updated: float | None


def read_node_data(content: bytes) -> NodeData:
    """ComfyDock's node data. Raises `UnusableList` when it is none."""
    whole = json_of(content)
    if not isinstance(whole, dict):
        raise UnusableList("it is not an object")
    packages, mappings = whole.get("packages"), whole.get("mappings")
    if not isinstance(packages, dict) or not isinstance(mappings, dict) or not packages:
        raise UnusableList("it has no `packages` and `mappings`")
    packs = {pack.identifier: pack for key, value in packages.items() if (pack := _pack(key, value)) is not None}
    if not packs:
        raise UnusableList("none of its packages can be read")
    classes: list[tuple[str, NodeMapping]] = []
    skipped = len(packages) - len(packs)
    for key, value in mappings.items():
        found = list(_candidates(key, value))
        classes += found
        skipped += not found
    return NodeData(
        line_of(whole.get("version")) or None, packs, _aliases(whole.get("package_aliases")), classes, skipped
    )


def read_manager_list(content: bytes) -> tuple[list[ListedPack], int]:
    """The entries of `custom-node-list.json`, and how many could not be read. Raises `UnusableList`."""
    whole = json_of(content)
    entries = whole.get("custom_nodes") if isinstance(whole, dict) else None
    if not isinstance(entries, list) or not entries:
        raise UnusableList("it has no list `custom_nodes`")
    packs = [pack for entry in entries if (pack := _listed_pack(entry)) is not None]
    if not packs:
        raise UnusableList("none of its entries can be read")
    return packs, len(entries) - len(packs)


def read_manager_map(content: bytes) -> tuple[list[ListedClasses], int]:
    """The entries of `extension-node-map.json`, and how many could not be read. Raises `UnusableList`."""
    whole = json_of(content)
    if not isinstance(whole, dict) or not whole:
        raise UnusableList("it is not an object with entries")
    found = [classes for key, value in whole.items() if (classes := _listed_classes(key, value)) is not None]
    if not found:
        raise UnusableList("none of its entries can be read")
    return found, len(whole) - len(found)


def read_manager_stats(content: bytes) -> tuple[list[ListedFame], int]:
    """The entries of `github-stats.json`, and how many could not be read. Raises `UnusableList`."""
    whole = json_of(content)
    if not isinstance(whole, dict) or not whole:
        raise UnusableList("it is not an object with entries")
    found = [fame for key, value in whole.items() if (fame := _listed_fame(key, value)) is not None]
    if not found:
        raise UnusableList("none of its entries can be read")
    return found, len(whole) - len(found)


def refusal_of(address: str, kind: str = "") -> str | None:
    """Why what lies at an address cannot be added as a pack, `None` when git can clone it. `kind` is as listed."""
    if github_repository(address) is not None:
        return None
    parts = _split(address)
    if parts is None or parts[0] not in _GIT_SCHEMES or not parts[1]:
        return BAD_ADDRESS
    if parts[2].lower().endswith(_FILE_ENDS) or kind == "copy":
        return SINGLE_FILE
    if kind == "unzip":
        return ARCHIVE
    return None if parts[2].strip("/") else BAD_ADDRESS


def _split(address: str) -> tuple[str, str, str] | None:
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return parts.scheme.lower(), parts.netloc, parts.path


def _pack(identifier: str, value: object) -> KnownPack | None:
    if not isinstance(value, dict) or not is_name(identifier):
        return None
    return KnownPack(
        identifier=identifier,
        name=short_text(value.get("display_name")) or identifier,
        source=MANAGER if value.get("source") == MANAGER else REGISTRY,
        description=line_of(value.get("description")),
        author=short_text(value.get("author")),
        repository=short_text(value.get("repository")) or None,
        stars=number_of(value.get("github_stars")),
        versions=tuple(_versions(value.get("versions"))),
    )


def _versions(value: object) -> Iterator[KnownVersion]:
    for version, facts in value.items() if isinstance(value, dict) else ():
        if not is_name(version) or not isinstance(facts, dict):
            continue
        wanted = facts.get("dependencies")
        dependencies = tuple(text for item in wanted if (text := line_of(item))) if isinstance(wanted, list) else ()
        address = short_text(facts.get("download_url")) or None
        yield KnownVersion(version, address, facts.get("deprecated") is True, dependencies)


def _candidates(key: str, value: object) -> Iterator[tuple[str, NodeMapping]]:
    """Older data has one object where later data has a list."""
    name, _, signature = key.rpartition("::")
    if not is_name(name) or not (signature == "_" or _SIGNATURE.fullmatch(signature)):
        return
    for item in [value] if isinstance(value, dict) else value if isinstance(value, list) else ():
        if not isinstance(item, dict) or not is_name(item.get("package_id")):
            continue
        listed = item.get("versions")
        versions = tuple(one for one in listed if is_name(one)) if isinstance(listed, list) else ()
        source = MANAGER if item.get("source") == MANAGER else REGISTRY
        rank = number_of(item.get("rank")) or _LAST_RANK
        yield name, NodeMapping(item["package_id"], "" if signature == "_" else signature, rank, source, versions)


def _aliases(value: object) -> dict[str, str]:
    """Old identifiers and the ones that they stand for now, chains followed to their end."""
    pairs = value if isinstance(value, dict) else {}
    direct = {old: new for old, new in pairs.items() if is_name(old) and is_name(new)}
    return {old: end for old in direct if (end := _end_of(old, direct)) != old}


def _end_of(name: str, direct: dict[str, str]) -> str:
    """Where a chain of aliases ends; one that goes in a circle ends where it began."""
    seen = {name}
    at = name
    while at in direct:
        at = direct[at]
        if at in seen:
            return name
        seen.add(at)
    return at


def _listed_pack(entry: object) -> ListedPack | None:
    if not isinstance(entry, dict):
        return None
    files = entry.get("files")
    kind = short_text(entry.get("install_type")).lower()
    addresses = [short_text(file) for file in files] if isinstance(files, list) else []
    addresses = [address for address in [*addresses, short_text(entry.get("reference"))] if address]
    if not addresses:
        return None
    identifier = entry.get("id")
    return ListedPack(
        title=short_text(entry.get("title")),
        author=short_text(entry.get("author")),
        description=line_of(entry.get("description")),
        address=addresses[0],
        identifier=identifier if isinstance(identifier, str) and is_name(identifier) else None,
        refusal=refusal_of(addresses[0], kind),
    )


def _listed_classes(address: str, value: object) -> ListedClasses | None:
    if not isinstance(value, list) or not value or not isinstance(value[0], list) or not short_text(address):
        return None
    facts = value[1] if len(value) > 1 and isinstance(value[1], dict) else {}
    claimed = facts.get("preemptions")
    return ListedClasses(
        address=short_text(address),
        title=short_text(facts.get("title_aux")) or short_text(facts.get("title")),
        names=tuple(dict.fromkeys(name for name in value[0] if is_name(name))),
        claimed=frozenset(name for name in claimed if is_name(name)) if isinstance(claimed, list) else frozenset(),
        pattern=safe_pattern(facts.get("nodename_pattern")),
    )


def _listed_fame(address: str, value: object) -> ListedFame | None:
    if not isinstance(value, dict) or not short_text(address):
        return None
    stars, updated = number_of(value.get("stars")), _moment(value.get("last_update"))
    return None if stars is None and updated is None else ListedFame(short_text(address), stars, updated)


def _moment(value: object) -> float | None:
    """A time as the Manager writes it, `2026-08-19 20:14:51`, in UTC."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
