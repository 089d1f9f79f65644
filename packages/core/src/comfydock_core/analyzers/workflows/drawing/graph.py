"""A saved graph as what is drawn of it: whatever is missing or of an unexpected type has its usual value."""

import itertools
import math
import re
from collections.abc import Iterator, Mapping

from comfydock_core.analyzers.workflows.drawing.links import read_links, read_reroutes
from comfydock_core.analyzers.workflows.drawing.tolerant import FARTHEST, Table, id_of, number_of, pair, tables, text_of
from comfydock_core.analyzers.workflows.drawing.values import (
    ROW,
    TITLE_HEIGHT,
    WIDGET_ROW,
    Graph,
    Group,
    Node,
    Slot,
    Widget,
)
from comfydock_core.analyzers.workflows.refusals import NoWorkflow, TooLargeToDraw

_MUTED, _BYPASSED = 2, 4
_MOST_NODES = 20_000
_MOST_PIECES = 100_000
_LONGEST_TEXT = 4_000
_LONGEST_NAME = 300
_MOST_IN_NODE = 250
_MOST_GROUPS = 5_000
_COLUMNS, _COLUMN, _LINE = 6, 320, 280
_CONTROLS = ("fixed", "increment", "decrement", "randomize")
_SEEDS = ("seed", "noise_seed")
_UNTITLED = ("Reroute",)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_NOTES = ("Note", "MarkdownNote")


def read_graph(graph: Table) -> Graph:
    """Raises `NoWorkflow` when it is not a saved graph, and `TooLargeToDraw`."""
    if not isinstance(graph.get("nodes"), list | dict):
        raise NoWorkflow("it holds no nodes that could be drawn")
    saved = tables(graph.get("nodes"))
    if len(saved) > _MOST_NODES:
        raise TooLargeToDraw(f"it has {len(saved):,} nodes; up to {_MOST_NODES:,} are drawn")
    names = {text_of(one, "id"): text_of(one, "name") for one in _definitions(graph)}
    nodes, pieces = [], 0
    free = _free_places(saved)
    for index, node in enumerate(saved):
        nodes.append(_node(node, index, names, free))
        pieces += _pieces(nodes[-1])
        if pieces > _MOST_PIECES:
            raise TooLargeToDraw(f"its nodes have more than {_MOST_PIECES:,} slots and lines of text")
    nodes += [end for end in (_end(graph, "input"), _end(graph, "output")) if end is not None]
    reroutes = read_reroutes(graph)
    return Graph(
        tuple(nodes),
        tuple(read_links(graph, reroutes)),
        tuple(_group(one) for one in tables(graph.get("groups"))[:_MOST_GROUPS]),
        tuple(place for place, _parent in reroutes.values()),
    )


def _pieces(node: Node) -> int:
    """How much there is to draw: long texts count as their lines."""
    lines = sum(1 + widget.value.count("\n") + len(widget.value) // 80 for widget in node.widgets)
    return len(node.inputs) + len(node.outputs) + lines


def _definitions(graph: Table) -> list[Table]:
    definitions = graph.get("definitions")
    return tables(definitions.get("subgraphs")) if isinstance(definitions, dict) else []


def _free_places(saved: list[Table]) -> Iterator[tuple[float, float]]:
    """Where nodes go whose place is not known: below all others, in rows."""
    left, bottom = FARTHEST, -FARTHEST
    for node in saved:
        x, y = pair(node.get("pos"))
        if x is not None:
            left = min(left, number_of(x, 0))
            bottom = max(bottom, number_of(y, 0) + number_of(pair(node.get("size"))[1], 0))
    if bottom == -FARTHEST:
        left = bottom = 0.0
    top = bottom + 3 * TITLE_HEIGHT
    return ((left + index % _COLUMNS * _COLUMN, top + index // _COLUMNS * _LINE) for index in itertools.count())


def _end(graph: Table, side: str) -> Node | None:
    """What a subgraph is given, or gives, stands at its edge as if it were a node; links name it by a fixed number."""
    edge, slots = graph.get(f"{side}Node"), tables(graph.get(f"{side}s"))[:_MOST_IN_NODE]
    bounding = edge.get("bounding") if isinstance(edge, dict) else None
    if not isinstance(edge, dict) or not isinstance(bounding, list) or len(bounding) < 4:
        return None
    x, y, width, height = (number_of(value, 0) for value in bounding[:4])
    ends = tuple(_slot({**slot, "links": [1], "link": 1}, "link") for slot in slots)
    return Node(
        id=id_of(edge.get("id")),
        type=f"{side}s of the subgraph",
        title=f"{side.capitalize()}s",
        x=x,
        y=y + ROW / 2,
        width=max(width, 100),
        height=max(height - ROW / 2, len(slots) * ROW + 12),
        inputs=ends if side == "output" else (),
        outputs=ends if side == "input" else (),
    )


def _node(node: Table, index: int, names: Mapping[str, str], free: Iterator[tuple[float, float]]) -> Node:
    kind = text_of(node, "type") or text_of(node, "class_type", "?")
    inputs = tuple(_slot(slot, "link") for slot in tables(node.get("inputs"))[:_MOST_IN_NODE])
    outputs = tuple(_slot(slot, "links") for slot in tables(node.get("outputs"))[:_MOST_IN_NODE])
    widgets = _widgets(
        node.get("widgets_values"), {slot.widget: slot.name for slot in inputs if slot.widget is not None}
    )
    rows = max(sum(slot.widget is None for slot in inputs), len(outputs))
    x, y = pair(node.get("pos"))
    if x is None:
        x, y = next(free)
    width, height = pair(node.get("size"))
    flags = node.get("flags")
    is_subgraph = kind in names or _UUID.fullmatch(kind) is not None
    return Node(
        id=id_of(node.get("id")) or f"#{index}",
        type=kind[:_LONGEST_NAME],
        title=(text_of(node, "title") or names.get(kind) or kind)[:_LONGEST_NAME],
        x=number_of(x, 0),
        y=number_of(y, 0),
        width=max(number_of(width, 240), 40),
        height=max(number_of(height, rows * ROW + len(widgets) * WIDGET_ROW + 12), 10),
        inputs=inputs,
        outputs=outputs,
        widgets=widgets,
        color=node.get("color"),
        bgcolor=node.get("bgcolor"),
        collapsed=isinstance(flags, dict) and flags.get("collapsed") is True,
        muted=node.get("mode") == _MUTED,
        bypassed=node.get("mode") == _BYPASSED,
        is_subgraph=is_subgraph,
        has_title=kind not in _UNTITLED,
        is_note=kind in _NOTES,
    )


def _slot(slot: Table, links: str) -> Slot:
    widget = slot.get("widget")
    kind = slot.get("type")
    return Slot(
        name=text_of(slot, "label") or text_of(slot, "localized_name") or text_of(slot, "name"),
        type=kind if isinstance(kind, str) else "COMBO" if isinstance(kind, list) else "*",
        linked=slot.get(links) not in (None, []),
        widget=text_of(widget, "name") if isinstance(widget, dict) else None,
    )


def _widgets(values: object, labels: Mapping[str, str]) -> tuple[Widget, ...]:
    """`labels` are those of the widgets that inputs name. Without values there are at least their names."""
    named: list[tuple[str, object]]
    if isinstance(values, dict):
        named = [(str(name), value) for name, value in list(values.items())[:_MOST_IN_NODE]]
    elif isinstance(values, list) and values:
        shown = values[:_MOST_IN_NODE]
        named = list(zip(_names_of(shown, list(labels)), shown, strict=True))
    else:
        named = [(name, None) for name in labels]
    return tuple(Widget(name, labels.get(name, name), _shown(value), isinstance(value, str)) for name, value in named)


def _names_of(values: list[object], names: list[str]) -> list[str]:
    """The names of the values in order, or none where they do not come out even.

    Behind a seed stands what happens to it after a run, which is no input.
    """
    found: list[str] = []
    for name in names:
        found.append(name)
        if name in _SEEDS and len(found) < len(values) and values[len(found)] in _CONTROLS:
            found.append("control after generate")
    return found if len(found) == len(values) else [""] * len(values)


def _shown(value: object) -> str:
    if isinstance(value, str):
        return value[:_LONGEST_TEXT]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}" if math.isfinite(value) and abs(value) < 1e6 else str(value)
    if isinstance(value, int):
        return str(value) if abs(value) < 10**30 else "…"
    if isinstance(value, list):
        return f"[{len(value)}]"
    return "{…}" if isinstance(value, dict) else ""


def _group(group: Table) -> Group:
    bounding = group.get("bounding")
    box = [number_of(value, 0) for value in bounding[:4]] if isinstance(bounding, list) else []
    x, y, width, height = box if len(box) == 4 else (0.0, 0.0, 140.0, 80.0)
    size = min(max(number_of(group.get("font_size"), 24), 8), 200)
    return Group(text_of(group, "title"), x, y, max(width, 1), max(height, 1), group.get("color"), size)
