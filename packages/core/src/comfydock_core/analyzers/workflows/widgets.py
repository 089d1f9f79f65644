"""The widgets of a node class, in the order in which the editor makes them and saves their values."""

from collections.abc import Iterator

from comfydock_core.models.workflow.class_inputs import (
    AUTOGROW,
    COMBO,
    DYNAMIC_COMBO,
    HIDDEN,
    REQUIRED,
    ClassInput,
    NodeClass,
)
from comfydock_core.records import record

CONTROL = "control_after_generate"
CONTROLS = frozenset({"fixed", "increment", "decrement", "randomize", "increment-wrap"})
_MOST_GROWN = 200
SEEDS = frozenset({"seed", "noise_seed"})

# The editor gives this class what its code does not: the place of the choice, and the choices, which people write.
_COMBO_OF_THE_USER = "CustomCombo"

# Types of inputs for which the editor makes a widget. Packs bring more with their JavaScript: what a file tells of an
# input goes before this list.
_WITH_WIDGETS = frozenset({
    "INT", "FLOAT", "STRING", "BOOLEAN", COMBO, DYNAMIC_COMBO, "MARKDOWN", "COLOR", "COLORS", "IMAGEUPLOAD",
    "IMAGECOMPARE", "TREESELECT", "CHART", "GALLERIA", "TEXTAREA", "SELECTBUTTON", "FILEUPLOAD", "IMAGECROP",
    "AUDIO_UI", "AUDIOUPLOAD", "AUDIO_RECORD", "WEBCAM", "LOAD_3D", "LOAD_3D_ANIMATION", "PREVIEW_3D", "CURVE",
    "BOUNDING_BOX", "BOUNDING_BOXES", "PAINTER", "RANGE", "MESH_UPLOAD", "VIDEO_UPLOAD",
})  # fmt: skip


# What the editor sends when neither class nor file say anything.
_DEFAULTS: dict[str, object] = {"INT": 0, "FLOAT": 0, "STRING": "", "BOOLEAN": False, "IMAGECOMPARE": ["", ""]}


@record
class Widget:
    """One widget: the full name of its input, as in a prompt, and that input."""

    name: str
    input: ClassInput

    @property
    def controlled(self) -> bool:
        """Whether a value about what comes after a run is saved behind this one."""
        told = self.input.options.get(CONTROL)
        if told is None or told is False:
            return self.input.type == "INT" and self.input.name in SEEDS and told is None
        return True


def has_widget(one: ClassInput, sockets: frozenset[str], name: str) -> bool:
    """Whether the editor makes a widget for an input. `sockets` are inputs that a file lists without one."""
    if one.section == HIDDEN or one.options.get("forceInput"):
        return False
    kind = one.options.get("widgetType") or one.type
    if one.type is None:
        return name not in sockets
    return kind in _WITH_WIDGETS


class Widgets:
    """The widgets of one class for one saved node. Those of a dynamic combo's choice come right behind it."""

    def __init__(self, known: NodeClass, sockets: frozenset[str], listed: frozenset[str], saved: int) -> None:
        """`sockets` are the inputs that the file lists without a widget, `listed` all that it lists, `saved` is the
        number of values that it has."""
        self._known = known
        self._sockets = sockets
        self._listed = listed
        self._saved = saved

    def first(self) -> list[Widget]:
        found = list(self._of(self._known.inputs, ""))
        if self._known.name == _COMBO_OF_THE_USER:
            found.extend(_choices_of_the_user(self._saved - len(found)))
        return found

    def behind(self, widget: Widget, value: object) -> list[Widget]:
        """The widgets that a value of a dynamic combo brings."""
        branch = widget.input.branch_for(value)
        return [] if branch is None else list(self._of(branch.inputs, f"{widget.name}."))

    def _of(self, inputs: tuple[ClassInput, ...], prefix: str) -> Iterator[Widget]:
        for one in inputs:
            name = prefix + one.name
            if one.type == AUTOGROW:
                yield from self._grown(one, f"{name}.")
            elif has_widget(one, self._sockets, name):
                yield Widget(name, one)

    def _grown(self, one: ClassInput, prefix: str) -> Iterator[Widget]:
        template = one.template
        if template is None or not has_widget(template.input, self._sockets, prefix):
            return
        for at, name in enumerate(template.input_names()):
            if at < template.least or prefix + name in self._listed:
                yield Widget(prefix + name, template.input)


def _choices_of_the_user(count: int) -> Iterator[Widget]:
    if count > 0:
        yield Widget("index", ClassInput("index", REQUIRED, "INT"))
    for at in range(1, min(count, _MOST_GROWN)):
        yield Widget(f"option{at}", ClassInput(f"option{at}", REQUIRED, "STRING"))


def default_of(one: ClassInput) -> tuple[bool, object]:
    """Whether the class has a value of its own for an input, and that value."""
    if "default" in one.options:
        return True, one.options["default"]
    if one.branches:
        return True, one.branches[0].key
    if one.type == COMBO:
        return (True, one.choices[0]) if one.choices else (False, None)
    return one.type in _DEFAULTS, _DEFAULTS.get(one.type or "")
