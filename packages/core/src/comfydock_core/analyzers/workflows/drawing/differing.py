"""What is to be marked in the pictures of two versions of a workflow: nodes, values and links of each of its graphs."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from comfydock_core.analyzers.workflows.comparing import matched
from comfydock_core.analyzers.workflows.drawing.canvas import Scene, scene_of
from comfydock_core.analyzers.workflows.drawing.graph import read_graph
from comfydock_core.analyzers.workflows.drawing.marking import text_width
from comfydock_core.analyzers.workflows.drawing.tolerant import Table, keyed_tables, text_of
from comfydock_core.analyzers.workflows.drawing.values import Graph, Link, Node
from comfydock_core.models.workflow.difference_words import source_text
from comfydock_core.models.workflow.differences import ViewDifference
from comfydock_core.models.workflow.prompt_view import NodeValue, PromptView, WorkflowNode
from comfydock_core.records import record

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
_ROOT = ""
_NODE = re.compile(r"(.*)/nodes/([^/]+)")
_VALUE = re.compile(r"(.*)/nodes/([^/]+)/widgets_values/([^/]+)")


@dataclass(slots=True)
class Marks:
    """What is different of one picture, by the positions of nodes, widgets and links in it."""

    nodes: dict[int, str] = field(default_factory=dict)
    widgets: set[tuple[int, int]] = field(default_factory=set)
    links: set[int] = field(default_factory=set)


@record
class Panel:
    """A graph of the workflow before and after; `name` is that of a subgraph, empty for the whole. One side may be
    missing."""

    name: str
    before: Scene | None
    after: Scene | None
    marks_before: Marks
    marks_after: Marks


@record
class Version:
    """One version of a workflow: the graph as it was parsed, and what it runs."""

    raw: Table
    view: PromptView


def panels(before: Version | None, after: Version | None, difference: ViewDifference) -> Iterator[Panel]:
    """The whole graph, then each subgraph in which something is different. Raises `NoWorkflow`, `TooLargeToDraw`."""
    both = _Both(before, after, difference)
    for old, new in _graphs(before, after):
        panel = both.panel(old, new)
        if panel.name == _ROOT or panel.marks_before.nodes or panel.marks_after.nodes:
            yield panel


def _graphs(before: Version | None, after: Version | None) -> Iterator[tuple[str | None, str | None]]:
    """The JSON pointers of the graphs of both sides that belong together: the whole, and subgraphs by their ids."""
    sides = [{} if one is None else {_ROOT: _ROOT, **_definitions(one.raw)} for one in (before, after)]
    for identifier in dict.fromkeys([*sides[1], *sides[0]]):
        yield sides[0].get(identifier), sides[1].get(identifier)


def _definitions(raw: Table) -> dict[str, str]:
    definitions = raw.get("definitions")
    listed = definitions.get("subgraphs") if isinstance(definitions, dict) else None
    return {text_of(one, "id", f"#{key}"): f"/definitions/subgraphs/{key}" for key, one in keyed_tables(listed)}


class _Side:
    """One version: its nodes by the graphs that they stand in."""

    def __init__(self, version: Version | None) -> None:
        self._version = version
        # By the graph: the nodes of the view by their keys there, and the beginnings of their scoped identifiers.
        self.nodes: dict[str, dict[str, WorkflowNode]] = defaultdict(dict)
        self.scopes: dict[str, set[str]] = defaultdict(set)
        for node in version.view.nodes if version is not None else ():
            found = _NODE.fullmatch(node.place)
            if found is not None:
                self.nodes[found[1]].setdefault(found[2], node)
                scope, colon, _ = node.id.rpartition(":")
                self.scopes[found[1]].add(scope + colon)

    def drawn(self, graph: str) -> "_Drawn":
        assert self._version is not None
        raw = self._version.raw
        if graph != _ROOT:
            definitions = raw["definitions"]
            assert isinstance(definitions, dict)
            inner = dict(keyed_tables(definitions["subgraphs"]))[graph.rpartition("/")[2]]
            raw = {**inner, "definitions": definitions}  # It may hold subgraphs, whose names stand there.
        return _Drawn(raw, graph, self)


class _Drawn:
    """One graph of one version, as it is drawn."""

    def __init__(self, raw: Table, graph: str, side: _Side) -> None:
        self.name = "" if graph == _ROOT else text_of(raw, "name") or "subgraph"
        self.pointer = graph
        self.read = read_graph(raw)
        self.keys = {_escaped(key): at for at, (key, _) in enumerate(keyed_tables(raw.get("nodes")))}
        self._raw_nodes = [node for _, node in keyed_tables(raw.get("nodes"))]
        self.known = side.nodes[graph]
        self.scopes = side.scopes[graph] or {""}

    def value_at(self, key: str, value: str) -> tuple[int, int] | None:
        """The positions of a node and of one of its widgets."""
        at = self.keys.get(key)
        if at is None:
            return None
        values = self._raw_nodes[at].get("widgets_values")
        names = list(map(_escaped, values)) if isinstance(values, dict) else list(map(str, range(250)))
        found = names.index(value) if value in names else -1
        return (at, found) if 0 <= found < len(self.read.nodes[at].widgets) else None

    def holds(self, at: int, changed: Iterable[str]) -> bool:
        """Whether one of the scoped identifiers is of a node within this one, which is a subgraph."""
        begins = tuple(f"{scope}{self.read.nodes[at].id}:" for scope in self.scopes)
        return self.read.nodes[at].is_subgraph and any(one.startswith(begins) for one in changed)


class _Both:
    def __init__(self, before: Version | None, after: Version | None, difference: ViewDifference) -> None:
        self._before, self._after = _Side(before), _Side(after)
        nodes = [one.view.nodes if one is not None else () for one in (before, after)]
        self._pairs, _, _ = matched(*nodes)
        self._difference = difference
        olds, news = ([getattr(one, side) for one in difference.changed] for side in ("before", "after"))
        self._places = [{node.place for node in side} for side in (olds, news)]
        self._ids = [[node.id for node in side] for side in ([*olds, *difference.removed], [*news, *difference.added])]

    def panel(self, before: str | None, after: str | None) -> Panel:
        old = None if before is None else self._before.drawn(before)
        new = None if after is None else self._after.drawn(after)
        marks = Marks(), Marks()
        texts: dict[tuple[int, int], str] = {}
        partners = {} if old is None or new is None else self._partners(old, new)
        self._mark_nodes(old, new, partners, marks)
        self._mark_values(old, new, marks, texts)
        _mark_links(old, new, partners, marks)
        name = (new or old).name if new is not None or old is not None else ""  # type: ignore[union-attr]
        return Panel(
            name,
            None if old is None else scene_of(old.read),
            None if new is None else scene_of(_with_texts(new.read, texts)),
            *marks,
        )

    def _partners(self, old: _Drawn, new: _Drawn) -> dict[int, int]:
        """Which drawn node of the first is which of the second.

        The view knows the nodes that a prompt has; instances of subgraphs and edges of them are the same by
        identifier and class.
        """
        found: dict[int, int] = {}
        for first, second in self._pairs:
            places = _NODE.fullmatch(first.place), _NODE.fullmatch(second.place)
            if places[0] is None or places[1] is None:
                continue
            if (places[0][1], places[1][1]) == (old.pointer, new.pointer):
                at, to = old.keys.get(places[0][2]), new.keys.get(places[1][2])
                if at is not None and to is not None:
                    found.setdefault(at, to)
        taken = set(found.values())
        free = {(node.id, node.type): at for at, node in enumerate(new.read.nodes) if at not in taken}
        for at, node in enumerate(old.read.nodes):
            if at not in found and (to := free.pop((node.id, node.type), None)) is not None:
                found[at] = to
        return found

    def _mark_nodes(
        self, old: _Drawn | None, new: _Drawn | None, partners: Mapping[int, int], marks: tuple[Marks, Marks]
    ) -> None:
        sides = ((old, partners.keys(), REMOVED), (new, set(partners.values()), ADDED))
        for (drawn, kept, gone), found, places, ids in zip(sides, marks, self._places, self._ids, strict=True):
            if drawn is None:
                continue
            for at in range(len(drawn.read.nodes)):
                if at not in kept:
                    found.nodes[at] = gone
                elif drawn.holds(at, ids):
                    found.nodes[at] = CHANGED
            for key, node in drawn.known.items():
                if node.place in places and drawn.keys[key] in kept:
                    found.nodes[drawn.keys[key]] = CHANGED

    def _mark_values(
        self, old: _Drawn | None, new: _Drawn | None, marks: tuple[Marks, Marks], texts: dict[tuple[int, int], str]
    ) -> None:
        """Where the values stand that differ; `texts` gets what is written in the place of the new ones."""
        for change in self._difference.changed:
            for one in change.inputs:
                words = f"{source_text(one.before, None)} → {source_text(one.after, None)}"
                for source, drawn, found in ((one.before, old, marks[0]), (one.after, new, marks[1])):
                    for place in source.places if isinstance(source, NodeValue) else ():
                        at = None if drawn is None else _place_in(drawn, place)
                        if at is None:
                            continue
                        found.widgets.add(at)
                        if found.nodes.get(at[0]) not in (ADDED, REMOVED):
                            found.nodes[at[0]] = CHANGED
                        if drawn is new and isinstance(one.before, NodeValue):
                            texts[at] = words


def _place_in(drawn: _Drawn, place: str) -> tuple[int, int] | None:
    found = _VALUE.fullmatch(place)
    return drawn.value_at(found[2], found[3]) if found is not None and found[1] == drawn.pointer else None


def _mark_links(
    old: _Drawn | None, new: _Drawn | None, partners: Mapping[int, int], marks: tuple[Marks, Marks]
) -> None:
    """The links that only one side has, whatever their numbers are."""
    olds = {} if old is None else _links(old.read, partners)
    news = {} if new is None else _links(new.read, None)
    for mine, others, found in ((olds, news, marks[0]), (news, olds, marks[1])):
        found.links.update(at for key, at in mine.items() if key not in others)


def _links(graph: Graph, partners: Mapping[int, int] | None) -> dict[tuple[object, ...], int]:
    """Links by what they join: nodes by their position, in the other graph where they have `partners` there."""
    by_id = {node.id: at for at, node in enumerate(graph.nodes)}

    def end(identifier: str) -> object:
        at = by_id[identifier]
        return at if partners is None else partners.get(at, ("gone", at))

    return {
        (end(one.origin), one.origin_slot, end(one.target), _slot_name(graph.nodes[by_id[one.target]], one)): at
        for at, one in enumerate(graph.links)
        if one.origin in by_id and one.target in by_id
    }


def _slot_name(node: Node, link: Link) -> str:
    """Inputs have other positions when one before them became a slot."""
    inside = 0 <= link.target_slot < len(node.inputs)
    return node.inputs[link.target_slot].name if inside else f"#{link.target_slot}"


def _with_texts(graph: Graph, texts: Mapping[tuple[int, int], str]) -> Graph:
    """The graph with other words for some values, where those fit into a row."""
    if not texts:
        return graph
    nodes = list(graph.nodes)
    for (at, widget), words in texts.items():
        node = nodes[at]
        shown = node.widgets[widget]
        if _fits(node, shown.label, words) and "\n" not in shown.value:
            widgets = [replace(one, value=words) if one is shown else one for one in node.widgets]
            nodes[at] = replace(node, widgets=tuple(widgets))
    return replace(graph, nodes=tuple(nodes))


def _fits(node: Node, label: str, words: str) -> bool:
    return text_width(label + words, 12) < node.width - 70


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
