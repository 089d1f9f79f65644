"""The instances of subgraphs, one inside another, and the values that they hand to what is inside.

A value on an instance goes before that of the definition: two instances of one definition may load two checkpoints.
Which value is for which input tells `properties.proxyWidgets` (node inside and name, in the order of the values) or,
in newer files, the order of the definition's own inputs.
"""

from dataclasses import dataclass, field

from comfydock_core.analyzers.workflows.saved_graph import SavedGraph, SavedNode, key_of, pointer_token
from comfydock_core.models.workflow.prompt_view import BYPASSED, MUTED, NAMED, ORDERED, RUNS, NodeValue

_OWN_INPUT = "-1"  # In `proxyWidgets`: the name is one of the instance's own inputs.


@dataclass(slots=True, eq=False)
class Frame:
    """A graph at one place of the whole: the workflow itself, or what is inside one instance of a subgraph.

    `path` is the scoped identifier of the instance, empty for the workflow. `handed` are the values that the instance
    has for the inputs of its definition, by slot; `inside` those for widgets of nodes inside, by node and name.
    """

    graph: SavedGraph
    path: str = ""
    parent: "Frame | None" = None
    instance: SavedNode | None = None
    state: str = RUNS
    handed: dict[int, NodeValue] = field(default_factory=dict)
    inside: dict[tuple[str, str], NodeValue] = field(default_factory=dict)

    def scoped(self, node: str) -> str:
        return f"{self.path}:{node}" if self.path else node

    @property
    def depth(self) -> int:
        return 0 if self.parent is None else self.parent.depth + 1


def state_within(frame: Frame, own: str) -> str:
    """What becomes of a node in a frame: what is muted or bypassed around it counts first."""
    return own if frame.state == RUNS else frame.state if own in (RUNS, MUTED, BYPASSED) else own


def open_instance(parent: Frame, node: SavedNode, definition: SavedGraph, state: str) -> Frame:
    """The inside of an instance."""
    frame = Frame(definition, parent.scoped(node.id), parent, node, state)
    saved = node.raw.get("widgets_values")
    values = saved if isinstance(saved, list) else []
    proxies = node.properties.get("proxyWidgets")
    if isinstance(proxies, list) and proxies:
        _by_proxies(frame, proxies, values)
    elif values:
        _by_order(frame, node, values)
    return frame


def _by_order(frame: Frame, node: SavedNode, values: list[object]) -> None:
    named = node.raw.get("widgets_values_named")
    if isinstance(named, dict) and len(named) == len(values):
        slots = {slot.name: at for at, slot in enumerate(frame.graph.inputs)}
        for at, name in enumerate(named):
            if name in slots:
                frame.handed[slots[name]] = NodeValue(values[at], (f"{node.place}/widgets_values/{at}",), NAMED)
        return
    backed = [at for at in range(len(frame.graph.inputs)) if _has_widget(frame, at)]
    for position, at in enumerate(backed):
        if position < len(values):
            place = f"{node.place}/widgets_values/{position}"
            frame.handed[at] = NodeValue(values[position], (place,), ORDERED)


def _has_widget(frame: Frame, slot: int) -> bool:
    """Whether an input of the definition leads to a widget."""
    for link in frame.graph.from_inputs.get(slot, ()):
        target = frame.graph.nodes.get(link.target)
        if target is not None and link.target_slot < len(target.inputs):
            return target.inputs[link.target_slot].widget is not None
    return False


def _by_proxies(frame: Frame, proxies: list[object], values: list[object]) -> None:
    node = frame.instance
    for at, entry in enumerate(proxies):
        if node is None or at >= len(values) or values[at] is None or not isinstance(entry, list) or len(entry) < 2:
            continue
        target, name = key_of(entry[0]), entry[1]
        if target is None or not isinstance(name, str):
            continue
        value = NodeValue(values[at], (f"{node.place}/widgets_values/{pointer_token(str(at))}",), NAMED)
        slot = _slot_of(frame, target, name)
        if slot is None:
            frame.inside[target, name] = value
        else:
            frame.handed[slot] = value


def _slot_of(frame: Frame, target: str, name: str) -> int | None:
    """The input of the definition that a proxy is for, `None` when it is for a widget inside without one."""
    for at, slot in enumerate(frame.graph.inputs):
        if slot.name == name if target == _OWN_INPUT else _leads_to(frame, at, target, name):
            return at
    return None


def _leads_to(frame: Frame, slot: int, target: str, name: str) -> bool:
    """Whether an input of the definition is linked to that input of that node inside."""
    for link in frame.graph.from_inputs.get(slot, ()):
        inner = frame.graph.nodes.get(link.target)
        if link.target == target and inner is not None and link.target_slot < len(inner.inputs):
            linked = inner.inputs[link.target_slot]
            if name in (linked.name, linked.widget):
                return True
    return False
