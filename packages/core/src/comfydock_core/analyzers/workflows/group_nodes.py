"""Group nodes, which older editors made of several nodes before there were subgraphs.

Their definitions stand in `extra.groupNodes` by name, and instances have the type `workflow>Name` (`workflow/Name` in
the oldest). Nodes inside are known by their place in the list. The instance has the values of the widgets inside one
behind the other; its inputs are those inside that nothing inside is linked to, those made of widgets last.
"""

from collections.abc import Callable, Iterator

from comfydock_core.analyzers.workflows.saved_graph import (
    INPUT_NODE,
    OUTPUT_NODE,
    SavedGraph,
    SavedLink,
    SavedNode,
    Slot,
    Table,
    note_edge,
    number_of,
    pointer_token,
    read_node,
    table_of,
)
from comfydock_core.analyzers.workflows.widgets import CONTROLS

_PREFIXES = ("workflow>", "workflow/")
_PRIMITIVE = "PrimitiveNode"

# The inputs of a node by the positions of its own saved values, as far as it is known which is whose.
NamesOfValues = Callable[[SavedNode], dict[int, str]]


def group_name(kind: str) -> str | None:
    """The name of the group that a node's type asks for, `None` for any other type."""
    for prefix in _PREFIXES:
        if kind.startswith(prefix):
            return kind[len(prefix) :]
    return None


def groups_of(raw: Table) -> dict[str, tuple[str, Table]]:
    """The groups that a workflow brings along: name to place and definition."""
    groups = table_of(table_of(raw.get("extra")).get("groupNodes"))
    return {
        name: (f"/extra/groupNodes/{pointer_token(name)}", group)
        for name, group in groups.items()
        if isinstance(group, dict) and isinstance(group.get("nodes"), list)
    }


def read_group(raw: Table, place: str) -> SavedGraph:
    """The definition of a group as that of a subgraph."""
    graph = SavedGraph(place, positional=True)
    nodes = raw.get("nodes")
    for at, item in enumerate(nodes if isinstance(nodes, list) else ()):
        node = read_node({**item, "id": at}, f"{place}/nodes/{at}") if isinstance(item, dict) else None
        if node is not None:
            graph.nodes[node.id] = node
    _link_nodes(graph, raw.get("links"))
    _open_inputs(graph, table_of(raw.get("config")))
    _open_outputs(graph, table_of(raw.get("config")), _linked_outside(raw.get("external")))
    for link in graph.links.values():
        note_edge(graph, link)
    return graph


def with_values(group: SavedGraph, instance: SavedNode, names_of: NamesOfValues) -> SavedGraph | None:
    """A group with the values of one instance, `None` when it cannot be told which is whose."""
    values = instance.values
    taken: dict[str, list[tuple[int, int]]] = {}  # Of each node inside: its own position, and that in the instance.
    at = 0
    for node in group.nodes.values():
        pairs = taken.setdefault(node.id, [])
        for own in _positions(group, node, names_of):
            pairs.append((own, at))
            at += 1
        if node.type == _PRIMITIVE and at < len(values) and values[at] in tuple(CONTROLS) and len(pairs) == 1:
            at += 1
    if at != len(values):
        return None
    made = SavedGraph(group.place, group.name, links=group.links, inputs=group.inputs, positional=True)
    made.from_inputs, made.into_outputs = group.from_inputs, group.into_outputs
    made.nodes = {node.id: _valued(node, instance, taken[node.id]) for node in group.nodes.values()}
    return made


def _positions(group: SavedGraph, node: SavedNode, names_of: NamesOfValues) -> Iterator[int]:
    """The values of a node that its group shows: not those of inputs that something may be linked to."""
    if node.type == _PRIMITIVE:
        if any(link.origin == node.id for link in group.links.values()):
            yield 0
        return
    converted = {slot.name for slot in node.inputs if slot.widget is not None}
    names = names_of(node) if converted else {}
    hidden = False
    for at, value in enumerate(node.values):
        follows = hidden and isinstance(value, str) and value in CONTROLS
        hidden = names.get(at) in converted
        if not hidden and not follows:
            yield at


def _valued(node: SavedNode, instance: SavedNode, taken: list[tuple[int, int]]) -> SavedNode:
    if not taken:
        return node
    values = list(node.values)
    places = [node.value_place(at) for at in range(len(values))]
    for own, at in taken:
        values[own : own + 1] = [instance.values[at]]
        places[own : own + 1] = [instance.value_place(at)]
    raw = {**node.raw, "widgets_values": values}
    return SavedNode(node.id, node.type, node.place, raw, node.mode, node.inputs, node.outputs, places)


def _link_nodes(graph: SavedGraph, links: object) -> None:
    """Links inside are lists of places: from node, its slot, to node, its slot. Those from outside name no node."""
    for key, item in enumerate(links if isinstance(links, list) else ()):
        if not isinstance(item, list) or len(item) < 4:
            continue
        origin, origin_slot, target, target_slot = (number_of(one) for one in item[:4])
        if origin is None or origin_slot is None or target is None or target_slot is None:
            continue
        node = graph.nodes.get(str(target))
        if node is not None and target_slot < len(node.inputs) and str(origin) in graph.nodes:
            graph.links[str(key)] = SavedLink(str(origin), origin_slot, str(target), target_slot)
            node.inputs[target_slot].link = str(key)


def _open_inputs(graph: SavedGraph, config: Table) -> None:
    """Give the group an input for every one inside that has no link, those of widgets behind all others."""
    from_widgets: list[tuple[SavedNode, int]] = []
    for node in graph.nodes.values():
        told = table_of(table_of(config.get(node.id)).get("input"))
        for at, slot in enumerate(node.inputs):
            if slot.link is not None and slot.link in graph.links:
                continue
            slot.link = None
            if slot.widget is not None:
                from_widgets.append((node, at))
            elif table_of(told.get(slot.name)).get("visible") is not False:
                _open_input(graph, node, at)
    for node, at in from_widgets:
        _open_input(graph, node, at)


def _open_input(graph: SavedGraph, node: SavedNode, at: int) -> None:
    key = f"in{len(graph.inputs)}"
    inner = node.inputs[at]
    graph.links[key] = SavedLink(INPUT_NODE, len(graph.inputs), node.id, at)
    graph.inputs.append(Slot(inner.name, inner.type))
    inner.link = key


def _open_outputs(graph: SavedGraph, config: Table, outside: set[tuple[str, int]]) -> None:
    """Give the group an output for every one inside that is linked to something outside or to nothing."""
    inside = {(link.origin, link.origin_slot) for link in graph.links.values()}
    for node in graph.nodes.values():
        told = table_of(table_of(config.get(node.id)).get("output"))
        for at, slot in enumerate(node.outputs):
            visible = table_of(told.get(str(at))).get("visible")
            if not isinstance(visible, bool):
                visible = (node.id, at) not in inside or (node.id, at) in outside
            if visible:
                to = len(graph.outputs)
                graph.links[f"out{to}"] = SavedLink(node.id, at, OUTPUT_NODE, to)
                graph.outputs.append(Slot(slot.name, slot.type))


def _linked_outside(external: object) -> set[tuple[str, int]]:
    """The outputs inside that are linked to the outside. Some editors kept the node itself instead of its place."""
    found: set[tuple[str, int]] = set()
    for item in external if isinstance(external, list) else ():
        if isinstance(item, list) and len(item) >= 2:
            node = number_of(item[0].get("index") if isinstance(item[0], dict) else item[0])
            slot = number_of(item[1])
            if node is not None and slot is not None:
                found.add((str(node), slot))
    return found
