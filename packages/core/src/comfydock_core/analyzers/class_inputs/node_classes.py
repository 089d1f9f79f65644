"""From a class of the code to what it is as a node: one of today, with `INPUT_TYPES`, or a newer one with a schema."""

from comfydock_core.analyzers.class_inputs.attributes import TooMuch
from comfydock_core.analyzers.class_inputs.describing import Describer, placed
from comfydock_core.analyzers.class_inputs.modules import Modules
from comfydock_core.analyzers.class_inputs.operations import plain
from comfydock_core.analyzers.class_inputs.values import (
    MISSING,
    Class,
    Instance,
    Place,
    Unknown,
    is_unknown,
    reason_of,
    truth,
)
from comfydock_core.models.workflow.class_inputs import COMBO, NodeClass

_SCHEMA = "define_schema"
_INPUT_TYPES = "INPUT_TYPES"


def described(run: Modules, name: str | None, cls: Class, title: str | None) -> NodeClass | Unknown:
    """A class as a node of this name. One without a name has it in its schema, or else is `Unknown`."""
    place = Place(cls.module, cls.line)
    try:
        with run.own_steps():
            if _has_schema(cls):
                return _of_schema(run, name, cls, title)
            return _of_input_types(run, name or cls.name, cls, title)
    except (TooMuch, RecursionError):
        return _nothing_known(name, cls, title, f"{place}: it does too much to be followed")


def _has_schema(cls: Class) -> bool:
    for one in cls.order:
        if isinstance(one, Class):
            if _SCHEMA in one.names:
                return True
            if _INPUT_TYPES in one.names:
                return False
    return False


def _nothing_known(name: str | None, cls: Class, title: str | None, reason: str) -> NodeClass | Unknown:
    doubt = placed(reason, Place(cls.module, cls.line))
    if name is None:
        return Unknown(doubt)
    return NodeClass(name, cls.module.shown, display_name=title, doubts=(doubt,))


def _of_input_types(run: Modules, name: str, cls: Class, title: str | None) -> NodeClass:
    place = Place(cls.module, cls.line)
    asked = run.attribute(cls, _INPUT_TYPES, place)
    if asked is MISSING:
        given: object = Unknown(f"{place}: `{cls.name}` has no `{_INPUT_TYPES}`")
    else:
        given = run.call(asked, [], {}, place)
    describer = Describer(place)
    inputs = describer.inputs(given)
    outputs = _outputs(run.attribute(cls, "RETURN_TYPES", place))
    flag = _flag(run.attribute(cls, "OUTPUT_NODE", place))
    return NodeClass(name, cls.module.shown, inputs, outputs, flag, title, describer.doubts)


def _of_schema(run: Modules, name: str | None, cls: Class, title: str | None) -> NodeClass | Unknown:
    """ComfyUI's own code turns the schema into what `/object_info` says; that code is followed like any other."""
    place = Place(cls.module, cls.line)
    schema = run.call(run.attribute(cls, _SCHEMA, place), [], {}, place)
    if not isinstance(schema, Instance):
        return _nothing_known(name, cls, title, reason_of(schema) or "its schema only a run would tell")
    run.call(run.attribute(schema, "finalize", place), [], {}, place)
    known = plain(run.attribute(schema, "node_id", place))
    if name is None and not isinstance(known, str):
        return _nothing_known(None, cls, title, reason_of(known) or "its name only a run would tell")
    schema.names["price_badge"] = None  # What a run costs is no matter of inputs.
    info = run.call(run.attribute(schema, "get_v1_info", place), [cls], {}, place)
    describer = Describer(place)
    inputs = describer.inputs(run.attribute(info, "input", place))
    outputs = _outputs(run.attribute(info, "output", place))
    shown = plain(run.attribute(info, "display_name", place))
    own = cls.find("OUTPUT_NODE")  # Some say it themselves, over their schema.
    flag = own if isinstance(own, bool) else _flag(run.attribute(schema, "is_output_node", place))
    display = shown if isinstance(shown, str) else None
    return NodeClass(name or str(known), cls.module.shown, inputs, outputs, flag, display, describer.doubts)


def _flag(value: object) -> bool | None:
    if value is MISSING:
        return False
    return None if is_unknown(value) or truth(value) is None else value == True  # noqa: E712 -- As ComfyUI compares it.


def _outputs(value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list | tuple):
        return None
    found: list[str] = []
    for one in map(plain, value):
        if isinstance(one, str):
            found.append(one)
        elif isinstance(one, list | tuple) or (isinstance(one, Unknown) and one.is_list):
            found.append(COMBO)
        else:
            return None
    return tuple(found)
