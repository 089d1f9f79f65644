"""What a saved node says of itself beside its inputs: title, position, and the models that it names."""

from dataclasses import replace
from typing import TypeVar

from comfydock_core.analyzers.workflows.saved_graph import Table, text_of
from comfydock_core.models.workflow.prompt_view import NamedModel, NodeLink, NodeValue

_Source = TypeVar("_Source", NodeValue, NodeValue | NodeLink)


def title_of(raw: Table) -> str | None:
    """The title that somebody gave a node."""
    return text_of(raw.get("title"))


def models_of(holder: Table, place: str) -> tuple[NamedModel, ...]:
    """The models named in `models` of a node's properties or of the workflow itself."""
    listed = holder.get("models")
    return tuple(
        NamedModel(
            name,
            text_of(raw.get("directory")),
            text_of(raw.get("url")),
            text_of(raw.get("hash")),
            text_of(raw.get("hash_type")),
            f"{place}/models/{at}",
        )
        for at, raw in enumerate(listed if isinstance(listed, list) else ())
        if isinstance(raw, dict) and (name := text_of(raw.get("name"))) is not None
    )


def position_of(raw: Table) -> tuple[float, float] | None:
    """Where the editor draws a node; older files have a mapping of `0` and `1`."""
    saved = raw.get("pos")
    pair = [saved.get("0"), saved.get("1")] if isinstance(saved, dict) else saved
    if not isinstance(pair, list) or len(pair) < 2 or not all(type(one) in (int, float) for one in pair[:2]):
        return None
    return (pair[0], pair[1])


def controlled(source: _Source, own: NodeValue | NodeLink | None) -> _Source:
    """A value that is set from outside with what the editor does to it after a run, which only the node tells."""
    if isinstance(source, NodeValue) and isinstance(own, NodeValue) and source.control is None and own.control:
        return replace(source, control=own.control)
    return source
