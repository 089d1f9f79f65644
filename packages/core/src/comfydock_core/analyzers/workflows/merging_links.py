"""Links of a graph that is being merged: where each input gets its value from, whatever numbers links have.

Two links are the same when they lead from the same output to the same input. Links whose number the other side gave to
another one get new numbers.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from comfydock_core.analyzers.workflows.merging_values import Json, Unmergeable
from comfydock_core.records import record

_LARGEST = 2**53  # Beyond it two numbers may be one for JavaScript.


@record
class Origin:
    """An output: its node, and its name, or its place where the name does not tell it from others."""

    node: str
    output: str | int


@record
class Wire:
    """What an input of a merged node is linked to, and the numbers that this link had on either side."""

    origin: Origin | None
    ours: int | None = None
    theirs: int | None = None


class Wiring:
    """The links of one version of a graph."""

    def __init__(self, graph: Json) -> None:
        """Raises `Unmergeable` for numbers that the editor does not give."""
        self._nodes = by_identifier(graph.get("nodes") or [])
        links = graph.get("links") or []
        self.table = {number_of(link[0] if isinstance(link, list) else link["id"]): link for link in links}
        self.of_objects = any(isinstance(link, dict) for link in links)

    def wire(self, slot: Any) -> tuple[Origin | None, int | None]:
        """Where an input gets its value from, and by which link; none for a link that leads nowhere here already."""
        number = slot.get("link") if isinstance(slot, dict) else None
        link = None if number is None else self.table.get(number_of(number))
        if link is None:
            return None, None
        node, output = (link[1], link[2]) if isinstance(link, list) else (link["origin_id"], link["origin_slot"])
        there = self._nodes.get(str(node))
        return (None, None) if there is None else (Origin(str(node), _output(there, number_of(output))), number)

    def shown(self, origin: Origin) -> str | None:
        """The output in words, `None` where this version has no such node."""
        node = self._nodes.get(origin.node)
        if node is None:
            return None
        return f"{node.get('title') or node.get('type') or 'node'} ({origin.node}), output {origin.output}"


def settle(graph: Json, wires: dict[str, list[Wire]], ours: Wiring, theirs: Wiring) -> None:
    """Give a merged graph the links that its inputs have by `wires`: those of each node, in the order of its inputs.

    Raises `Unmergeable` for an input that would be left without the node it is linked to.
    """
    nodes = by_identifier(graph["nodes"])
    links: dict[int, Any] = {}
    leaving: dict[tuple[str, int], list[int]] = {}
    for number, identifier, at, wire in _numbered(wires, ours, theirs):
        assert wire.origin is not None
        slot, origin = nodes[identifier]["inputs"][at], nodes.get(wire.origin.node)
        place = None if origin is None else _place(origin, wire.origin)
        if origin is None or place is None:
            raise Unmergeable(
                f"the input {slot.get('name')} of node {identifier} would be left without the node it is linked to"
            )
        raw = ours.table[wire.ours] if wire.ours is not None else theirs.table[wire.theirs or 0]
        links[number] = _led(raw, number, (origin["id"], place), (nodes[identifier]["id"], at))
        slot["link"] = number
        leaving.setdefault((wire.origin.node, place), []).append(number)
    for identifier, node in nodes.items():
        for at, slot in enumerate(node.get("outputs") or []):
            if slot.get("links") or (identifier, at) in leaving:
                slot["links"] = _ordered(slot.get("links") or [], leaving.get((identifier, at), []))
    graph["links"] = [links[number] for number in _ordered(ours.table, links)]
    _note_highest(graph, "last_link_id", "lastLinkId", links)
    _note_highest(graph, "last_node_id", "lastNodeId", numbers_in(nodes))


def _numbered(wires: dict[str, list[Wire]], ours: Wiring, theirs: Wiring) -> Iterator[tuple[int, str, int, Wire]]:
    """Every link that there is to be, with its number: ours, else theirs, else one that nobody has."""
    every = [(identifier, at, wire) for identifier, row in wires.items() for at, wire in enumerate(row) if wire.origin]
    taken: set[int] = set()
    following = max([0, *ours.table, *theirs.table]) + 1
    for identifier, at, wire in sorted(every, key=lambda one: one[2].ours is None):
        number = wire.ours if wire.ours is not None else wire.theirs
        if number is None or number in taken or (wire.ours is None and number in ours.table):
            number, following = following, following + 1
        taken.add(number)
        yield number, identifier, at, wire


def _ordered(before: Iterable[int], numbers: Collection[int]) -> list[int]:
    """Numbers of links in the order that they were in, new ones last."""
    kept = [number for number in before if number in numbers]
    return [*kept, *sorted(set(numbers) - set(kept))]


def _led(raw: Any, number: int, origin: tuple[Any, int], target: tuple[Any, int]) -> Any:
    if isinstance(raw, list):
        return [number, *origin, *target, *raw[5:]]
    ends = {"origin_id": origin[0], "origin_slot": origin[1], "target_id": target[0], "target_slot": target[1]}
    return {**raw, "id": number, **ends}


def _output(node: Json, place: int) -> str | int:
    """What an output is known by."""
    names = _names_of_outputs(node)
    return names[place] if 0 <= place < len(names) and names.count(names[place]) == 1 else place


def _place(node: Json, origin: Origin) -> int | None:
    """Where an output is now; `None` when there is no such one. Some nodes are saved without any."""
    names = _names_of_outputs(node)
    if isinstance(origin.output, int):
        return origin.output if origin.output < len(names) or not names else None
    return names.index(origin.output) if origin.output in names else None


def _names_of_outputs(node: Json) -> list[str]:
    return [str(slot.get("name")) for slot in node.get("outputs") or []]


def _note_highest(graph: Json, key: str, in_state: str, numbers: Any) -> None:
    """Let the graph know the highest number, so that the editor gives higher ones."""
    state = graph.get("state")
    for table, name in ((graph, key), (state if isinstance(state, dict) else {}, in_state)):
        if isinstance(table.get(name), int):
            table[name] = max([table[name], *numbers])


def by_identifier(nodes: list[Json]) -> dict[str, Json]:
    """Nodes by their identifiers as texts. Raises `Unmergeable` where two have one, or one has none."""
    found = {}
    for node in nodes:
        identifier = node["id"]
        key = identifier if isinstance(identifier, str) else str(number_of(identifier))
        if key in found:
            raise Unmergeable("one version has several nodes with the same number")
        found[key] = node
    return found


def numbers_in(identifiers: Any) -> list[int]:
    """Those of some identifiers that are numbers."""
    return [int(one) for one in identifiers if one.isascii() and one.removeprefix("-").isdigit() and len(one) < 16]


def number_of(value: Any) -> int:
    """A number of a node, a link or a place. Raises `Unmergeable` for what the editor does not give."""
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LARGEST:
        raise Unmergeable("one version has nodes or links that are not numbered the way the editor numbers them")
    return value
