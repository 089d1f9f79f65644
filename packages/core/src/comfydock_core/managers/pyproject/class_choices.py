"""Choices of packs for node classes in the manifest: `custom_node_map` of a workflow, or of the whole environment."""

import tomlkit
from tomlkit.items import Table

from comfydock_core.models.manifest import CLASS_CHOICES, EnvironmentManifest, table
from comfydock_core.resolvers.class_choices import choices_of


def put_choice(
    document: tomlkit.TOMLDocument, node_type: str, choice: str | bool, workflow: str | None, path: str
) -> None:
    """Note the identifier of a pack for a class, or false when it needs none; for one workflow, or for all of them.

    Raises `ManifestDamaged`, naming `path`.
    """
    _check(document, workflow, path)
    holder = _below(_below(document, "tool"), "comfydock")
    if workflow is not None:
        holder = _own_entry(_below(holder, "workflows"), workflow)
    _below(holder, CLASS_CHOICES)[node_type] = choice


def drop_choice(document: tomlkit.TOMLDocument, node_type: str, workflow: str | None, path: str) -> None:
    """Take a choice back; a table that is empty then goes, the workflow's own stays.

    Raises `KeyError`, and `ManifestDamaged`, naming `path`.
    """
    _check(document, workflow, path)
    holder = document["tool"]["comfydock"]
    if workflow is not None:
        holder = _own_entry(holder["workflows"], workflow)
    chosen = holder[CLASS_CHOICES]
    del chosen[node_type]
    if not chosen:
        del holder[CLASS_CHOICES]


def _own_entry(workflows: Table, workflow: str) -> Table:
    """The entry of a workflow; a new one begins with the choices that held for it until now."""
    choices = {} if workflow in workflows else choices_of(workflows.unwrap(), workflow)
    holder = _below(workflows, workflow)
    for kind, choice in choices.items():
        _below(holder, CLASS_CHOICES)[kind] = choice
    return holder


def _check(document: tomlkit.TOMLDocument, workflow: str | None, path: str) -> None:
    """Raise `ManifestDamaged` where something else is written than a table of choices."""
    manifest = EnvironmentManifest(document.unwrap(), path)
    holder = manifest.tool if workflow is None else table(manifest.workflows, workflow, path)
    table(holder, CLASS_CHOICES, path)


def _below(holder: tomlkit.TOMLDocument | Table, name: str) -> Table:
    if name not in holder:
        holder[name] = tomlkit.table(is_super_table=name in ("tool", "workflows"))
    found: Table = holder[name]
    return found
