"""Workflows in the manifest: what each needs, and what was chosen for it. `workflow_entries` reads that.

Format: `[tool.comfydock.workflows]` and `[tool.comfydock.models]` of ComfyDock 1.x; keys that we do not know stay.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import tomlkit
from tomlkit.items import AoT, InlineTable, Table

from comfydock_core.managers.pyproject.workflow_entries import (
    known_model_values,
    model_of,
    model_values,
    read_entry,
    read_known_models,
    table_of,
)
from comfydock_core.models.manifest import CLASS_CHOICES
from comfydock_core.models.workflow.entries import RESOLVED, KnownModel, ModelEntry, ModelUse, WorkflowEntry


def put_entry(document: tomlkit.TOMLDocument, entry: WorkflowEntry) -> None:
    """Write an entry in place of the one that is there; keys and comments of others in it stay."""
    table = _subtable(_subtable(_document_settings(document), "workflows"), entry.name)
    _set(table, "nodes", sorted(set(entry.packs)))
    _set(table, "path", entry.path)
    _set_models(table, entry.models)
    _set_choices(table, entry.choices)


def put_known_models(document: tomlkit.TOMLDocument, models: Iterable[KnownModel]) -> None:
    """Write resolved models; sources that are there already stay, and models that no workflow has any more go."""
    settings, manifest = _document_settings(document), document.unwrap()
    used = {
        model.hash
        for name in table_of(settings.get("workflows"))
        for model in read_entry(manifest, name).models
        if model.status == RESOLVED and model.hash
    }
    before = read_known_models(manifest)
    table = _subtable(settings, "models")
    for model in models:
        merged = with_sources(model, before.get(model.hash))
        if merged != before.get(model.hash):
            there = table.get(model.hash)
            inline = there if isinstance(there, InlineTable) else tomlkit.inline_table()
            _fill_known(inline, merged)
            table[model.hash] = inline
    for key in [key for key in table if key not in used]:
        table.pop(key)
    if not table:
        settings.pop("models")


def with_sources(model: KnownModel, before: KnownModel | None) -> KnownModel:
    """A model with what was noted of it before: sources, and digests that are not known now."""
    if before is None:
        return replace(model, sources=tuple(sorted(set(model.sources))))
    return replace(
        model,
        sources=tuple(sorted({*model.sources, *before.sources})),
        blake3=model.blake3 or before.blake3,
        sha256=model.sha256 or before.sha256,
    )


def _set_choices(holder: Table, choices: Mapping[str, str | bool]) -> None:
    there = holder.get(CLASS_CHOICES)
    if not choices or not isinstance(there, dict):
        holder.pop(CLASS_CHOICES, None)
    if not choices:
        return
    table = _subtable(holder, CLASS_CHOICES)
    for kind in [kind for kind in table if kind not in choices]:
        table.pop(kind)
    for kind in sorted(choices):
        if table.get(kind) != choices[kind]:
            table[kind] = choices[kind]


def _set_models(table: Table, models: Iterable[ModelEntry]) -> None:
    there = table.get("models")
    before = [one for one in there if isinstance(one, Table)] if isinstance(there, AoT) else []
    items = _Items(before)
    chosen = [(items.take(model), model) for model in models]
    for item, model in chosen:
        _fill(item, model)
    if chosen and len(chosen) == len(before) and all(one[0] is item for one, item in zip(chosen, before, strict=True)):
        return
    table.pop("models", None)
    if chosen:
        array = tomlkit.aot()
        for item, _ in chosen:
            array.append(item)
        table["models"] = array


class _Items:
    """The items that note models until now, each given out once."""

    def __init__(self, items: Iterable[Table]) -> None:
        self._left = {number: (item, model_of(item)) for number, item in enumerate(items)}
        self._numbers: dict[object, list[int]] = {}
        for number, (_, model) in self._left.items():
            for key in _keys(model):
                self._numbers.setdefault(key, []).append(number)

    def take(self, model: ModelEntry) -> Table:
        """The item of the same model, else of the same nodes, else of the same name; else a new one."""
        for key in _keys(model):
            for number in self._numbers.get(key, ()):
                if number in self._left:
                    return self._left.pop(number)[0]
        return tomlkit.table()


def _keys(model: ModelEntry) -> tuple[object, ...]:
    return (model.filename, model.hash, model.uses), model.uses, model.filename


def _fill(item: Table, model: ModelEntry) -> None:
    uses = tomlkit.array()
    for use in model.uses:
        uses.append(_use(use))
    before = model_of(item)
    for key, value in model_values(model, uses).items():
        is_same = before.uses == model.uses if key == "nodes" else item.get(key) == value
        if not is_same:
            _set(item, key, value)


def _use(use: ModelUse) -> InlineTable:
    inline = tomlkit.inline_table()
    inline["node_id"] = use.node_id
    inline["node_type"] = use.node_type
    inline["widget_idx"] = use.widget_index
    inline["widget_value"] = use.widget_value
    return inline


def _fill_known(inline: InlineTable, model: KnownModel) -> None:
    for key, value in known_model_values(model).items():
        if value or key == "size":
            inline[key] = value
        else:
            inline.pop(key, None)


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
