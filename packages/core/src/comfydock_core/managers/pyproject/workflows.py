"""Workflows in the manifest: what each needs, and what was chosen for it.

Format: `[tool.comfydock.workflows]` and `[tool.comfydock.models]` of ComfyDock 1.x; keys that we do not know stay.
"""

from collections.abc import Iterable, Mapping

import tomlkit
from tomlkit.items import Table

from comfydock_core.models.workflow.entries import (
    FLEXIBLE,
    RESOLVED,
    UNKNOWN,
    KnownModel,
    ModelEntry,
    ModelUse,
    WorkflowEntry,
)

_CHOICES = "custom_node_map"


def read_entry(manifest: Mapping[str, object], name: str) -> WorkflowEntry:
    """What a manifest that was read notes of a workflow; what has an unexpected type in it is left out."""
    raw = _table(_table(_settings(manifest).get("workflows")).get(name))
    packs = raw.get("nodes")
    models = raw.get("models")
    return WorkflowEntry(
        name,
        _text(raw.get("path")),
        tuple(one for one in packs if isinstance(one, str)) if isinstance(packs, list) else (),
        _read_choices(raw),
        tuple(_model(one) for one in models if isinstance(one, dict)) if isinstance(models, list) else (),
    )


def _read_choices(holder: Mapping[str, object]) -> dict[str, str | bool]:
    """The choices for node classes in a workflow's entry."""
    chosen = _table(holder.get(_CHOICES))
    return {kind: one for kind, one in chosen.items() if isinstance(one, str) or one is False}


def read_known_models(manifest: Mapping[str, object]) -> dict[str, KnownModel]:
    """The table of resolved models, by its keys."""
    found: dict[str, KnownModel] = {}
    for key, raw in _table(_settings(manifest).get("models")).items():
        if isinstance(raw, dict) and isinstance(raw.get("size"), int):
            sources = raw.get("sources")
            found[key] = KnownModel(
                key,
                _text(raw.get("filename")) or key,
                raw["size"],
                _text(raw.get("relative_path")) or "",
                _text(raw.get("category")) or UNKNOWN,
                tuple(one for one in sources if isinstance(one, str)) if isinstance(sources, list) else (),
                _text(raw.get("blake3")),
                _text(raw.get("sha256")),
            )
    return found


def put_entry(document: tomlkit.TOMLDocument, entry: WorkflowEntry) -> None:
    """Write an entry in place of the one that is there; foreign keys of that stay."""
    table = _subtable(_subtable(_document_settings(document), "workflows"), entry.name)
    _set(table, "nodes", sorted(set(entry.packs)))
    _set(table, "path", entry.path)
    _set_models(table, entry.models)
    _set_choices(table, entry.choices)


def put_known_models(document: tomlkit.TOMLDocument, models: Iterable[KnownModel]) -> None:
    """Write resolved models; sources that are there already stay, and models that no workflow has any more go."""
    settings = _document_settings(document)
    used = {
        model.hash
        for name in _table(settings.get("workflows"))
        for model in read_entry(document.unwrap(), name).models
        if model.status == RESOLVED and model.hash
    }
    before = read_known_models(document.unwrap())
    table = _subtable(settings, "models")
    for model in models:
        known = before.get(model.hash)
        sources = sorted({*model.sources, *(known.sources if known else ())})
        table[model.hash] = _inline(model, sources)
    for key in list(table):
        if key not in used:
            table.pop(key)
    if not table:
        settings.pop("models")


def _set_choices(holder: Table, choices: Mapping[str, str | bool]) -> None:
    if not choices:
        holder.pop(_CHOICES, None)
        return
    table = tomlkit.table()
    for kind in sorted(choices):
        table[kind] = choices[kind]
    holder.pop(_CHOICES, None)
    holder[_CHOICES] = table


def _set_models(table: Table, models: Iterable[ModelEntry]) -> None:
    array = tomlkit.aot()
    for model in models:
        item = tomlkit.table()
        item["filename"] = model.filename
        item["category"] = model.category
        item["criticality"] = model.importance
        item["status"] = model.status
        uses = tomlkit.array()
        for use in model.uses:
            uses.append(_use(use))
        item["nodes"] = uses
        for key, value in (("hash", model.hash), ("relative_path", model.relative_path)):
            if value:
                item[key] = value
        if model.sources:
            item["sources"] = list(model.sources)
        array.append(item)
    table.pop("models", None)
    if len(array):
        table["models"] = array


def _use(use: ModelUse) -> tomlkit.items.InlineTable:
    inline = tomlkit.inline_table()
    inline["node_id"] = use.node_id
    inline["node_type"] = use.node_type
    inline["widget_idx"] = use.widget_index
    inline["widget_value"] = use.widget_value
    return inline


def _inline(model: KnownModel, sources: list[str]) -> tomlkit.items.InlineTable:
    inline = tomlkit.inline_table()
    inline["filename"] = model.filename
    inline["size"] = model.size
    inline["relative_path"] = model.relative_path
    inline["category"] = model.category
    for key, value in (("sources", sources), ("blake3", model.blake3), ("sha256", model.sha256)):
        if value:
            inline[key] = value
    return inline


def _model(raw: Mapping[str, object]) -> ModelEntry:
    uses, sources = raw.get("nodes"), raw.get("sources")
    return ModelEntry(
        _text(raw.get("filename")) or "",
        _text(raw.get("category")) or UNKNOWN,
        _text(raw.get("criticality")) or FLEXIBLE,
        _text(raw.get("status")) or RESOLVED,
        tuple(_read_use(one) for one in uses if isinstance(one, dict)) if isinstance(uses, list) else (),
        _text(raw.get("hash")),
        tuple(one for one in sources if isinstance(one, str)) if isinstance(sources, list) else (),
        _text(raw.get("relative_path")),
    )


def _read_use(raw: Mapping[str, object]) -> ModelUse:
    index = raw.get("widget_idx")
    return ModelUse(
        str(raw.get("node_id") or ""),
        _text(raw.get("node_type")) or "",
        index if isinstance(index, int) else 0,
        str(raw.get("widget_value") or ""),
    )


def _settings(manifest: Mapping[str, object]) -> dict[str, object]:
    return _table(_table(manifest.get("tool")).get("comfydock"))


def _document_settings(document: tomlkit.TOMLDocument) -> Table:
    settings = document["tool"]["comfydock"]
    assert isinstance(settings, Table)
    return settings


def _subtable(parent: Table, key: str) -> Table:
    table = parent.setdefault(key, tomlkit.table())
    assert isinstance(table, Table)
    return table


def _set(table: Table, key: str, value: object) -> None:
    if value:
        table[key] = value
    else:
        table.pop(key, None)


def _table(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
