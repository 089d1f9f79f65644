"""What differs between two versions of a workflow, in words: one line a thing, as others wrote names and values."""

import json
from collections.abc import Iterator

from comfydock_core.models.workflow.differences import NodeChange, Source
from comfydock_core.models.workflow.prompt_view import NodeLink, WorkflowNode

_LONGEST = 60
_FIXED = (None, "fixed")
_STATES = {
    "runs": "runs", "muted": "muted", "bypassed": "bypassed", "unused": "in a subgraph that is not used",
    "editor": "for the editor alone",
}  # fmt: skip


def node_text(node: WorkflowNode) -> str:
    """A node by its class, and its title or number."""
    return f'{node.type} "{shortened(node.title)}"' if node.title else f"{node.type} {node.id}"


def source_text(source: Source | None, kind: str | None) -> str:
    """What an input gets; `kind` is the class of the node that a link comes from."""
    if source is None:
        return "nothing"
    if isinstance(source, NodeLink):
        return f"{kind or 'node'} {source.node}, output {source.slot}"
    if source.control not in _FIXED:
        return str(source.control)
    return shortened(json.dumps(source.value, ensure_ascii=False, default=str))


def change_lines(change: NodeChange) -> Iterator[str]:
    """Everything that is different of a node: its title, its state, its inputs."""
    if change.retitled:
        yield f"title {_title(change.before)} → {_title(change.after)}"
    if change.state_changed:
        yield f"{_STATES[change.before.state]} → {_STATES[change.after.state]}"
    for one in change.inputs:
        before, after = source_text(one.before, one.before_class), source_text(one.after, one.after_class)
        yield f"{one.input or 'a value'} {before} → {after}"


def shortened(text: str) -> str:
    """The beginning of a text that is long."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _title(node: WorkflowNode) -> str:
    return f'"{shortened(node.title)}"' if node.title else "none"
