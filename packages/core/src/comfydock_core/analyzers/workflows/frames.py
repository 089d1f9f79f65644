"""The instances of subgraphs, one inside another, and the values that they hand to what is inside.

A value on an instance goes before that of the definition: two instances of one definition may load two checkpoints.
Which value is for which input tells `properties.proxyWidgets` (node inside and name, in the order of the values) or,
in newer files, the order of the definition's own inputs.
"""

from dataclasses import dataclass, field

from comfydock_core.analyzers.workflows.saved_graph import SavedGraph, SavedNode, key_of
from comfydock_core.models.workflow.prompt_view import BYPASSED, MUTED, NAMED, ORDERED, RUNS, NodeValue

_OWN_INPUT = "-1"  # In `proxyWidgets`: the name is one of the instance's own inputs.


@dataclass(slots=True, eq=False)
class Frame:
    """A graph at one place of the whole: the workflow itself, or what is inside one instance of a subgraph.

    `path` is the scoped identifier of the instance, empty for the workflow. `handed` are the values that the instance
    has for the inputs of its definition, by slot; `inside` those for widgets of nodes inside, by node and name.
    `opened` are the frames of the instances in it.
    """

    graph: SavedGraph
    path: str = ""
    parent: "Frame | None" = None
    instance: SavedNode | None = None
    state: str = RUNS
    depth: int = 0
    handed: dict[int, NodeValue] = field(default_factory=dict)
    inside: dict[str, dict[str, NodeValue]] = field(default_factory=dict)
    opened: "dict[SavedNode, Frame | None]" = field(default_factory=dict)

    def scoped(self, node: str) -> str:
        return f"{self.path}:{node}" if self.path else node


def state_within(frame: Frame, own: str) -> str:
    """What becomes of a node in a frame: what is muted or bypassed around it counts first."""
    return own if frame.state == RUNS else frame.state if own in (RUNS, MUTED, BYPASSED) else own


def open_instance(parent: Frame, node: SavedNode, definition: SavedGraph, edges: "Edges", state: str) -> Frame:
    """The inside of an instance. `edges` are those of its definition."""
    frame = Frame(definition, parent.scoped(node.id), parent, node, state, parent.depth + 1)
    values = node.values
    proxies = node.properties.get("proxyWidgets")
    if isinstance(proxies, list) and proxies:
        _by_proxies(frame, node, edges, proxies[: len(values)])
    elif values:
        _by_order(frame, node, edges)
    _by_those_around(frame, edges, parent.inside.get(node.id, {}), proxies)
    return frame


class Edges:
    """What is known of the inputs of a definition, found once for all its instances."""

    def __init__(self, graph: SavedGraph) -> None:
        self._by_name: dict[str, int] = {}
        self._behind: dict[tuple[str, str], int] = {}
        self.with_widgets: list[int] = []
        for at, slot in enumerate(graph.inputs):
            self._by_name.setdefault(slot.name, at)
            first = graph.first_inside(at)
            if first is not None and first[1].widget is not None:
                self.with_widgets.append(at)
            for link in graph.from_inputs.get(at, ()):
                linked = graph.nodes[link.target].inputs[link.target_slot]
                for name in {linked.name, linked.widget}:
                    if name is not None:
                        self._behind.setdefault((link.target, name), at)

    def named(self, name: str) -> int | None:
        """The input of a name."""
        return self._by_name.get(name)

    def of_proxy(self, target: str, name: str) -> int | None:
        """The input that a proxy is for, `None` when it is for a widget inside to which none leads."""
        return self.named(name) if target == _OWN_INPUT else self._behind.get((target, name))


def _by_order(frame: Frame, node: SavedNode, edges: Edges) -> None:
    values = node.values
    named = node.raw.get("widgets_values_named")
    if isinstance(named, dict) and len(named) == len(values):
        for at, name in enumerate(named):
            slot = edges.named(name)
            if slot is not None:
                frame.handed[slot] = NodeValue(values[at], (node.value_place(at),), NAMED)
        return
    for at, slot in enumerate(edges.with_widgets[: len(values)]):
        frame.handed[slot] = NodeValue(values[at], (node.value_place(at),), ORDERED)


def _by_those_around(frame: Frame, edges: Edges, values: dict[str, NodeValue], proxies: object) -> None:
    """What an instance around this one sets by name goes before the values of this one."""
    targets = {one[1]: key_of(one[0]) for one in _pairs(proxies)} if values else {}
    for name, value in values.items():
        slot, target = edges.named(name), targets.get(name)
        if slot is not None:
            frame.handed[slot] = value
        elif target is not None:
            frame.inside.setdefault(target, {})[name] = value


def _pairs(proxies: object) -> list[tuple[object, str]]:
    return [
        (one[0], one[1])
        for one in (proxies if isinstance(proxies, list) else ())
        if isinstance(one, list) and len(one) >= 2 and isinstance(one[1], str)
    ]


def _by_proxies(frame: Frame, node: SavedNode, edges: Edges, proxies: list[object]) -> None:
    values = node.values
    for at, entry in enumerate(proxies):
        if values[at] is None or not isinstance(entry, list) or len(entry) < 2:
            continue
        target, name = key_of(entry[0]), entry[1]
        if target is None or not isinstance(name, str):
            continue
        value = NodeValue(values[at], (node.value_place(at),), NAMED)
        slot = edges.of_proxy(target, name)
        if slot is None:
            frame.inside.setdefault(target, {})[name] = value
        else:
            frame.handed[slot] = value
