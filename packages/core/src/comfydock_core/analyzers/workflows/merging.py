"""Merging two versions of a workflow by node and input.

Nodes are known by their identifiers, links by theirs; which link an input has is a value of the input, and what links
there are follows from the inputs. Nodes and links that either side added under a number that the other side gave to
something else get new numbers. Where nodes are drawn is nobody's question: ours counts.
"""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]
# Whether theirs is taken of two values that both sides changed: the place (`3.steps`), and both.
Decide = Callable[[str, object, object], bool]

_MISSING = object()
# What says how a graph is drawn, and no more.
_DRAWING = frozenset(
    {"pos", "size", "order", "color", "bgcolor", "ds", "bounding", "flags", "frontendVersion", "extra"}
)
_HIGHEST = frozenset({"last_node_id", "last_link_id", "lastNodeId", "lastLinkId", "lastGroupId", "revision"})


class Unmergeable(Exception):
    """The versions cannot be merged node by node; the words say why."""


def merge_workflows(base: Json, ours: Json, theirs: Json, decide: Decide) -> Json:
    """One workflow from two that were changed since `base`. Raises `Unmergeable`."""
    try:
        if _is_graph(ours) and _is_graph(theirs):
            return _Graphs(decide).merge(base if _is_graph(base) else {}, ours, theirs)
        if not _is_graph(ours) and not _is_graph(theirs):
            return _Values(decide).tables("", base, ours, theirs)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
        raise Unmergeable("one of the versions is no workflow that the editor wrote") from error
    raise Unmergeable("one side is in the editor's format, the other in the server's")


def _is_graph(workflow: Json) -> bool:
    return isinstance(workflow.get("nodes"), list)


class _Values:
    """Merges plain values, key by key; lists of one length place by place, others as a whole."""

    def __init__(self, decide: Decide) -> None:
        self._decide = decide

    def tables(self, place: str, before: Json, ours: Json, theirs: Json) -> Json:
        merged: Json = {}
        for key in dict.fromkeys([*ours, *theirs]):
            sides = [side.get(key, _MISSING) for side in (before, ours, theirs)]
            value = self.value(f"{place}.{key}" if place else key, key, *sides)
            if value is not _MISSING:
                merged[key] = value
        return merged

    def value(self, place: str, key: str, before: Any, ours: Any, theirs: Any) -> Any:
        if _same(ours, theirs) or _same(theirs, before):
            return ours
        if _same(ours, before):
            return theirs
        if key in _HIGHEST and isinstance(ours, int) and isinstance(theirs, int):
            return max(ours, theirs)
        if isinstance(ours, dict) and isinstance(theirs, dict):
            return self.tables(place, before if isinstance(before, dict) else {}, ours, theirs)
        if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
            olds = before if isinstance(before, list) and len(before) == len(ours) else [_MISSING] * len(ours)
            return [
                self.value(f"{place}[{at}]", "", *three)
                for at, three in enumerate(zip(olds, ours, theirs, strict=True))
            ]
        if key in _DRAWING:
            return ours
        mine, other = (None if side is _MISSING else side for side in (ours, theirs))
        return theirs if self._decide(place, mine, other) else ours


class _Graphs:
    """Merges the editor's format."""

    def __init__(self, decide: Decide) -> None:
        self._decide = decide

    def merge(self, before: Json, ours: Json, theirs: Json) -> Json:
        theirs = _renumbered(before, ours, theirs)
        merged: Json = {}
        values = _Values(self._decide)
        for key in dict.fromkeys([*ours, *theirs]):
            sides = [side.get(key, _MISSING) for side in (before, ours, theirs)]
            if key == "nodes":
                merged[key] = self._nodes(*(side.get("nodes") or [] for side in (before, ours, theirs)))
            elif key == "links":
                merged[key] = _links_of(ours, theirs)
            elif key == "definitions":
                merged[key] = self._definitions(*sides)
            elif key in ("groups", "config") or key in _DRAWING:
                merged[key] = _one_side(*sides)
            else:
                merged[key] = values.value(key, key, *sides)
        merged = {key: value for key, value in merged.items() if value is not _MISSING}
        _settle_links(merged)
        return merged

    def _nodes(self, before: list[Json], ours: list[Json], theirs: list[Json]) -> list[Json]:
        olds, news, others = (_by_identifier(nodes) for nodes in (before, ours, theirs))
        merged = []
        for identifier in dict.fromkeys([*news, *others]):
            old, new, other = (side.get(identifier, _MISSING) for side in (olds, news, others))
            node = self._node(identifier, old, new, other)
            if node is not _MISSING:
                merged.append(node)
        return merged

    def _node(self, identifier: str, before: Any, ours: Any, theirs: Any) -> Any:
        if _same(ours, theirs) or _same(_meaning(theirs), _meaning(before)):
            return ours
        if _same(_meaning(ours), _meaning(before)):
            return theirs
        if not (isinstance(ours, dict) and isinstance(theirs, dict)) or ours.get("type") != theirs.get("type"):
            taken = self._decide(identifier, _named(ours), _named(theirs))
            return theirs if taken else ours
        return self._fields(identifier, before if isinstance(before, dict) else {}, ours, theirs)

    def _fields(self, identifier: str, before: Json, ours: Json, theirs: Json) -> Json:
        merged: Json = {}
        values = _Values(self._decide)
        for key in dict.fromkeys([*ours, *theirs]):
            sides = [side.get(key, _MISSING) for side in (before, ours, theirs)]
            if key == "inputs":
                value = self._slots(identifier, *(side.get("inputs") or [] for side in (before, ours, theirs)))
            elif key == "outputs":
                value = sides[1] if sides[1] is not _MISSING else sides[2]  # Their links follow from the inputs.
            elif key == "widgets_values" and all(isinstance(side, list) for side in sides[1:]):
                value = self._widgets(identifier, ours, *sides)
            elif key in _DRAWING or (key == "properties" and _same(sides[1], sides[0])):
                value = _one_side(*sides)
            else:
                value = values.value(f"{identifier}.{key}", key, *sides)
            if value is not _MISSING:
                merged[key] = value
        return merged

    def _widgets(self, identifier: str, node: Json, before: Any, ours: list[Any], theirs: list[Any]) -> list[Any]:
        names = _widget_names(node, len(ours))
        if len(ours) != len(theirs):
            if _same(before, ours) or _same(before, theirs):
                return theirs if _same(before, ours) else ours
            return theirs if self._decide(f"{identifier}.widgets_values", ours, theirs) else ours
        values = _Values(self._decide)
        olds = before if isinstance(before, list) and len(before) == len(ours) else [_MISSING] * len(ours)
        return [values.value(f"{identifier}.{name}", "", *three)
                for name, *three in zip(names, olds, ours, theirs, strict=True)]  # fmt: skip

    def _slots(self, identifier: str, before: list[Json], ours: list[Json], theirs: list[Json]) -> list[Json]:
        """Inputs by name: which link each has."""
        olds, news, others = ({slot["name"]: slot for slot in side} for side in (before, ours, theirs))
        merged = []
        values = _Values(self._decide)
        for name in dict.fromkeys([*news, *others]):
            old, new, other = (side.get(name, _MISSING) for side in (olds, news, others))
            if new is _MISSING or other is _MISSING:
                slot = values.value(f"{identifier}.{name}", "", old, new, other)
            else:
                link = values.value(f"{identifier}.{name}", "", *(
                    side.get("link") if isinstance(side, dict) else _MISSING for side in (old, new, other)
                ))  # fmt: skip
                chosen: Any = other if _same(new, old) else new
                slot = {**chosen, "link": link}
            if slot is not _MISSING:
                merged.append(slot)
        return merged

    def _definitions(self, before: Any, ours: Any, theirs: Any) -> Any:
        """Subgraphs by identifier, each from one side."""
        if not isinstance(ours, dict) or not isinstance(theirs, dict):
            return _one_side(before, ours, theirs)
        sides = [side if isinstance(side, dict) else {} for side in (before, ours, theirs)]
        olds, news, others = ({graph["id"]: graph for graph in side.get("subgraphs") or []} for side in sides)
        merged = []
        for identifier in dict.fromkeys([*news, *others]):
            old, new, other = (side.get(identifier, _MISSING) for side in (olds, news, others))
            graph = new
            if not _same(new, other) and not _same(other, old):
                name = (other if isinstance(other, dict) else new).get("name", identifier)
                graph = (
                    other if _same(new, old) or self._decide(f"subgraph {name}", _named(new), _named(other)) else new
                )
            if graph is not _MISSING:
                merged.append(graph)
        return {**ours, "subgraphs": merged}


def _renumbered(before: Json, ours: Json, theirs: Json) -> Json:
    """Theirs with new numbers for nodes and links that ours uses for something else."""
    theirs = copy.deepcopy(theirs)
    olds, news, others = (_by_identifier(side.get("nodes") or []) for side in (before, ours, theirs))
    taken = [int(identifier) for identifier in (*news, *others) if identifier.lstrip("-").isdigit()]
    next_node = max([0, *taken, *(side.get("last_node_id") or 0 for side in (ours, theirs))]) + 1
    nodes: dict[Any, Any] = {}
    for identifier, node in others.items():
        if identifier not in olds and identifier in news and not _same(news[identifier], node):
            nodes[node["id"]] = node["id"] = next_node
            nodes[int(identifier) if identifier.lstrip("-").isdigit() else identifier] = next_node
            next_node += 1
    links = _renumbered_links(before, ours, theirs)
    for link in theirs.get("links") or []:
        if isinstance(link, list):
            link[0] = links.get(link[0], link[0])
            link[1], link[3] = nodes.get(link[1], link[1]), nodes.get(link[3], link[3])
        elif isinstance(link, dict):
            link["id"] = links.get(link["id"], link["id"])
            for end in ("origin_id", "target_id"):
                link[end] = nodes.get(link[end], link[end])
    for node in theirs.get("nodes") or []:
        for slot in node.get("inputs") or []:
            if slot.get("link") in links:
                slot["link"] = links[slot["link"]]
    if nodes:
        theirs["last_node_id"] = next_node - 1
    return theirs


def _renumbered_links(before: Json, ours: Json, theirs: Json) -> dict[Any, Any]:
    olds, news, others = (_links_by_number(side) for side in (before, ours, theirs))
    following = max([0, *news, *others, *(side.get("last_link_id") or 0 for side in (ours, theirs))]) + 1
    found = {}
    for number, link in others.items():
        if number in news and not _same(news[number], link) and not _same(olds.get(number), link):
            found[number] = following
            following += 1
    if found:
        theirs["last_link_id"] = following - 1
    return found


def _links_of(ours: Json, theirs: Json) -> list[Any]:
    return list({**_links_by_number(theirs), **_links_by_number(ours)}.values())


def _links_by_number(graph: Json) -> dict[int, Any]:
    return {(link[0] if isinstance(link, list) else link["id"]): link for link in graph.get("links") or []}


def _settle_links(graph: Json) -> None:
    """Keep the links that inputs have, and let outputs say the same. Raises `Unmergeable` for one to nowhere."""
    nodes = _by_identifier(graph.get("nodes") or [])
    known = _links_by_number(graph)
    used: dict[int, Any] = {}
    leaving: dict[tuple[str, int], list[int]] = {}
    for identifier, node in nodes.items():
        for at, slot in enumerate(node.get("inputs") or []):
            number = slot.get("link")
            if number is None:
                continue
            link = copy.deepcopy(known.get(number))
            origin, from_slot = (None, 0) if link is None else _origin(link)
            if link is None or str(origin) not in nodes:
                raise Unmergeable(f"the input {slot.get('name')} of node {identifier} would get its value from nowhere")
            _lead(link, node["id"], at)
            used[number] = link
            leaving.setdefault((str(origin), from_slot), []).append(number)
    for identifier, node in nodes.items():
        for at, slot in enumerate(node.get("outputs") or []):
            if slot.get("links") or (identifier, at) in leaving:
                slot["links"] = sorted(leaving.get((identifier, at), []))
    if "links" in graph:
        graph["links"] = [used[number] for number in sorted(used)]


def _origin(link: Any) -> tuple[Any, int]:
    return (link[1], link[2]) if isinstance(link, list) else (link["origin_id"], link["origin_slot"])


def _lead(link: Any, node: Any, slot: int) -> None:
    if isinstance(link, list):
        link[3], link[4] = node, slot
    else:
        link["target_id"], link["target_slot"] = node, slot


def _by_identifier(nodes: list[Json]) -> dict[str, Json]:
    found = {str(node["id"]): node for node in nodes}
    if len(found) != len(nodes):
        raise Unmergeable("it has several nodes of one number")
    return found


def _meaning(node: Any) -> Any:
    """What of a node counts: not how it is drawn, nor where its outputs lead, which its receivers say."""
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if key not in _DRAWING and key != "outputs"}
    return json.dumps(kept, sort_keys=True)


def _widget_names(node: Json, count: int) -> Iterator[str]:
    """The names of the inputs that have widgets, where they are as many as there are values; else their places."""
    named = [str(slot["name"]) for slot in node.get("inputs") or [] if isinstance(slot.get("widget"), dict)]
    yield from named if len(named) == count else (f"widgets[{at}]" for at in range(count))


def _named(node: Any) -> str:
    if not isinstance(node, dict):
        return "removed"
    return str(node.get("title") or node.get("name") or node.get("type") or node.get("id"))


def _one_side(before: Any, ours: Any, theirs: Any) -> Any:
    return theirs if _same(ours, before) or ours is _MISSING else ours


def _same(one: Any, other: Any) -> bool:
    """Equal for JSON: `1` and `true` are not."""
    if one is _MISSING or other is _MISSING:
        return one is other
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
