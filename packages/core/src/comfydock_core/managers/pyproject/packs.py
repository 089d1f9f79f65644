"""Node packs in the manifest: their entries, and a dependency group for each that requires something.

Format: `[tool.comfydock.nodes.<identifier>]` and `[dependency-groups]` of ComfyDock 1.x, keys without a value left out;
`branch`, `sha256` and `enabled` are ours. Keys that we do not know stay.
"""

from collections.abc import Collection, Iterable

import tomlkit
from tomlkit.items import Table

from comfydock_core.managers.pyproject.pytorch import multiline
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.shared import NodeInfo, NodePackage
from comfydock_core.repositories.definition.tracked_packs import ENTRY_KEYS, group_name, tracked_packs

_DEVELOPMENT = "development"


def put_packs(document: tomlkit.TOMLDocument, packs: Iterable[NodePackage], path: str) -> None:
    """Write the entries and groups of some packs; those of the same identifier are replaced.

    Raises `ManifestDamaged`, naming `path`.
    """
    known = tracked_packs(document.unwrap(), path)  # Once: it costs as much as all packs together.
    for pack in packs:
        before = known.get(pack.identifier)
        if before is not None:
            _remove_group(document, before.release)
        known[pack.identifier] = pack
        _fill(_entry(document, pack.identifier), pack)
        if pack.requirements:
            groups = document.setdefault("dependency-groups", tomlkit.table())
            groups[group_name(pack.release)] = multiline(pack.requirements)


def remove_packs(document: tomlkit.TOMLDocument, identifiers: Iterable[str], path: str) -> None:
    """Take packs out, with their groups and the sources that no other pack named.

    Raises `KeyError`, and `ManifestDamaged`, naming `path`.
    """
    known = tracked_packs(document.unwrap(), path)
    for identifier in identifiers:
        _remove_group(document, known.pop(identifier).release)
        table = _holder(document, identifier)
        entry = table.pop(identifier)
        _remove_sources(document, entry.get("dependency_sources") or ())
        _remove_empty(document, ("tool", "comfydock", "nodes", _DEVELOPMENT))
        _remove_empty(document, ("tool", "comfydock", "nodes"))
    _remove_empty(document, ("dependency-groups",))


def _fill(entry: Table, pack: NodePackage) -> None:
    for key in ENTRY_KEYS:
        value = _kept(key, getattr(pack.release, key))
        if value:
            entry[key] = value
        else:
            entry.pop(key, None)
    if pack.enabled:
        entry.pop("enabled", None)
    else:
        entry["enabled"] = False


def _kept(key: str, value: str | None) -> str | None:
    """What may be committed: a repository without its login, and the address of an archive only if nothing is secret.

    Without a signature that address would be of no use; whoever needs the archive asks the registry for a new one.
    """
    if value and key == "repository":
        return without_credentials(value)
    if value and key == "download_url" and without_credentials(value) != value:
        return None
    return value


def _entry(document: tomlkit.TOMLDocument, identifier: str) -> Table:
    entry = _holder(document, identifier).setdefault(identifier, tomlkit.table())
    assert isinstance(entry, Table)
    return entry


def _nodes(document: tomlkit.TOMLDocument) -> Table:
    settings = document["tool"]["comfydock"]
    assert isinstance(settings, Table)
    nodes = settings.setdefault("nodes", tomlkit.table(is_super_table=True))
    assert isinstance(nodes, Table)
    return nodes


def _holder(document: tomlkit.TOMLDocument, identifier: str) -> Table:
    """The table that a pack's entry stands in: in very old manifests one deeper for development packs."""
    nodes = _nodes(document)
    nested = nodes.get(_DEVELOPMENT)
    if identifier not in nodes and isinstance(nested, Table) and identifier in nested:
        return nested
    return nodes


def _remove_group(document: tomlkit.TOMLDocument, release: NodeInfo) -> None:
    groups = document.get("dependency-groups")
    if isinstance(groups, Table):
        groups.pop(group_name(release), None)


def _remove_sources(document: tomlkit.TOMLDocument, names: Collection[str]) -> None:
    """Where a pack of 1.x let uv take a package from, unless another pack still says so."""
    if not names:
        return
    still = {name for entry in _nodes(document).values() if isinstance(entry, Table)
             for name in entry.get("dependency_sources") or ()}  # fmt: skip
    sources = document["tool"].get("uv", {}).get("sources")
    for name in set(names) - still:
        if isinstance(sources, Table):
            sources.pop(name, None)
    _remove_empty(document, ("tool", "uv", "sources"))


def _remove_empty(document: tomlkit.TOMLDocument, address: tuple[str, ...]) -> None:
    *parents, last = address
    table: object = document
    for key in parents:
        table = table.get(key) if isinstance(table, (tomlkit.TOMLDocument, Table)) else None
    if isinstance(table, (tomlkit.TOMLDocument, Table)) and last in table and not table[last]:
        table.pop(last)
