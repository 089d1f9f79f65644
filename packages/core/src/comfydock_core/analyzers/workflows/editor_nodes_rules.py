"""Nodes that exist in the editor alone: what they hand on, and how they are known."""

from comfydock_core.analyzers.workflows.frames import Frame
from comfydock_core.analyzers.workflows.saved_graph import SavedNode
from comfydock_core.models.workflow.prompt_view import NAMED, NodeValue

REROUTES = frozenset({"Reroute", "Reroute (rgthree)"})
PRIMITIVES = frozenset({"PrimitiveNode"})
_NOTES = frozenset({"Note", "MarkdownNote"})
_SETTERS = frozenset({"SetNode"})  # Of KJNodes and of those who took it over: a link by name.
_GETTERS = frozenset({"GetNode"})
EDITOR_ONLY = REROUTES | PRIMITIVES | _NOTES | _SETTERS | _GETTERS


def is_editor_only(kind: str) -> bool:
    return kind in EDITOR_ONLY


def handed_on(frame: Frame, node: SavedNode, slot: int) -> NodeValue | tuple[SavedNode, int] | None:
    """What the output of such a node stands for: a value, the input of a node in the same frame, or nothing."""
    if node.type in PRIMITIVES:
        return primitive_value(frame, node)
    if node.type in _GETTERS:
        setter = _setter(frame, node)
        return None if setter is None else (setter, 0)
    if node.type in REROUTES or node.type in _SETTERS:
        return (node, slot) if slot < len(node.inputs) else None
    return None


def primitive_value(frame: Frame, node: SavedNode) -> NodeValue | None:
    handed = next((value for (target, _), value in frame.inside.items() if target == node.id), None)
    if handed is not None:
        return handed
    values = node.raw.get("widgets_values")
    if not isinstance(values, list) or not values:
        return None
    return NodeValue(values[0], (f"{node.place}/widgets_values/0",), NAMED)


def _setter(frame: Frame, getter: SavedNode) -> SavedNode | None:
    name = _name(getter)
    if name is None:
        return None
    for node in frame.graph.nodes.values():
        if node.type in _SETTERS and _name(node) == name:
            return node
    return None


def _name(node: SavedNode) -> str | None:
    values = node.raw.get("widgets_values")
    first = values[0] if isinstance(values, list) and values else None
    return first if isinstance(first, str) and first else None
