"""Reading what the manifest notes of workflows: what each needs, and what was chosen for it.

`workflows` writes it, with the keys and in the order that `model_values` and `known_model_values` give.
"""

from collections.abc import Mapping

from comfydock_core.models.workflow.entries import (
    FLEXIBLE,
    RESOLVED,
    UNKNOWN,
    KnownModel,
    ModelEntry,
    ModelUse,
    WorkflowEntry,
)
from comfydock_core.resolvers.class_choices import choices_of

_MANUAL = ("declared_by", "manual")  # A key of ComfyGit's.


def read_entry(manifest: Mapping[str, object], name: str) -> WorkflowEntry:
    """What a manifest that was read notes of a workflow; what has an unexpected type in it is left out."""
    workflows = table_of(_settings(manifest).get("workflows"))
    raw = table_of(workflows.get(name))
    models = raw.get("models")
    return WorkflowEntry(
        name,
        _text(raw.get("path")),
        _texts(raw.get("nodes")),
        choices_of(workflows, name),
        tuple(model_of(one) for one in models if isinstance(one, dict)) if isinstance(models, list) else (),
    )


def read_known_models(manifest: Mapping[str, object]) -> dict[str, KnownModel]:
    """The table of resolved models, by its keys."""
    found: dict[str, KnownModel] = {}
    for key, raw in table_of(_settings(manifest).get("models")).items():
        if isinstance(raw, dict) and isinstance(raw.get("size"), int):
            found[key] = KnownModel(
                key,
                _text(raw.get("filename")) or key,
                raw["size"],
                _text(raw.get("relative_path")) or "",
                _text(raw.get("category")) or UNKNOWN,
                _texts(raw.get("sources")),
                _text(raw.get("blake3")),
                _text(raw.get("sha256")),
            )
    return found


def model_of(raw: Mapping[str, object]) -> ModelEntry:
    """What one entry notes of a model."""
    uses = raw.get("nodes")
    return ModelEntry(
        _text(raw.get("filename")) or "",
        _text(raw.get("category")) or UNKNOWN,
        _text(raw.get("criticality")) or FLEXIBLE,
        _text(raw.get("status")) or RESOLVED,
        tuple(_read_use(one) for one in uses if isinstance(one, dict)) if isinstance(uses, list) else (),
        _text(raw.get("hash")),
        _texts(raw.get("sources")),
        _text(raw.get("relative_path")),
        raw.get(_MANUAL[0]) == _MANUAL[1],
    )


def model_values(model: ModelEntry, uses: object) -> dict[str, object]:
    """What an entry notes of a model, with `uses` as they are written; writers leave out what has no value."""
    return {
        "filename": model.filename,
        "category": model.category,
        "criticality": model.importance,
        "status": model.status,
        "nodes": uses,
        "hash": model.hash,
        "sources": list(model.sources),
        "relative_path": model.relative_path,
    }


def known_model_values(model: KnownModel) -> dict[str, object]:
    """What the table of resolved models notes of one; writers leave out what has no value."""
    return {
        "filename": model.filename,
        "size": model.size,
        "relative_path": model.relative_path,
        "category": model.category,
        "sources": list(model.sources),
        "blake3": model.blake3,
        "sha256": model.sha256,
    }


def _read_use(raw: Mapping[str, object]) -> ModelUse:
    index = raw.get("widget_idx")
    return ModelUse(
        str(raw.get("node_id") or ""),
        _text(raw.get("node_type")) or "",
        index if isinstance(index, int) else 0,
        str(raw.get("widget_value") or ""),
    )


def _settings(manifest: Mapping[str, object]) -> dict[str, object]:
    return table_of(table_of(manifest.get("tool")).get("comfydock"))


def table_of(value: object) -> dict[str, object]:
    """A table, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
