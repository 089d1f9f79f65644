"""Choices of packs for node classes in the manifest: `custom_node_map` of a workflow, or of the whole environment."""

import tomlkit
from tomlkit.items import Table

from comfydock_core.models.manifest import EnvironmentManifest, table

_KEY = "custom_node_map"


def put_choice(
    document: tomlkit.TOMLDocument, node_type: str, choice: str | bool, workflow: str | None, path: str
) -> None:
    """Note the identifier of a pack for a class, or false when it needs none; for one workflow, or for all of them.

    Raises `ManifestDamaged`, naming `path`.
    """
    _check(document, workflow, path)
    holder = _below(_below(document, "tool"), "comfydock")
    if workflow is not None:
        holder = _below(_below(holder, "workflows"), workflow)
    _below(holder, _KEY)[node_type] = choice


def drop_choice(document: tomlkit.TOMLDocument, node_type: str, workflow: str | None, path: str) -> None:
    """Take a choice back; a table that is empty then goes, the workflow's own stays.

    Raises `KeyError`, and `ManifestDamaged`, naming `path`.
    """
    _check(document, workflow, path)
    words = ("tool", "comfydock") if workflow is None else ("tool", "comfydock", "workflows", workflow)
    holder = document
    for word in words:
        holder = holder[word]
    chosen = holder[_KEY]
    del chosen[node_type]
    if not chosen:
        del holder[_KEY]


def _check(document: tomlkit.TOMLDocument, workflow: str | None, path: str) -> None:
    """Raise `ManifestDamaged` where something else is written than a table of choices."""
    manifest = EnvironmentManifest(document.unwrap(), path)
    holder = manifest.tool if workflow is None else table(manifest.workflows, workflow, path)
    table(holder, _KEY, path)


def _below(holder: tomlkit.TOMLDocument | Table, name: str) -> Table:
    if name not in holder:
        holder[name] = tomlkit.table(is_super_table=name in ("tool", "workflows"))
    found: Table = holder[name]
    return found
