"""Drawing nodes and groups."""

from comfydock_core.analyzers.workflows.drawing import palette
from comfydock_core.analyzers.workflows.drawing.marking import (
    colour,
    element,
    escaped,
    fitted,
    number,
    text,
    text_width,
    wrapped,
)
from comfydock_core.analyzers.workflows.drawing.places import Laid, Place
from comfydock_core.analyzers.workflows.drawing.values import ROW, TITLE_HEIGHT, Group, Node, Slot, Widget

_CORNER = 8
_SIDE = 15  # Between the edge of a node and its widgets.
_TEXT_LINE = 16
_SLOT_TEXT = 12


def draw_group(group: Group) -> str:
    fill = colour(group.color, palette.GROUP)
    box = element(
        "rect", x=group.x, y=group.y, width=group.width, height=group.height, fill=fill, fill_opacity=0.22, stroke=fill
    )
    title = fitted(group.title, group.width - 10, group.font_size)
    return box + text(title, group.x + 6, group.y + group.font_size, fill, group.font_size)


def draw_node(laid: Laid, mark: str | None) -> str:
    """One node; `mark` is what is wrong with it."""
    node = laid.node
    x, y, width, height = laid.box
    body = palette.BYPASSED_BODY if node.bypassed else colour(node.bgcolor, palette.NODE_BODY)
    bar = palette.BYPASSED_TITLE if node.bypassed else colour(node.color, palette.NODE_TITLE)
    parts = [element("title", escaped(_hover(node, mark)))]
    parts.append(element("rect", x=x, y=y, width=width, height=height, rx=_CORNER, fill=body, stroke=palette.NODE_EDGE))
    if node.has_title or node.collapsed:
        parts += _bar(node, bar, x, y, width)
    if not node.collapsed:
        parts += [_input(node, *one) for one in zip(node.inputs, laid.inputs, strict=True)]
        parts += [_output(node, *one) for one in zip(node.outputs, laid.outputs, strict=True)]
        parts += _widgets(laid)
    if mark is not None:
        parts += _mark(mark, x, y, width, height)
    faded = 0.4 if node.muted else 0.75 if node.bypassed else None
    return element("g", "".join(parts), opacity=faded)


def _hover(node: Node, mark: str | None) -> str:
    said = (
        f"{node.title} ({node.type[:200]}, node {node.id})"
        if node.title != node.type
        else f"{node.type[:200]}, node {node.id}"
    )
    return f"{said}: {mark[:500]}" if mark is not None else said[:500]


def _bar(node: Node, fill: str, x: float, y: float, width: float) -> list[str]:
    corner = number(_CORNER)
    if node.collapsed:
        bar = element("rect", x=x, y=y, width=width, height=TITLE_HEIGHT, rx=_CORNER, fill=fill)
    else:
        path = (
            f"M{number(x)} {number(y + TITLE_HEIGHT)}v{number(_CORNER - TITLE_HEIGHT)}"
            f"a{corner} {corner} 0 0 1 {corner} -{corner}h{number(width - 2 * _CORNER)}"
            f"a{corner} {corner} 0 0 1 {corner} {corner}v{number(TITLE_HEIGHT - _CORNER)}z"
        )
        bar = element("path", d=path, fill=fill)
    dot = element("circle", cx=x + 15, cy=y + 15, r=5, fill="#666")
    room = width - 36 - (24 if node.is_subgraph else 0)
    found = [bar, dot, text(fitted(node.title, room), x + TITLE_HEIGHT, y + 20, palette.TITLE_TEXT)]
    if node.is_subgraph:
        # Two boxes, one in the other's corner.
        found.append(element("rect", x=x + width - 25, y=y + 9, width=11, height=11, fill="none", stroke="#bbb"))
        found.append(element("rect", x=x + width - 20, y=y + 14, width=6, height=6, fill="#bbb"))
    return found


def _dot(place: Place, slot: Slot) -> str:
    return element("circle", cx=place[0], cy=place[1], r=4, fill=palette.colour_of_type(slot.type))


def _input(node: Node, slot: Slot, place: Place) -> str:
    """Beside a widget only the dot, and only when something is linked to it."""
    if slot.widget is not None:
        return _dot(place, slot) if slot.linked else ""
    if not node.has_title:
        return _dot(place, slot)
    name = fitted(slot.name, node.width * (0.55 if node.outputs else 0.9) - 10, _SLOT_TEXT)
    return _dot(place, slot) + text(name, place[0] + 10, place[1] + 4, palette.SLOT_TEXT, _SLOT_TEXT)


def _output(node: Node, slot: Slot, place: Place) -> str:
    if not node.has_title:
        return _dot(place, slot)
    name = fitted(slot.name, node.width * (0.55 if node.inputs else 0.9) - 10, _SLOT_TEXT)
    return _dot(place, slot) + text(name, place[0] - 10, place[1] + 4, palette.SLOT_TEXT, _SLOT_TEXT, text_anchor="end")


def _widgets(laid: Laid) -> list[str]:
    """Those that fit into the node: files keep values, too, of which the editor shows none."""
    node = laid.node
    linked = {slot.widget for slot in node.inputs if slot.widget is not None and slot.linked}
    found: list[str] = []
    for widget, (top, height) in zip(node.widgets, laid.widgets, strict=True):
        if top + ROW > node.height + 4:
            break
        drawn = _area(node, widget, top, height) if height >= ROW + _TEXT_LINE else _row(node, widget, top)
        found.append(element("g", drawn, opacity=0.5) if widget.name and widget.name in linked else drawn)
    return found


def _row(node: Node, widget: Widget, top: float) -> str:
    x, y, width = node.x + _SIDE, node.y + top, max(node.width - 2 * _SIDE, 1)
    box = element(
        "rect", x=x, y=y, width=width, height=ROW, rx=ROW / 2, fill=palette.WIDGET, stroke=palette.WIDGET_EDGE
    )
    wide = text_width(widget.value[:200], 12)
    name = fitted(widget.label, max(width - 40 - wide, width / 2), 12)
    value = fitted(widget.value, width - 40 - text_width(name, 12) if name else width - 24, 12)
    if not name:
        return box + text(value, x + 12, y + 14, palette.WIDGET_VALUE, 12)
    return (
        box
        + text(name, x + 12, y + 14, palette.WIDGET_NAME, 12)
        + text(value, x + width - 12, y + 14, palette.WIDGET_VALUE, 12, text_anchor="end")
    )


def _area(node: Node, widget: Widget, top: float, height: float) -> str:
    """Letters differ, so what does not fit after all is cut off: an inner `svg` shows nothing beyond its edges."""
    width = max(node.width - 20, 1)
    fill = "none" if node.is_note else palette.WIDGET
    lines = wrapped(widget.value, width - 12, int((height - 6) / _TEXT_LINE))
    drawn = element("rect", width=width, height=height, fill=fill) + "".join(
        text(line, 6, 14 + index * _TEXT_LINE, palette.WIDGET_VALUE, 12) for index, line in enumerate(lines) if line
    )
    return element("svg", drawn, x=node.x + 10, y=node.y + top, width=width, height=height)


def _mark(mark: str, x: float, y: float, width: float, height: float) -> list[str]:
    around = element(
        "rect",
        x=x - 4,
        y=y - 4,
        width=width + 8,
        height=height + 8,
        rx=_CORNER + 4,
        fill="none",
        stroke=palette.MARK,
        stroke_width=3,
        stroke_dasharray="8 4",
    )
    return [around, text(fitted(mark, max(width, 200)), x, y - 10, palette.MARK, font_weight="bold")]
