"""What of a saved graph is drawn, with the places and sizes that it has in the editor."""

from comfydock_core.records import record

TITLE_HEIGHT = 30
ROW = 20
WIDGET_ROW = 24


@record
class Slot:
    """An input or output; `widget` is the name of the widget beside which it stands."""

    name: str
    type: str
    linked: bool
    widget: str | None = None


@record
class Widget:
    """A row of a node; `name` is empty where the file does not tell which value it is."""

    name: str
    label: str
    value: str
    is_text: bool = False


@record
class Node:
    """A node where the editor shows it; `y` is below the bar with its title."""

    id: str
    type: str
    title: str
    x: float
    y: float
    width: float
    height: float
    inputs: tuple[Slot, ...] = ()
    outputs: tuple[Slot, ...] = ()
    widgets: tuple[Widget, ...] = ()
    color: object = None
    bgcolor: object = None
    collapsed: bool = False
    muted: bool = False
    bypassed: bool = False
    is_subgraph: bool = False
    has_title: bool = True
    is_note: bool = False

    @property
    def rows(self) -> int:
        """Of slots that do not stand beside a widget."""
        return max(sum(slot.widget is None for slot in self.inputs), len(self.outputs))


@record
class Link:
    origin: str
    origin_slot: int
    target: str
    target_slot: int
    type: str
    through: tuple[tuple[float, float], ...] = ()


@record
class Group:
    title: str
    x: float
    y: float
    width: float
    height: float
    color: object
    font_size: float


@record
class Graph:
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    groups: tuple[Group, ...]
    reroutes: tuple[tuple[float, float], ...] = ()
