"""Merging the editor's format: by node and input."""

import copy
from typing import Any

from comfydock_core.analyzers.workflows.merging_links import (
    Origin,
    Wire,
    Wiring,
    by_identifier,
    number_of,
    numbers_in,
    settle,
)
from comfydock_core.analyzers.workflows.merging_subgraphs import closed, opened
from comfydock_core.analyzers.workflows.merging_values import (
    MISSING,
    Decide,
    Json,
    Unmergeable,
    Values,
    keys_of,
    one_side,
    present,
    same,
    sides_of,
)

# What says how a node is drawn, and no more.
_DRAWING = frozenset({"pos", "size", "order", "color", "bgcolor", "shape", "flags", "bounding"})
# What the editor notes when it saves: which version of a pack a node was saved with.
_NOTED = frozenset({"ver", "cnr_id", "aux_id"})
# What the editor does with a value after each run.
_CONTROLS = ("fixed", "increment", "decrement", "randomize")
_HIGHEST = frozenset({"last_node_id", "last_link_id", "revision"})
_OF_NOBODY = frozenset(
    {"groups", "config", "id", "frontendVersion", "reroutes", "floatingLinks", "state", "inputNode", "outputNode"}
)


class GraphMerging:
    """One merge of three graphs."""

    def __init__(self, decide: Decide, before: Json, ours: Json, theirs: Json) -> None:
        """Raises `Unmergeable`."""
        self._decide = decide
        self._values = Values(decide)
        self._before, self._ours = before, copy.deepcopy(ours)
        self._theirs = _renumbered(before, ours, copy.deepcopy(theirs))
        self._wirings = [Wiring(side) for side in (self._before, self._ours, self._theirs)]
        self._wires: dict[str, list[Wire]] = {}

    def merge(self) -> Json:
        """The merged graph. Raises `Unmergeable`."""
        before, ours, theirs = self._before, self._ours, self._theirs
        if self._wirings[1].table and self._wirings[2].table and len({w.of_objects for w in self._wirings[1:]}) > 1:
            raise Unmergeable("one side was saved in an older format of the editor's than the other")
        merged: Json = {}
        for key in keys_of(ours, theirs):
            sides = sides_of(key, before, ours, theirs)
            if key == "nodes":
                merged[key] = self._nodes()
            elif key == "links":
                merged[key] = []  # They follow from the inputs.
            elif key == "definitions":
                merged[key] = self._definitions(*sides)
            elif key == "extra":
                merged[key] = self._extra(*sides)
            elif key in _HIGHEST and all(isinstance(side, int) for side in sides[1:]):
                merged[key] = max(sides[1:])
            else:
                merged[key] = one_side(*sides) if key in _OF_NOBODY else self._values.value(key, *sides)
        merged = present(merged)
        _keep_used_subgraphs(merged, ours, theirs)
        settle(merged, self._wires, *self._wirings[1:])
        return merged

    def _nodes(self) -> list[Json]:
        sides = (self._before, self._ours, self._theirs)
        olds, news, others = (by_identifier(side.get("nodes") or []) for side in sides)
        merged = []
        for identifier in keys_of(news, others):
            node = self._node(identifier, *sides_of(identifier, olds, news, others))
            if node is not MISSING:
                merged.append(node)
        return merged

    def _node(self, identifier: str, before: Any, ours: Any, theirs: Any) -> Any:
        if ours is not MISSING and theirs is not MISSING and ours.get("type") == theirs.get("type"):
            return self._fields(identifier, {} if before is MISSING else before, ours, theirs)
        old, mine, other = (
            MISSING if node is MISSING else _meaning(node, wiring)
            for node, wiring in zip((before, ours, theirs), self._wirings, strict=True)
        )
        if same(mine, old):
            is_theirs = True
        elif same(other, old):
            is_theirs = False
        else:
            is_theirs = self._decide(identifier, _named(ours), _named(theirs))
        node = theirs if is_theirs else ours
        if node is not MISSING:
            self._wires[identifier] = [self._kept(slot, is_theirs=is_theirs) for slot in node.get("inputs") or []]
        return node

    def _kept(self, slot: Json, *, is_theirs: bool) -> Wire:
        """The wire of an input that comes from one side."""
        origin, number = self._wirings[2 if is_theirs else 1].wire(slot)
        slot["link"] = None
        return Wire(origin, theirs=number) if is_theirs else Wire(origin, ours=number)

    def _fields(self, identifier: str, before: Json, ours: Json, theirs: Json) -> Json:
        merged: Json = {}
        self._wires[identifier] = []
        for key in keys_of(ours, theirs):
            sides = sides_of(key, before, ours, theirs)
            if key == "inputs":
                merged[key] = self._inputs(identifier, *(side.get("inputs") or [] for side in (before, ours, theirs)))
            elif key == "outputs":
                merged[key] = _outputs(*sides)
            elif key == "widgets_values" and all(isinstance(side, list) for side in sides[1:]):
                merged[key] = self._widgets(identifier, ours, *sides)
            elif key == "properties" and all(isinstance(side, dict) for side in sides[1:]):
                merged[key] = self._properties(identifier, *sides)
            elif key == "id" or key in _DRAWING:
                merged[key] = one_side(*sides)
            else:
                merged[key] = self._values.value(f"{identifier}.{key}", *sides)
        return present(merged)

    def _properties(self, identifier: str, before: Any, ours: Json, theirs: Json) -> Json:
        olds = before if isinstance(before, dict) else {}
        noted = {key: one_side(*sides_of(key, olds, ours, theirs)) for key in keys_of(ours, theirs) if key in _NOTED}
        olds, news, others = ({key: value for key, value in side.items() if key not in _NOTED}
                              for side in (olds, ours, theirs))  # fmt: skip
        return {**self._values.tables(f"{identifier}.properties", olds, news, others), **present(noted)}

    def _widgets(self, identifier: str, node: Json, before: Any, ours: list[Any], theirs: list[Any]) -> Any:
        if len(ours) != len(theirs):
            return self._values.value(f"{identifier}.widgets_values", before, ours, theirs)
        olds = before if isinstance(before, list) and len(before) == len(ours) else [MISSING] * len(ours)
        merged = []
        for at, (name, *three) in enumerate(zip(_widget_names(node, len(ours)), olds, ours, theirs, strict=True)):
            is_seed = all(_is_drawn_anew(side, at) for side in (ours, theirs))
            merged.append(one_side(*three) if is_seed else self._values.value(f"{identifier}.{name}", *three))
        return merged

    def _inputs(self, identifier: str, before: list[Json], ours: list[Json], theirs: list[Json]) -> list[Json]:
        """Inputs by name, and where each gets its value from."""
        olds, news, others = (_by_name(side) for side in (before, ours, theirs))
        merged = []
        for name in keys_of(news, others):
            old, new, other = sides_of(name, olds, news, others)
            slot, wire = self._input(f"{identifier}.{name}", old, new, other)
            if slot is not MISSING:
                merged.append({**slot, "link": None} if "link" in slot or wire.origin is not None else slot)
                self._wires[identifier].append(wire)
        return merged

    def _input(self, place: str, before: Any, ours: Any, theirs: Any) -> tuple[Any, Wire]:
        (old, _), (new, mine), (other, their) = (
            wiring.wire(slot) for wiring, slot in zip(self._wirings, (before, ours, theirs), strict=True)
        )
        rests = [_without_link(slot) for slot in (before, ours, theirs)]
        if ours is MISSING or theirs is MISSING:
            is_theirs = theirs is not MISSING
            there, origin = (theirs, other) if is_theirs else (ours, new)
            wire = Wire(other, theirs=their) if is_theirs else Wire(new, ours=mine)
            if before is MISSING:
                return there, wire
            if origin == old:
                return MISSING, Wire(None)
            words = [None if slot is MISSING else self._shown(one) for slot, one in ((ours, new), (theirs, other))]
            return (there, wire) if self._decide(place, *words) is is_theirs else (MISSING, Wire(None))
        slot = theirs if same(rests[1], rests[0]) else ours
        if new == other:
            return slot, Wire(new, ours=mine, theirs=their)
        if other == old or (new != old and not self._decide(place, self._shown(new), self._shown(other))):
            return slot, Wire(new, ours=mine)
        return slot, Wire(other, theirs=their)

    def _shown(self, origin: Origin | None) -> str:
        found = (wiring.shown(origin) for wiring in self._wirings[1:] if origin is not None)
        return next((words for words in found if words is not None), "no link")

    def _definitions(self, before: Any, ours: Any, theirs: Any) -> Any:
        """Subgraphs by identifier; those that both sides changed by node and input, or else as a whole."""
        if not isinstance(ours, dict) or not isinstance(theirs, dict):
            return one_side(before, ours, theirs)
        sides = [side if isinstance(side, dict) else {} for side in (before, ours, theirs)]
        olds, news, others = ({str(graph["id"]): graph for graph in side.get("subgraphs") or []} for side in sides)
        names = [str(graph.get("name")) for graph in {**others, **news}.values()]
        merged = []
        for identifier in keys_of(news, others):
            old, new, other = sides_of(identifier, olds, news, others)
            mine, their, former = (_meaning_of_graph(graph) for graph in (new, other, old))
            graph = new
            if same(mine, former):
                graph = other
            elif not same(mine, their) and not same(their, former):
                name = str((other if new is MISSING else new).get("name"))
                place = f"subgraph {name if names.count(name) == 1 else identifier}"
                graph = self._subgraph(place, old, new, other)
            if graph is not MISSING:
                merged.append(graph)
        return {**self._values.tables("definitions", *({**side, "subgraphs": None} for side in sides)),
                "subgraphs": merged}  # fmt: skip

    def _subgraph(self, place: str, before: Any, ours: Any, theirs: Any) -> Any:
        if ours is not MISSING and theirs is not MISSING:
            asked: list[tuple[str, object, object]] = []

            def note(inner: str, mine: object, other: object) -> bool:
                asked.append((inner, mine, other))
                return self._decide(f"{place}/{inner}", mine, other)

            try:
                sides = ({} if before is MISSING else opened(before), opened(ours), opened(theirs))
                return closed(GraphMerging(note, *sides).merge())
            except Unmergeable:
                if asked:  # Whoever was asked gave answers that do not go together.
                    raise
        return theirs if self._decide(place, _named(ours), _named(theirs)) else ours

    def _extra(self, before: Any, ours: Any, theirs: Any) -> Any:
        """Where the editor keeps what it has no other place for; of group nodes it is what they consist of."""
        if not isinstance(ours, dict) or not isinstance(theirs, dict):
            return one_side(before, ours, theirs)
        olds = before if isinstance(before, dict) else {}
        merged = {
            key: self._values.value("group nodes", *sides) if key == "groupNodes" else one_side(*sides)
            for key in keys_of(ours, theirs)
            for sides in [sides_of(key, olds, ours, theirs)]
        }
        return present(merged)


def _renumbered(before: Json, ours: Json, theirs: Json) -> Json:
    """Theirs with new numbers for the nodes that it added under a number that ours gave to another one."""
    olds, news, others = (by_identifier(side.get("nodes") or []) for side in (before, ours, theirs))
    added = [identifier for identifier in others if identifier in news and identifier not in olds]
    mine, their = Wiring(ours), Wiring(theirs)
    twice = [one for one in added if not same(_meaning(news[one], mine), _meaning(others[one], their))]
    if "nodes" not in before:
        if any(news[one].get("type") != others[one].get("type") for one in twice):
            raise Unmergeable("both sides added it, with different nodes")
        return theirs
    highest = [side.get("last_node_id") for side in (ours, theirs)]
    following = max([0, *numbers_in([*olds, *news, *others]), *(one for one in highest if isinstance(one, int))]) + 1
    number_of(following + len(twice))
    names = {identifier: following + at for at, identifier in enumerate(twice)}
    for identifier, node in others.items():
        node["id"] = names.get(identifier, node["id"])
    for link in theirs.get("links") or []:
        ends = (1, 3) if isinstance(link, list) else ("origin_id", "target_id")
        for end in ends:
            link[end] = names.get(str(link[end]), link[end])
    return theirs


def _keep_used_subgraphs(merged: Json, ours: Json, theirs: Json) -> None:
    """What nodes are made of stays as long as there is such a node, though one side removed its own last one."""
    known = {**_subgraphs(theirs), **_subgraphs(ours)}
    found = _subgraphs(merged)
    waiting = [merged, *found.values()]
    while waiting:
        for node in waiting.pop().get("nodes") or []:
            kind = node.get("type")
            if isinstance(kind, str) and kind in known and kind not in found:
                found[kind] = known[kind]
                merged.setdefault("definitions", {}).setdefault("subgraphs", []).append(known[kind])
                waiting.append(known[kind])


def _subgraphs(graph: Json) -> dict[str, Json]:
    definitions = graph.get("definitions")
    listed = definitions.get("subgraphs") if isinstance(definitions, dict) else None
    return {str(one["id"]): one for one in listed or []}


def _meaning(node: Json, wiring: Wiring) -> Any:
    """What of a node counts: not how it is drawn, nor the numbers of its links, nor where its outputs lead."""
    kept = {key: value for key, value in node.items() if key not in _DRAWING and key not in ("inputs", "outputs", "id")}
    if isinstance(kept.get("properties"), dict):
        kept["properties"] = {key: value for key, value in kept["properties"].items() if key not in _NOTED}
    values = kept.get("widgets_values")
    if isinstance(values, list):
        kept["widgets_values"] = [None if _is_drawn_anew(values, at) else one for at, one in enumerate(values)]
    inputs = []
    for slot in node.get("inputs") or []:
        origin, _ = wiring.wire(slot)
        inputs.append([_without_link(slot), origin and [origin.node, origin.output]])
    return [kept, inputs, [_without_link(slot) for slot in node.get("outputs") or []]]


def _meaning_of_graph(graph: Any) -> Any:
    if graph is MISSING:
        return graph
    nodes = [{key: value for key, value in node.items() if key not in _DRAWING} for node in graph.get("nodes") or []]
    aside = ("groups", "extra", "config", "nodes", "inputNode", "outputNode", "revision")
    return [{key: value for key, value in graph.items() if key not in aside}, nodes]


def _without_link(slot: Any) -> Any:
    if not isinstance(slot, dict):
        return slot
    return {key: value for key, value in slot.items() if key not in ("link", "links", "slot_index", "pos")}


def _outputs(before: Any, ours: Any, theirs: Any) -> Any:
    rests = [
        [_without_link(slot) for slot in side] if isinstance(side, list) else side for side in (before, ours, theirs)
    ]
    return theirs if same(rests[1], rests[0]) else ours


def _by_name(slots: list[Json]) -> Json:
    """Inputs by their names; those of one name are counted."""
    found: Json = {}
    for slot in slots:
        name, count = str(slot.get("name")), 1
        while (key := name if count == 1 else f"{name}#{count}") in found:
            count += 1
        found[key] = slot
    return found


def _widget_names(node: Json, count: int) -> list[str]:
    """The names of the inputs that have widgets, where they are as many as there are values; else their places."""
    named = [str(slot["name"]) for slot in node.get("inputs") or [] if isinstance(slot.get("widget"), dict)]
    return named if len(named) == len(set(named)) == count else [f"widgets[{at}]" for at in range(count)]


def _is_drawn_anew(values: list[Any], at: int) -> bool:
    """Whether the editor itself sets a value after each run, by what stands behind it."""
    value, control = values[at], values[at + 1] if at + 1 < len(values) else None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and control in _CONTROLS[1:]


def _named(node: Any) -> str:
    if node is MISSING:
        return "removed"
    return str(node.get("title") or node.get("name") or node.get("type") or node.get("id"))
