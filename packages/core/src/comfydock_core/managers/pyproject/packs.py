"""Node packs in the manifest: their entries, and a dependency group for each that requires something.

Format: `[tool.comfydock.nodes.<identifier>]` and `[dependency-groups]` of ComfyDock 1.x, keys without a value left out.
"""

from collections.abc import Iterable

import tomlkit
from tomlkit.items import Table

from comfydock_core.managers.pyproject.pytorch import multiline
from comfydock_core.models.adoption import PackEntry
from comfydock_core.utils.pack_groups import group_of_pack


def add_packs(document: tomlkit.TOMLDocument, packs: Iterable[PackEntry]) -> None:
    """Write the entries and groups of some packs; those of the same identifier are replaced."""
    for pack in packs:
        _nodes(document)[pack.identifier] = _entry(pack)
        if pack.requirements:
            groups = document.setdefault("dependency-groups", tomlkit.table())
            groups[group_name(pack)] = multiline(pack.requirements)


def group_name(pack: PackEntry) -> str:
    """`<slug>-<8 digits>`: of the name, and of what tells packs of that name apart."""
    return group_of_pack(pack.name, pack.repository or pack.registry_id or pack.name)


def _nodes(document: tomlkit.TOMLDocument) -> Table:
    settings = document["tool"]["comfydock"]
    assert isinstance(settings, Table)
    nodes = settings.setdefault("nodes", tomlkit.table(is_super_table=True))
    assert isinstance(nodes, Table)
    return nodes


def _entry(pack: PackEntry) -> Table:
    entry = tomlkit.table()
    values = {"name": pack.name, "registry_id": pack.registry_id, "repository": pack.repository,
              "version": pack.version, "source": pack.source}  # fmt: skip
    entry.update({key: value for key, value in values.items() if value})
    return entry
