"""A graph as the editor saves it: nodes, links and the edges of subgraphs, read tolerantly and each only once.

Both forms of links (lists in version 0.4, mappings in version 1 and in subgraphs) and of nodes (a list, a mapping by
identifier) are taken. What has an unexpected type costs only itself.
"""

from dataclasses import dataclass, field

Table = dict[str, object]

_LONGEST_ID = 200  # Identifiers are numbers or UUIDs; scoped ones are made of many.
_SUBGRAPHS = "/definitions/subgraphs"
_LARGEST_NUMBER = 2**53  # Of slots, modes and identifiers: JavaScript knows no larger one.

INPUT_NODE = "-10"  # What links from the inside of a subgraph to its inputs and outputs have as their node.
OUTPUT_NODE = "-20"

MODE_MUTED = 2
MODE_BYPASSED = 4


@dataclass(slots=True, eq=False)
class Slot:
    """An input or output of a node or of a subgraph. `link` is the link that leads into it."""

    name: str
    type: str
    link: str | None = None
    widget: str | None = None


@dataclass(slots=True, eq=False)
class SavedLink:
    """A link. `target_slot` is -1 when the file does not tell it: inputs name their links by themselves, too."""

    origin: str
    origin_slot: int
    target: str
    target_slot: int


@dataclass(slots=True, eq=False)
class SavedNode:
    """A node as it is saved. `value_places` are where its values stand, when that is not in the node itself."""

    id: str
    type: str
    place: str
    raw: Table
    mode: int = 0
    inputs: list[Slot] = field(default_factory=list)
    outputs: list[Slot] = field(default_factory=list)
    value_places: list[str] | None = None
    _linked: dict[str, int] | None = None

    @property
    def properties(self) -> Table:
        return table_of(self.raw.get("properties"))

    @property
    def values(self) -> list[object]:
        """The values of its widgets, none when they are no list."""
        saved = self.raw.get("widgets_values")
        return saved if isinstance(saved, list) else []

    def value_place(self, at: int) -> str:
        """The JSON pointer of one of its values."""
        return f"{self.place}/widgets_values/{at}" if self.value_places is None else self.value_places[at]

    def linked_input(self, name: str) -> int | None:
        """The first input of a name that has a link."""
        if self._linked is None:
            self._linked = {}
            for at, slot in enumerate(self.inputs):
                if slot.link is not None:
                    self._linked.setdefault(slot.name, at)
        return self._linked.get(name)


@dataclass(slots=True, eq=False)
class SavedGraph:
    """One graph: the workflow itself or the definition of a subgraph, which has `inputs` and `outputs` of its own.

    `repeated` are nodes whose identifier another one of the graph has already. `from_inputs` are the links from each
    input of a subgraph to inputs of nodes inside, `into_outputs` those that lead to its outputs, by slot. In a
    `positional` one, instances name their inputs as they like: those of a group node.
    """

    place: str
    name: str = ""
    nodes: dict[str, SavedNode] = field(default_factory=dict)
    links: dict[str, SavedLink] = field(default_factory=dict)
    inputs: list[Slot] = field(default_factory=list)
    outputs: list[Slot] = field(default_factory=list)
    repeated: list[SavedNode] = field(default_factory=list)
    from_inputs: dict[int, list[SavedLink]] = field(default_factory=dict)
    into_outputs: dict[int, SavedLink] = field(default_factory=dict)
    positional: bool = False

    def first_inside(self, slot: int) -> tuple[SavedNode, Slot] | None:
        """The first node inside that gets an input of the subgraph, and the input that gets it."""
        for link in self.from_inputs.get(slot, ()):
            node = self.nodes[link.target]
            return node, node.inputs[link.target_slot]
        return None


def read_graph(raw: Table, place: str) -> SavedGraph:
    """The graph at a place of the file. `raw` must have `nodes`."""
    graph = SavedGraph(place, text_of(raw.get("name")) or "")
    for pointer, item in items_of(raw.get("nodes"), f"{place}/nodes"):
        node = read_node(item, pointer)
        if node is None:
            continue
        if node.id in graph.nodes:
            graph.repeated.append(node)
        else:
            graph.nodes[node.id] = node
    for key, entry in _link_items(raw.get("links")):
        link = _link(entry)
        if link is not None:
            graph.links[key] = link
    _give_new_ids(graph)
    graph.inputs = _slots(raw.get("inputs"))
    graph.outputs = _slots(raw.get("outputs"))
    _note_edges(graph, raw.get("inputs"))
    return graph


def _note_edges(graph: SavedGraph, inputs: object) -> None:
    """Links that an input of a subgraph names by itself come before those that only say to be from it."""
    named = [key_of(key) for one in _list(inputs) for key in _list(table_of(one).get("linkIds"))]
    for key in dict.fromkeys((*(key for key in named if key in graph.links), *graph.links)):
        if key is not None:
            note_edge(graph, graph.links[key])


def _give_new_ids(graph: SavedGraph) -> None:
    """Links by identifier lead to the first node of several, as in the editor, which gives the others new ones."""
    if graph.repeated:
        highest = max((number for key in graph.nodes if (number := number_of(key)) is not None), default=0)
        for at, node in enumerate(graph.repeated, start=1):
            node.id = str(highest + at)


def note_edge(graph: SavedGraph, link: SavedLink) -> None:
    """Keep a link that crosses the edge of a subgraph, if it leads somewhere."""
    target = graph.nodes.get(link.target)
    if link.origin == INPUT_NODE and target is not None and 0 <= link.target_slot < len(target.inputs):
        graph.from_inputs.setdefault(link.origin_slot, []).append(link)
    if link.target == OUTPUT_NODE and link.target_slot >= 0:
        graph.into_outputs[link.target_slot] = link


def definitions_of(raw: Table, place: str = "") -> list[tuple[str, Table]]:
    """The subgraphs that a workflow or a subgraph brings along, each with its place."""
    return [
        (pointer, item)
        for pointer, item in items_of(table_of(raw.get("definitions")).get("subgraphs"), f"{place}{_SUBGRAPHS}")
        if isinstance(item.get("nodes"), list | dict)
    ]


def table_of(value: object) -> Table:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def text_of(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def key_of(value: object) -> str | None:
    """Identifiers are numbers or text in files, and text here."""
    if isinstance(value, str):
        return value if 0 < len(value) <= _LONGEST_ID else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_LARGEST_NUMBER < value < _LARGEST_NUMBER:
        return None
    return str(int(value)) if value == int(value) else None


def number_of(value: object) -> int | None:
    """A number that counts something."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 16:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LARGEST_NUMBER else None


def pointer_token(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def items_of(value: object, place: str) -> list[tuple[str, Table]]:
    if isinstance(value, list):
        return [(f"{place}/{at}", item) for at, item in enumerate(value) if isinstance(item, dict)]
    if isinstance(value, dict):
        return [
            (f"{place}/{pointer_token(key)}", item if "id" in item else {"id": key, **item})
            for key, item in value.items()
            if isinstance(item, dict)
        ]
    return []


def read_node(raw: Table, place: str) -> SavedNode | None:
    """A node, `None` for what has no identifier or no type."""
    identifier, kind = key_of(raw.get("id")), text_of(raw.get("type")) or text_of(raw.get("class_type"))
    if identifier is None or kind is None:
        return None
    return SavedNode(
        identifier,
        kind,
        place,
        raw,
        number_of(raw.get("mode")) or 0,
        _slots(raw.get("inputs")),
        _slots(raw.get("outputs")),
    )


def _slots(value: object) -> list[Slot]:
    """Slots are counted by links, so what is no slot keeps its place."""
    if not isinstance(value, list):
        return []
    return [_slot(table_of(item)) for item in value]


def _slot(raw: Table) -> Slot:
    kind = raw.get("type")
    return Slot(
        text_of(raw.get("name")) or "",
        "COMBO" if isinstance(kind, list) else kind if isinstance(kind, str) else "*",
        key_of(raw.get("link")),
        text_of(table_of(raw.get("widget")).get("name")),
    )


def _link_items(value: object) -> list[tuple[str, object]]:
    if isinstance(value, dict):
        return list(value.items())
    items: list[tuple[str, object]] = []
    for item in value if isinstance(value, list) else ():
        first = item[0] if isinstance(item, list) and item else item.get("id") if isinstance(item, dict) else None
        key = key_of(first)
        if key is not None:
            items.append((key, item))
    return items


def _link(item: object) -> SavedLink | None:
    if isinstance(item, list) and len(item) >= 5:
        ends = item[1:5]
    elif isinstance(item, dict):
        ends = [item.get(name) for name in ("origin_id", "origin_slot", "target_id", "target_slot")]
    else:
        return None
    origin, target = key_of(ends[0]), key_of(ends[2])
    origin_slot, target_slot = number_of(ends[1]), number_of(ends[3])
    if origin is None or target is None or origin_slot is None:
        return None
    return SavedLink(origin, origin_slot, target, -1 if target_slot is None else target_slot)
