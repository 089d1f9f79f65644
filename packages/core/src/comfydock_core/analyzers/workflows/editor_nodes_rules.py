"""Nodes that exist in the editor alone: what they hand on, and how they are known."""

from comfydock_core.analyzers.workflows.frames import Frame
from comfydock_core.analyzers.workflows.saved_graph import SavedGraph, SavedNode
from comfydock_core.analyzers.workflows.widgets import CONTROLS
from comfydock_core.models.workflow.prompt_view import NAMED, NodeValue

REROUTES = frozenset({"Reroute", "Reroute (rgthree)"})
PRIMITIVES = frozenset({"PrimitiveNode"})
_NOTES = frozenset({"Note", "MarkdownNote"})
_SETTERS = frozenset({"SetNode"})  # Of KJNodes and of those who took it over: a link by name.
_GETTERS = frozenset({"GetNode"})
EDITOR_ONLY = REROUTES | PRIMITIVES | _NOTES | _SETTERS | _GETTERS


def is_editor_only(kind: str, of_packs: frozenset[str] = frozenset()) -> bool:
    """Whether nodes of a class exist in the editor alone. `of_packs` are those that scripts of packs define."""
    return kind in EDITOR_ONLY or kind in of_packs


class Setters:
    """The set nodes of graphs by the name that they set, looked for once in each graph."""

    def __init__(self) -> None:
        self._of: dict[SavedGraph, dict[str, SavedNode]] = {}

    def find(self, graph: SavedGraph, name: str) -> SavedNode | None:
        """The first node of a graph that sets a name."""
        if graph not in self._of:
            named = self._of.setdefault(graph, {})
            for node in graph.nodes.values():
                if node.type in _SETTERS and (own := _name(node)) is not None:
                    named.setdefault(own, node)
        return self._of[graph].get(name)


def handed_on(frame: Frame, node: SavedNode, slot: int, setters: Setters) -> NodeValue | tuple[SavedNode, int] | None:
    """What the output of such a node stands for: a value, the input of a node in the same frame, or nothing."""
    if node.type in PRIMITIVES:
        return primitive_value(frame, node)
    if node.type in _GETTERS:
        name = _name(node)
        setter = None if name is None else setters.find(frame.graph, name)
        return None if setter is None else (setter, 0)
    if node.type in _NOTES:
        return None
    return (node, slot) if slot < len(node.inputs) else None


def primitive_value(frame: Frame, node: SavedNode) -> NodeValue | None:
    handed = frame.inside.get(node.id)
    if handed:
        return next(iter(handed.values()))
    if not node.values:
        return None
    control = node.values[1] if len(node.values) > 1 else None
    told = control if isinstance(control, str) and control in CONTROLS else None
    return NodeValue(node.values[0], (node.value_place(0),), NAMED, told)


def _name(node: SavedNode) -> str | None:
    first = node.values[0] if node.values else None
    return first if isinstance(first, str) and first else None
