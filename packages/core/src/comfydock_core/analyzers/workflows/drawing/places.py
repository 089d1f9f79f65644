"""Where the parts of a node are: the editor's measures."""

from comfydock_core.analyzers.workflows.drawing.marking import text_width
from comfydock_core.analyzers.workflows.drawing.values import ROW, TITLE_HEIGHT, WIDGET_ROW, Node
from comfydock_core.records import record

_FIRST_WIDGET = 8
_TEXT_LINE = 16
_COLLAPSED_ROOM = 50

Place = tuple[float, float]


@record
class Laid:
    """A node with the places of its slots, and top and height of each widget, counted from below its title.

    `box` is left, top, width and height of all of it.
    """

    node: Node
    box: tuple[float, float, float, float]
    inputs: tuple[Place, ...]
    outputs: tuple[Place, ...]
    widgets: tuple[tuple[float, float], ...]

    def input(self, index: int) -> Place:
        """Of a slot that the file does not have, the corner."""
        return self.inputs[index] if 0 <= index < len(self.inputs) else (self.box[0], self.box[1])

    def output(self, index: int) -> Place:
        right = self.box[0] + self.box[2]
        return self.outputs[index] if 0 <= index < len(self.outputs) else (right, self.box[1])


def laid_out(node: Node) -> Laid:
    widgets = _widget_rows(node)
    if not node.collapsed:
        above = TITLE_HEIGHT if node.has_title else 0
        box = (node.x, node.y - above, node.width, node.height + above)
        right = node.x + node.width - 10
        outputs = tuple((right, node.y + (index + 0.7) * ROW) for index in range(len(node.outputs)))
        return Laid(node, box, _input_places(node, widgets), outputs, widgets)
    width = min(max(node.width, 80), text_width(node.title) + _COLLAPSED_ROOM)
    middle = node.y - TITLE_HEIGHT / 2
    return Laid(
        node,
        (node.x, node.y - TITLE_HEIGHT, width, TITLE_HEIGHT),
        ((node.x, middle),) * len(node.inputs),
        ((node.x + width, middle),) * len(node.outputs),
        widgets,
    )


def _input_places(node: Node, widgets: tuple[tuple[float, float], ...]) -> tuple[Place, ...]:
    """In rows, and those of widgets beside theirs, or above all of them when it is not known which one that is."""
    beside = {widget.name: place for widget, place in zip(node.widgets, widgets, strict=True) if widget.name}
    found: list[Place] = []
    row = 0
    for slot in node.inputs:
        if slot.widget is None:
            found.append((node.x + 10, node.y + (row + 0.7) * ROW))
            row += 1
        elif slot.widget in beside:
            top, height = beside[slot.widget]
            found.append((node.x + 10, node.y + top + min(height, ROW) / 2))
        else:
            found.append((node.x + 10, node.y + min(node.rows * ROW + _FIRST_WIDGET, node.height)))
    return tuple(found)


def _widget_rows(node: Node) -> tuple[tuple[float, float], ...]:
    """What room is left is shared by texts of several lines."""
    top = float(node.rows * ROW + _FIRST_WIDGET)
    spare = node.height - top - len(node.widgets) * WIDGET_ROW - 4
    tall = [index for index, widget in enumerate(node.widgets) if widget.is_text and _wants_lines(node, widget.value)]
    if not tall and spare >= 2 * _TEXT_LINE:
        tall = [index for index, widget in enumerate(node.widgets) if widget.is_text and not widget.value][:1]
    more = max(spare, 0) / len(tall) if tall else 0
    found: list[tuple[float, float]] = []
    for index in range(len(node.widgets)):
        height = ROW + (more if index in tall else 0)
        found.append((top, height))
        top += height + WIDGET_ROW - ROW
    return tuple(found)


def _wants_lines(node: Node, value: str) -> bool:
    """Names of files are long, too, but have few spaces."""
    return node.is_note or "\n" in value or (value.count(" ") > 2 and text_width(value[:500], 12) > node.width)
