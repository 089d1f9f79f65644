"""The picture of how workflows differ: each as the editor lays it out, before on the left, after on the right.

One SVG that stands for itself, as that of a single workflow.
"""

from collections.abc import Iterator, Sequence

from comfydock_core.analyzers.workflows.drawing import palette
from comfydock_core.analyzers.workflows.drawing.canvas import (
    FONT,
    NAMESPACE,
    Box,
    Scene,
    draw_link,
    draw_reroutes,
    ground,
    link_path,
    written_box,
)
from comfydock_core.analyzers.workflows.drawing.differing import ADDED, CHANGED, REMOVED, Marks, Panel, Version, panels
from comfydock_core.analyzers.workflows.drawing.marking import (
    element,
    escaped,
    fitted,
    number,
    text,
    text_width,
    wrapped,
)
from comfydock_core.analyzers.workflows.drawing.nodes import draw_group, draw_node
from comfydock_core.analyzers.workflows.drawing.places import Laid
from comfydock_core.analyzers.workflows.drawing.values import ROW
from comfydock_core.analyzers.workflows.opening import OpenedWorkflow
from comfydock_core.analyzers.workflows.refusals import NoWorkflow
from comfydock_core.models.workflow.difference_words import change_lines, node_text
from comfydock_core.models.workflow.differences import ViewDifference
from comfydock_core.models.workflow.prompt_view import PromptView
from comfydock_core.records import record
from comfydock_core.utils.text import counted

_MAKER = "comfydock-diff"  # As `PICTURE_MARK` has it.
_COLOURS = {ADDED: palette.ADDED, REMOVED: palette.REMOVED, CHANGED: palette.CHANGED}
_SIGNS = {ADDED: "+", REMOVED: "−", CHANGED: "≠"}
_NARROWEST = 900.0
_PAGE = 1500.0  # So wide a picture has letters of the usual size; wider ones are looked at from further away.
_LARGEST_SCALE = 6.0
_PANEL = 1800.0  # Wider than this, marks would be too thin to be seen.
_HEAVIEST = 3.0
_MOST_WORKFLOWS = 50
_MOST_PANELS = 12
_MOST_LINES = 40
_MOST_ROWS = 3
_LONGEST_NAME = 300


@record
class ComparedWorkflow:
    """A workflow that differs: each side with what it runs, `None` where there is none, and what is different.

    `problem` says why it cannot be compared.
    """

    name: str
    before: tuple[OpenedWorkflow, PromptView] | None
    after: tuple[OpenedWorkflow, PromptView] | None
    difference: ViewDifference | None
    problem: str | None = None


@record
class _Section:
    """What is shown of one workflow: its pictures, and lines that say the same; a line has a colour."""

    name: str
    panels: tuple[Panel, ...]
    lines: tuple[tuple[str, str], ...]


def draw_comparison(before: str, after: str, workflows: Sequence[ComparedWorkflow]) -> str:
    """The SVG of all of them, one below the other. `before` and `after` are the labels of the two states."""
    sections = [_section(one) for one in workflows[:_MOST_WORKFLOWS]]
    widest = max((_boxes(panel)[2] for one in sections for panel in one.panels), default=0.0)
    scale = min(max(2 * widest / _PAGE, 1.0), _LARGEST_SCALE)
    page = _Page(max(2 * widest + 3 * _Page.MARGIN * scale, _NARROWEST * scale), scale)
    title = f"Workflows: {before} → {after}"
    page.heading(title)
    page.legend()
    for section in sections:
        page.section(section, before, after)
    if len(workflows) > _MOST_WORKFLOWS:
        page.line(f"and {counted(len(workflows) - _MOST_WORKFLOWS, 'other workflow')}", palette.PAGE_QUIET)
    return page.written(title, "; ".join(f"{one.name[:_LONGEST_NAME]}: {_summary(one)}" for one in workflows))


def _summary(one: ComparedWorkflow) -> str:
    """A few words for those who do not see the picture."""
    view = one.difference
    if view is None:
        return one.problem or "not compared"
    parts = (("added", len(view.added)), ("removed", len(view.removed)), ("changed", len(view.changed)))
    told = [f"{counted(count, 'node')} {word}" for word, count in parts if count]
    return ", ".join(told) or "nothing that it runs is different"


def _section(one: ComparedWorkflow) -> _Section:
    lines = list(_lines(one))
    found: list[Panel] = []
    try:
        if one.difference is not None:
            found = list(panels(_version(one.before), _version(one.after), one.difference))
    except NoWorkflow as error:
        lines.insert(0, (f"it is not drawn: {error}", palette.PAGE_QUIET))
    if len(found) > _MOST_PANELS:
        lines.append((f"{len(found) - _MOST_PANELS} more subgraphs are not drawn", palette.PAGE_QUIET))
    return _Section(one.name, tuple(found[:_MOST_PANELS]), tuple(lines))


def _version(side: tuple[OpenedWorkflow, PromptView] | None) -> Version | None:
    if side is None:
        return None
    opened, view = side
    if not opened.is_graph:
        raise NoWorkflow("nodes of a prompt for the API have no places")
    return Version(opened.raw, view)


def _lines(one: ComparedWorkflow) -> Iterator[tuple[str, str]]:
    view = one.difference
    if view is None:
        yield one.problem or "", palette.PAGE_QUIET
        return
    if one.before is None or one.after is None:
        state = ADDED if one.before is None else REMOVED
        yield f"{_SIGNS[state]} {counted(len(view.added) + len(view.removed), 'node')}", _COLOURS[state]
        return
    told = [(f"{_SIGNS[ADDED]} {node_text(node)}", palette.ADDED) for node in view.added]
    told += [(f"{_SIGNS[REMOVED]} {node_text(node)}", palette.REMOVED) for node in view.removed]
    for change in view.changed:
        told += [(f"{_SIGNS[CHANGED]} {node_text(change.after)}: {line}", palette.CHANGED)
                 for line in change_lines(change)]  # fmt: skip
    yield from told[:_MOST_LINES]
    if len(told) > _MOST_LINES:
        yield f"and {counted(len(told) - _MOST_LINES, 'other change')}", palette.PAGE_QUIET
    if view.moved:
        yield f"{counted(view.moved, 'node')} moved", palette.PAGE_QUIET


def _boxes(panel: Panel) -> Box:
    """Left, top, width and height that hold both sides, so that a node stands in the same place of both."""
    boxes = [scene.bounds for scene in (panel.before, panel.after) if scene is not None]
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)
    return left, top, right - left, bottom - top


class _Page:
    """What was put on the page so far, from top to bottom; sizes are those of an unscaled page."""

    MARGIN = 24.0
    _INDENT = 18.0

    def __init__(self, width: float, scale: float) -> None:
        self._width = width
        self._scale = scale
        self._y = self.MARGIN * scale
        self._parts: list[str] = []

    def heading(self, words: str) -> None:
        self.line(words, palette.PAGE_TEXT, 26, font_weight="bold")

    def legend(self) -> None:
        """What the colours mean; each has a sign as well, for those who do not tell them apart."""
        size = 15 * self._scale
        x, middle = self.MARGIN * self._scale, self._y + size * 0.8
        for state in (ADDED, REMOVED, CHANGED):
            self._parts.append(_badge(state, x + size / 2, middle - size * 0.35, size / 2))
            self._parts.append(text(state, x + size * 1.4, middle, palette.PAGE_TEXT, size))
            x += size * 3 + text_width(state, size)
        self._y += size * 1.8

    def line(self, words: str, fill: str, size: float = 14, *, indent: float = 0, **attributes: str) -> None:
        margin, size = self.MARGIN * self._scale, size * self._scale
        shown = fitted(words, self._width - 2 * margin, size)
        self._parts.append(text(shown, margin + indent * self._scale, self._y + size, fill, size, **attributes))
        self._y += size * 1.5

    def _wrapped(self, words: str, fill: str) -> None:
        """A line that goes on below, indented, where it is too long."""
        room = self._width / self._scale - 2 * self.MARGIN - self._INDENT
        first, *others = wrapped(" ".join(words.split()), room, _MOST_ROWS, 14) or [""]
        self.line(first, fill)
        for other in others:
            self.line(other, fill, indent=self._INDENT)

    def section(self, section: _Section, before: str, after: str) -> None:
        first = len(self._parts)
        self._y += 10 * self._scale
        self.line(section.name[:_LONGEST_NAME], palette.PAGE_TEXT, 20, font_weight="bold")
        for panel in section.panels:
            self._panel(panel, before, after)
        for words, fill in section.lines:
            self._wrapped(words, fill)
        drawn = "\n".join(self._parts[first:])
        del self._parts[first:]
        label = element("title", escaped(section.name[:_LONGEST_NAME]))
        self._parts.append(element("g", f"{label}{drawn}", role="group"))

    def _panel(self, panel: Panel, before: str, after: str) -> None:
        if panel.name:
            self.line(f"subgraph {panel.name[:_LONGEST_NAME]}", palette.PAGE_TEXT, 16)
        margin, size = self.MARGIN * self._scale, 14 * self._scale
        box = _boxes(panel)
        column = (self._width - 3 * margin) / 2
        grown = min(column / box[2], self._scale)
        width, height = box[2] * grown, box[3] * grown
        below = self._y + size * 1.5
        for x, label, scene, other, marks, alone in (
            (margin, before, panel.before, panel.after, panel.marks_before, REMOVED),
            (2 * margin + column, after, panel.after, panel.before, panel.marks_after, ADDED),
        ):
            fill, words = palette.PAGE_QUIET, label
            if other is None:  # All of it would be marked.
                marks, fill, words = Marks(), _COLOURS[alone], f"{label}: {alone}"
            self._parts.append(text(fitted(words, width, size), x, self._y + size, fill, size))
            inner = ground(box) + (_absent(box, size / grown) if scene is None else _drawn(scene, marks, alone, box[2]))
            place = {"x": x, "y": below, "width": width, "height": height}
            self._parts.append(element("svg", inner, **place, viewBox=written_box(box)))
        self._y = below + height + size

    def written(self, title: str, description: str) -> str:
        height = self._y + self.MARGIN * self._scale
        head = [
            element("title", escaped(title), id="title"),
            element("desc", escaped(description[:4000]), id="desc"),
            element("rect", width=self._width, height=height, fill=palette.PAGE),
        ]
        written = element(
            "svg",
            "\n".join(["", *head, *self._parts, ""]),
            xmlns=NAMESPACE,
            data_made_by=_MAKER,
            role="img",
            aria_labelledby="title desc",
            width=self._width,
            height=height,
            viewBox=f"0 0 {number(self._width)} {number(height)}",
            font_family=FONT,
        )
        return f"{written}\n"


def _absent(box: Box, size: float) -> str:
    left, top, width, height = box
    return text("not there", left + width / 2, top + height / 2, palette.PAGE_QUIET, size, text_anchor="middle")


def _drawn(scene: Scene, marks: Marks, alone: str, width: float) -> str:
    """One side; `alone` is what its links are that the other one has not. In a wide one, marks are larger."""
    weight = min(max(width / _PANEL, 1.0), _HEAVIEST)
    by_id = {laid.node.id: laid for laid in scene.nodes}
    links = scene.graph.links
    parts = [draw_group(group) for group in scene.graph.groups]
    plain = "".join(draw_link(link, by_id) for at, link in enumerate(links) if at not in marks.links)
    parts.append(element("g", plain, opacity=0.45 if marks.nodes or marks.links else None))
    parts += draw_reroutes(scene.graph)
    parts += [draw_node(laid, None) for laid in scene.nodes]
    parts += [_marked_link(link_path(links[at], by_id), alone, weight) for at in sorted(marks.links)]
    parts += [_outline(scene.nodes[at], state, weight) for at, state in sorted(marks.nodes.items())]
    parts += [_value(scene.nodes[at], widget) for at, widget in sorted(marks.widgets)]
    return "".join(parts)


def _marked_link(path: str | None, state: str, weight: float) -> str:
    if path is None:
        return ""
    shadow = element("path", d=path, fill="none", stroke="#000", stroke_opacity=0.7, stroke_width=5 * weight + 4)
    return shadow + element(
        "path",
        d=path,
        fill="none",
        stroke=_COLOURS[state],
        stroke_width=5 * weight,
        stroke_dasharray=_dashes(state, weight),
    )


def _dashes(state: str, weight: float) -> str | None:
    return f"{number(12 * weight)} {number(6 * weight)}" if state == REMOVED else None


def _outline(laid: Laid, state: str, weight: float) -> str:
    x, y, width, height = laid.box
    away = 2 + 2 * weight
    around = element(
        "rect",
        x=x - away,
        y=y - away,
        width=width + 2 * away,
        height=height + 2 * away,
        rx=8 + away,
        fill="none",
        stroke=_COLOURS[state],
        stroke_width=4 * weight,
        stroke_dasharray=_dashes(state, weight),
    )
    return around + _badge(state, x - away, y - away, 13 * weight)


def _badge(state: str, x: float, y: float, radius: float) -> str:
    dot = element("circle", cx=x, cy=y, r=radius, fill=_COLOURS[state], stroke="#111", stroke_width=radius / 8)
    sign = text(_SIGNS[state], x, y + radius * 0.5, "#111", radius * 1.6, text_anchor="middle", font_weight="bold")
    return dot + sign


def _value(laid: Laid, widget: int) -> str:
    """A frame around a value, unless the node is too small to show it."""
    node = laid.node
    top, height = laid.widgets[widget]
    if node.collapsed or top + ROW > node.height + 4:
        return ""
    return element(
        "rect",
        x=node.x + 12,
        y=node.y + top - 2,
        width=max(node.width - 24, 1),
        height=height + 4,
        rx=8,
        fill=palette.CHANGED,
        fill_opacity=0.16,
        stroke=palette.CHANGED,
        stroke_width=2,
    )
