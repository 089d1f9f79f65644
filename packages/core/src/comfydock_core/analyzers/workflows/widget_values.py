"""Which saved value of a node belongs to which input.

The names in the file go first; without them the order of the class's inputs tells, with the types compared. Where the
class has lost or gained inputs since the file was saved, values are aligned by type, and that is said.
"""

from dataclasses import dataclass, field

from comfydock_core.analyzers.workflows.budget import Budget
from comfydock_core.analyzers.workflows.saved_graph import SavedNode, pointer_token, table_of
from comfydock_core.analyzers.workflows.value_alignment import align
from comfydock_core.analyzers.workflows.widgets import CONTROL, CONTROLS, SEEDS, Widget, Widgets, default_of
from comfydock_core.models.workflow.class_inputs import COMBO, ClassInput, NodeClass
from comfydock_core.models.workflow.prompt_view import ALIGNED, DEFAULT, NAMED, ORDERED, NodeValue, WorkflowProblem


@dataclass(slots=True)
class ReadValues:
    """The values of one node by input, those without an input, and what did not fit."""

    values: dict[str, NodeValue] = field(default_factory=dict)
    unnamed: list[NodeValue] = field(default_factory=list)
    problems: list[WorkflowProblem] = field(default_factory=list)
    known: dict[str, ClassInput] = field(default_factory=dict)


def read_values(node: SavedNode, known: NodeClass | None, aligning: Budget) -> ReadValues:
    """Read the widget values of a saved node. `known` is its class, `None` when nothing is known of that; `aligning`
    bounds what is compared by type."""
    return _Reading(node, known, aligning).read()


class _Reading:
    def __init__(self, node: SavedNode, known: NodeClass | None, aligning: Budget) -> None:
        self._node = node
        self._aligning = aligning
        self._read = ReadValues()
        self._saved = node.values
        self._mapping = table_of(node.raw.get("widgets_values"))
        self._whole = known is not None and not known.doubts
        listed = frozenset(slot.name for slot in node.inputs)
        sockets = frozenset(slot.name for slot in node.inputs if slot.widget is None)
        self._widgets = None if known is None else Widgets(known, sockets, listed, len(self._saved))

    def read(self) -> ReadValues:
        if self._mapping:
            control = control_of(self._mapping.get(CONTROL))
            for name, value in self._mapping.items():
                place = f"{self._node.place}/widgets_values/{pointer_token(name)}"
                self._take(name, value, place, NAMED, control if name in SEEDS else None)
        elif self._by_names(_named_by_file(self._node, self._saved)) or self._by_names(self._names_of_slots()):
            pass
        elif self._widgets is not None:
            self._by_class(self._widgets)
        else:
            self._without_names()
        if self._widgets is not None:
            self._settle(self._widgets)
        return self._read

    def _by_names(self, names: list[str] | None) -> bool:
        if names is None:
            return False
        for at, name in enumerate(names):
            if name != CONTROL:
                control = self._control_behind(at) if names[at + 1 : at + 2] == [CONTROL] else None
                self._take(name, self._saved[at], self._node.value_place(at), NAMED, control)
        return True

    def _names_of_slots(self) -> list[str] | None:
        """The names of the inputs with widgets, when the file lists as many as it has values."""
        names: list[str] = []
        for slot in self._node.inputs:
            if slot.widget is not None:
                names.append(slot.name)
                if len(names) < len(self._saved) and _is_control(slot.type, self._saved[len(names)]):
                    names.append(CONTROL)
        return names if names and len(names) == len(self._saved) else None

    def _by_class(self, widgets: Widgets) -> None:
        expected, fits = self._in_order(widgets)
        if fits:
            for at, widget in enumerate(expected):
                if widget is not None and at < len(self._saved):
                    control = self._control_behind(at) if expected[at + 1 : at + 2] == [None] else None
                    self._take(widget.name, self._saved[at], self._node.value_place(at), ORDERED, control)
            for at in range(len(expected), len(self._saved)):
                self._leave(at, ORDERED)
            return
        aligned = align([one for one in expected if one is not None], self._saved, self._aligning)
        for at, widget in enumerate(aligned):
            if widget is not None:
                control = self._control_behind(at) if widget.controlled else None
                self._take(widget.name, self._saved[at], self._node.value_place(at), ALIGNED, control)
            else:
                self._leave(at, ALIGNED)

    def _in_order(self, widgets: Widgets) -> tuple[list[Widget | None], bool]:
        """What belongs to each value, by order alone, and whether the types of all agree with that."""
        waiting = list(reversed(widgets.first()))
        expected: list[Widget | None] = []
        fits = True
        while waiting:
            widget = waiting.pop()
            at = len(expected)
            expected.append(widget)
            if at >= len(self._saved):
                continue  # The class has gained inputs: those have their defaults.
            value = self._saved[at]
            fits = fits and fits_input(widget.input, value)
            waiting.extend(reversed(widgets.behind(widget, value)))
            if widget.controlled and at + 1 < len(self._saved) and self._saved[at + 1] in _CONTROL_VALUES:
                expected.append(None)
        if len(expected) < len(self._saved):
            more = self._saved[len(expected) :]
            fits = fits and all(_is_extra(value) for value in more)
        return (expected, fits) if fits else ([one for one in expected if one is not None], False)

    def _without_names(self) -> None:
        for at in range(len(self._saved)):
            self._leave(at, ORDERED)

    def _leave(self, at: int, found: str) -> None:
        """A value that belongs to no input which is known."""
        value = self._saved[at]
        if not _says_nothing(value):
            control = self._control_behind(at) if type(value) is int else None
            self._read.unnamed.append(NodeValue(value, (self._node.value_place(at),), found, control))

    def _take(self, name: str, value: object, place: str, found: str, control: str | None) -> None:
        self._read.values[name] = NodeValue(value, (place,), found, control)

    def _control_behind(self, at: int) -> str | None:
        """What the editor does to a value after a run, if that is saved behind it."""
        return control_of(self._saved[at + 1]) if at + 1 < len(self._saved) else None

    def _settle(self, widgets: Widgets) -> None:
        """Keep what the class has, and give it its own values where the file has none."""
        kept: dict[str, NodeValue] = {}
        strange: list[str] = []  # Choices of a newer version bring inputs that are not known here.
        waiting = list(reversed(widgets.first()))
        while waiting:
            widget = waiting.pop()
            self._read.known[widget.name] = widget.input
            found = self._read.values.pop(widget.name, None)
            if found is not None and widget.input.branches and widget.input.branch_for(found.value) is None:
                strange.append(f"{widget.name}.")
            if found is None:
                there, value = default_of(widget.input)
                found = NodeValue(value, (), DEFAULT) if there else None
            if found is not None:
                kept[widget.name] = found
                waiting.extend(reversed(widgets.behind(widget, found.value)))
        for name, lost in self._read.values.items():
            if name.startswith(CONTROL) or _says_nothing(lost.value):
                continue
            if not self._whole or name.startswith(tuple(strange)):
                kept[name] = lost  # The class may have more inputs than could be read.
                continue
            self._read.unnamed.append(lost)
            if not _is_extra(lost.value):
                self._note("lost-input", lost.places[0], f"{self._node.type} has no input {name}")
        self._read.values = kept

    def _note(self, code: str, place: str, message: str) -> None:
        self._read.problems.append(WorkflowProblem(code, place, message))


_CONTROL_VALUES = tuple(CONTROLS)
_NOTHING = frozenset({"image", "", *CONTROLS})


def control_of(value: object) -> str | None:
    """What the editor does to a value after each run, `None` for any other value."""
    return value if isinstance(value, str) and value in CONTROLS else None


def _is_control(kind: str, value: object) -> bool:
    return kind in ("INT", COMBO) and isinstance(value, str) and value in CONTROLS


def _is_extra(value: object) -> bool:
    """Values of buttons and previews, which belong to no input."""
    return isinstance(value, dict | list) or _says_nothing(value)


def _says_nothing(value: object) -> bool:
    return value is None or value == {} or value == [] or (isinstance(value, str) and value in _NOTHING)


def _named_by_file(node: SavedNode, saved: list[object]) -> list[str] | None:
    named = node.raw.get("widgets_values_named")
    return list(named) if isinstance(named, dict) and named and len(named) == len(saved) else None


def fits_input(one: ClassInput, value: object) -> bool:
    """Whether a value is one that an input may have, by its type and by the choices written in the code."""
    if one.type == "INT" or one.type == "FLOAT":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if one.type == "STRING":
        return isinstance(value, str)
    if one.type == "BOOLEAN":
        return isinstance(value, bool)
    if one.branches:
        return one.branch_for(value) is not None
    if one.type == COMBO:
        if isinstance(value, bool | dict):
            return False
        return isinstance(value, str) or one.choices is None or value in one.choices
    return True
