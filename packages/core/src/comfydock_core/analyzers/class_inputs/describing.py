"""From what `INPUT_TYPES` returns, or a schema is turned into by ComfyUI's own code, to the inputs of a class."""

import math
from collections.abc import Iterator

from comfydock_core.analyzers.class_inputs.operations import plain
from comfydock_core.analyzers.class_inputs.values import (
    FILES,
    MORE,
    Many,
    Maybe,
    Member,
    Unknown,
    is_unknown,
    reason_of,
    sources_of,
)
from comfydock_core.models.workflow.class_inputs import (
    AUTOGROW,
    COMBO,
    DYNAMIC_COMBO,
    HIDDEN,
    OPTIONAL,
    REQUIRED,
    ClassInput,
    InputOption,
    InputTemplate,
)

_SECTIONS = (REQUIRED, OPTIONAL, HIDDEN)
_LEFT_OUT = frozenset({"tooltip"})  # Help for people takes more space than all the rest.
_DEEPEST = 6
_MOST_PARTS = 5000
# Options that decide how many values an input has in a saved workflow, or whether it has one.
_DECISIVE = (
    "control_after_generate", "forceInput", "socketless", "image_upload", "audio_upload", "video_upload", "file_upload",
    "multiselect", "widgetType", "rawLink",
)  # fmt: skip
_LOST = object()


def described(given: object, doubts: list[str], place: str, level: int = 0) -> tuple[ClassInput, ...]:
    """The inputs in sections, in the order that ComfyUI keeps. Why there may be more is added to the doubts."""
    if not isinstance(given, dict):
        doubts.append(reason_of(given) or f"{place}: what its inputs are only a run would tell")
        return ()
    found: list[ClassInput] = []
    if MORE in given:
        doubts.append(reason_of(given[MORE]) or f"{place}: it may have more inputs")
    for section in _SECTIONS:
        inside = given.get(section)
        perhaps = inside.reason or f"{place}: only in some runs" if isinstance(inside, Maybe) else None
        inside = inside.value if isinstance(inside, Maybe) else inside
        if inside is None:
            continue
        if not isinstance(inside, dict):
            doubts.append(reason_of(inside) or f"{place}: what its {section} inputs are only a run would tell")
            continue
        if MORE in inside:
            doubts.append(reason_of(inside[MORE]) or f"{place}: it may have more inputs")
        found += (
            _input(name, section, spec, perhaps, place, level) for name, spec in inside.items() if isinstance(name, str)
        )
    return tuple(found)


def _input(name: str, section: str, spec: object, perhaps: str | None, place: str, level: int) -> ClassInput:
    if isinstance(spec, Maybe):
        perhaps, spec = perhaps or spec.reason or f"{place}: only in some runs", spec.value
    kind, options = spec, None
    if isinstance(spec, tuple | list) and spec and not any(isinstance(one, Maybe) for one in spec):
        kind, options = spec[0], spec[1] if len(spec) > 1 else {}
    elif not isinstance(spec, str):
        unclear = reason_of(spec) or f"{place}: what `{name}` is only a run would tell"
        return ClassInput(name, section, folders=_folders(spec), doubt=unclear)
    kind = plain(kind)
    doubt = perhaps
    kept, lost = _options(options)
    doubt = doubt or lost
    if isinstance(kind, str):
        return _named(name, section, kind, options, kept, doubt, place, level)
    if isinstance(kind, list | tuple) or (isinstance(kind, Unknown) and kind.is_list):
        choices, folders, why = choices_of(kind, place)
        return ClassInput(name, section, COMBO, choices, folders, kept, doubt=doubt or why)
    unclear = reason_of(kind) or f"{place}: what `{name}` is only a run would tell"
    return ClassInput(name, section, None, None, _folders(kind), kept, doubt=doubt or unclear)


def _named(
    name: str,
    section: str,
    kind: str,
    options: object,
    kept: dict[str, object],
    doubt: str | None,
    place: str,
    level: int,
) -> ClassInput:
    if not isinstance(options, dict) or level > _DEEPEST:
        return ClassInput(name, section, kind, options=kept, doubt=doubt)
    if kind == DYNAMIC_COMBO:
        kept.pop("options", None)
        branches, why = _branches(options.get("options"), place, level)
        return ClassInput(name, section, kind, options=kept, branches=branches, doubt=doubt or why)
    if kind == AUTOGROW:
        kept.pop("template", None)
        template, why = _template(options.get("template"), place, level)
        return ClassInput(name, section, kind, options=kept, template=template, doubt=doubt or why)
    if "options" in options and isinstance(options["options"], list | tuple | Unknown):
        kept.pop("options", None)
        choices, folders, why = choices_of(options["options"], place)
        return ClassInput(name, section, kind, choices, folders, kept, doubt=doubt or why)
    folders = _folders(options.get("options"))
    return ClassInput(name, section, kind, None, folders, kept, doubt=doubt)


def _branches(given: object, place: str, level: int) -> tuple[tuple[InputOption, ...], str | None]:
    if not isinstance(given, list | tuple):
        return (), reason_of(given) or f"{place}: which choices it has only a run would tell"
    found: list[InputOption] = []
    doubts: list[str] = []
    for one in given:
        if not isinstance(one, dict) or not isinstance(key := plain(one.get("key")), str):
            doubts.append(reason_of(one) or f"{place}: which choices it has only a run would tell")
            continue
        found.append(InputOption(key, described(one.get("inputs"), doubts, place, level + 1)))
    return tuple(found), doubts[0] if doubts else None


def _template(given: object, place: str, level: int) -> tuple[InputTemplate | None, str | None]:
    unclear = f"{place}: how it grows only a run would tell"
    if not isinstance(given, dict):
        return None, reason_of(given) or unclear
    doubts: list[str] = []
    inputs = described(given.get("input"), doubts, place, level + 1)
    names, prefix = given.get("names"), given.get("prefix")
    least, most = given.get("min", 0), given.get("max")
    if not inputs or not isinstance(least, int):
        return None, reason_of(given) or unclear
    if isinstance(names, list) and all(isinstance(one, str) for one in names):
        return InputTemplate(inputs[0], tuple(names), None, least, len(names)), doubts[0] if doubts else None
    if not isinstance(prefix, str) or not (most is None or isinstance(most, int)):
        return None, reason_of(given) or unclear
    return InputTemplate(inputs[0], (), prefix, least, most), doubts[0] if doubts else None


def choices_of(given: object, place: str) -> tuple[tuple[object, ...] | None, tuple[str, ...], str | None]:
    """The choices as far as they are written there, the model folders that they come from, and a doubt."""
    folders = _folders([one for one in given if isinstance(one, Many)]) if isinstance(given, list | tuple) else ()
    folders = folders or _folders(given)
    if isinstance(given, list | tuple):
        budget = [_MOST_PARTS * 2]
        choices = tuple(_plain_part(one, 0, budget) for one in given)
        if not any(one is _LOST for one in choices):
            return choices, (), None
    reason = reason_of(given)
    if reason is None and not sources_of(given):
        reason = f"{place}: its choices only a run would tell"
    return None, folders, reason


def _folders(value: object) -> tuple[str, ...]:
    return tuple(one for one in sources_of(value) if one != FILES)


def _options(given: object) -> tuple[dict[str, object], str | None]:
    """What is known of the options, and why the inputs's place among the values may not be."""
    if given is None:
        return {}, None
    if not isinstance(given, dict):
        return {}, reason_of(given)
    kept: dict[str, object] = {}
    doubt: str | None = None
    budget = [_MOST_PARTS]
    for name, value in given.items():
        if name is MORE:
            doubt = doubt or reason_of(value)
        elif isinstance(name, str) and name not in _LEFT_OUT:
            made = _plain_part(value, 0, budget)
            if made is not _LOST:
                kept[name] = made
            elif name in _DECISIVE:
                doubt = doubt or reason_of(value) or f"`{name}` is not known"
    return kept, doubt


def _plain_part(value: object, level: int, budget: list[int]) -> object:
    """A value as JSON has it, `_LOST` for what JSON cannot hold or only a run would tell."""
    budget[0] -= 1
    if isinstance(value, Member):
        value = value.value
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        return value if value.bit_length() < 1024 else _LOST
    if isinstance(value, float):
        return value if math.isfinite(value) else _LOST
    if level > _DEEPEST or budget[0] < 0 or is_unknown(value):
        return _LOST
    if isinstance(value, list | tuple):
        made = [_plain_part(one, level + 1, budget) for one in value]
        return _LOST if any(one is _LOST for one in made) else made
    if isinstance(value, dict):
        return _plain_dictionary(list(_pairs(value, level, budget)))
    return _LOST


def _pairs(value: dict[object, object], level: int, budget: list[int]) -> Iterator[tuple[object, object]]:
    for key, one in value.items():
        key = plain(key)
        text = key if isinstance(key, str) else str(key) if isinstance(key, int | float) else _LOST
        yield text, _plain_part(one, level + 1, budget)


def _plain_dictionary(pairs: list[tuple[object, object]]) -> object:
    if any(key is _LOST or one is _LOST for key, one in pairs):
        return _LOST
    return {str(key): one for key, one in pairs}
