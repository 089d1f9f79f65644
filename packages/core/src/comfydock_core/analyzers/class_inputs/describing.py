"""From what `INPUT_TYPES` returns, or a schema is turned into by ComfyUI's own code, to the inputs of a class."""

import re
from collections.abc import Iterable

from comfydock_core.analyzers.class_inputs.operations import plain
from comfydock_core.analyzers.class_inputs.plain_parts import LOST, PlainParts
from comfydock_core.analyzers.class_inputs.values import (
    FILES,
    MORE,
    Many,
    Maybe,
    Place,
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
_MOST_PARTS = 300_000
_MOST_DOUBTS = 20
# Options that decide how many values an input has in a saved workflow, or whether it has one.
_DECISIVE = frozenset({
    "control_after_generate", "forceInput", "socketless", "image_upload", "audio_upload", "video_upload", "file_upload",
    "multiselect", "widgetType", "rawLink",
})  # fmt: skip
_PLACED = re.compile(r"[^:\n]+:\d+: ")


class Describer:
    """Describes the inputs of one class. `doubts` say why it may have more."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._plain = PlainParts(_MOST_PARTS)
        self._doubts: dict[str, None] = {}

    @property
    def doubts(self) -> tuple[str, ...]:
        return tuple(self._doubts)[:_MOST_DOUBTS]

    def doubt(self, reason: str | None, otherwise: str) -> str:
        """A reason with its place."""
        return placed(reason or otherwise, self._place)

    def inputs(self, given: object, level: int = 0) -> tuple[ClassInput, ...]:
        """The inputs in sections, in the order that ComfyUI keeps."""
        if not isinstance(given, dict) or level > _DEEPEST:
            self._note(reason_of(given), "what its inputs are only a run would tell")
            return ()
        if MORE in given:
            self._note(reason_of(given[MORE]), "it may have more inputs")
        found: list[ClassInput] = []
        for section in _SECTIONS:
            inside = given.get(section)
            perhaps: str | None = None
            if isinstance(inside, Maybe):
                perhaps = self.doubt(inside.reason, f"its {section} inputs are there in some runs")
                inside = inside.value
            if isinstance(inside, dict):
                found += self._section(section, inside, perhaps, level)
            elif inside is not None:
                self._note(reason_of(inside), f"what its {section} inputs are only a run would tell")
        return tuple(found)

    def _note(self, reason: str | None, otherwise: str) -> None:
        self._doubts[self.doubt(reason, otherwise)] = None

    def _section(
        self, section: str, inside: dict[object, object], perhaps: str | None, level: int
    ) -> Iterable[ClassInput]:
        if MORE in inside:
            self._note(reason_of(inside[MORE]), "it may have more inputs")
        return [
            self._input(name, section, spec, perhaps, level) for name, spec in inside.items() if isinstance(name, str)
        ]

    def _input(self, name: str, section: str, spec: object, perhaps: str | None, level: int) -> ClassInput:
        if isinstance(spec, Maybe):
            perhaps, spec = perhaps or self.doubt(spec.reason, f"`{name}` is there in some runs"), spec.value
        kind, options = spec, None
        if isinstance(spec, tuple | list) and spec and not any(isinstance(one, Maybe) for one in spec):
            kind, options = spec[0], spec[1] if len(spec) > 1 else {}
        elif not isinstance(spec, str):
            unclear = self.doubt(reason_of(spec), f"what `{name}` is only a run would tell")
            return ClassInput(name, section, folders=_folders(spec), doubt=perhaps or unclear)
        kind = plain(kind)
        kept, lost = self._options(options)
        doubt = perhaps or lost
        if isinstance(kind, str):
            return self._typed(name, section, kind, options, kept, doubt, level)
        if isinstance(kind, list | tuple) or (isinstance(kind, Unknown) and kind.is_list):
            choices, folders, why = self._choices(kind)
            return ClassInput(name, section, COMBO, choices, folders, kept, doubt=doubt or why)
        unclear = self.doubt(reason_of(kind), f"what `{name}` is only a run would tell")
        return ClassInput(name, section, None, None, _folders(kind), kept, doubt=doubt or unclear)

    def _typed(
        self, name: str, section: str, kind: str, options: object, kept: dict[str, object], doubt: str | None,
        level: int,
    ) -> ClassInput:  # fmt: skip
        """An input whose type is said by name; newer ones have everything else among their options."""
        if not isinstance(options, dict):
            return ClassInput(name, section, kind, options=kept, doubt=doubt)
        given = options.get("options")
        if kind == DYNAMIC_COMBO:
            kept.pop("options", None)
            branches, why = self._branches(given, level)
            return ClassInput(name, section, kind, options=kept, branches=branches, doubt=doubt or why)
        if kind == AUTOGROW:
            kept.pop("template", None)
            template, why = self._template(options.get("template"), level)
            return ClassInput(name, section, kind, options=kept, template=template, doubt=doubt or why)
        if "options" in options and (isinstance(given, list | tuple) or is_unknown(given)):
            kept.pop("options", None)
            choices, folders, why = self._choices(given)
            return ClassInput(name, section, kind, choices, folders, kept, doubt=doubt or why)
        return ClassInput(name, section, kind, None, _folders(given), kept, doubt=doubt)

    def _branches(self, given: object, level: int) -> tuple[tuple[InputOption, ...], str | None]:
        unclear = self.doubt(reason_of(given), "which choices it has only a run would tell")
        if not isinstance(given, list | tuple):
            return (), unclear
        found: list[InputOption] = []
        lost = False
        for one in given:
            key = plain(one.get("key")) if isinstance(one, dict) else None
            if isinstance(one, dict) and isinstance(key, str):
                found.append(InputOption(key, self.inputs(one.get("inputs"), level + 1)))
            else:
                lost = True
        return tuple(found), unclear if lost else None

    def _template(self, given: object, level: int) -> tuple[InputTemplate | None, str | None]:
        unclear = self.doubt(reason_of(given), "how it grows only a run would tell")
        if not isinstance(given, dict):
            return None, unclear
        inputs = self.inputs(given.get("input"), level + 1)
        names, prefix = given.get("names"), given.get("prefix")
        least, most = given.get("min", 0), given.get("max")
        if not inputs or not isinstance(least, int):
            return None, unclear
        if isinstance(names, list) and all(isinstance(one, str) for one in names):
            return InputTemplate(inputs[0], tuple(names), None, least, len(names)), None
        if not isinstance(prefix, str) or not (most is None or isinstance(most, int)):
            return None, unclear
        return InputTemplate(inputs[0], (), prefix, least, most), None

    def _choices(self, given: object) -> tuple[tuple[object, ...] | None, tuple[str, ...], str | None]:
        """The choices as far as they are written there, the model folders that they come from, and a doubt.

        Folders that add choices under a condition only are not among them, unless there are no others.
        """
        if isinstance(given, list | tuple):
            made = self._plain.of(given)
            if isinstance(made, list):
                return tuple(made), (), None
            certain = _folders([one for one in given if isinstance(one, Many)])
        else:
            certain = ()
        reason = reason_of(given)
        if reason is not None or not sources_of(given):
            reason = self.doubt(reason, "its choices only a run would tell")
        folders = _folders(given)
        if reason is None and certain and len(folders) > len(certain):
            others = "`, `".join(one for one in folders if one not in certain)
            reason = self.doubt(None, f"some files of `{others}` may be among its choices")
        return None, certain or folders, reason

    def _options(self, given: object) -> tuple[dict[str, object], str | None]:
        """What is known of the options, and why the place of the input among saved values may not be."""
        if given is None:
            return {}, None
        unclear = "what its options are only a run would tell"
        if not isinstance(given, dict):
            return {}, self.doubt(reason_of(given), unclear) if is_unknown(given) else None
        kept: dict[str, object] = {}
        doubt: str | None = None
        for name, value in given.items():
            if name is MORE:
                doubt = doubt or self.doubt(reason_of(value), unclear)
            elif isinstance(name, str) and name not in _LEFT_OUT:
                made = self._plain.of(value)
                if made is not LOST:
                    kept[name] = made
                elif name in _DECISIVE:
                    doubt = doubt or self.doubt(reason_of(value), f"what `{name}` is only a run would tell")
        return kept, doubt


def placed(reason: str, place: Place) -> str:
    """A reason in one line with the place that it is about."""
    text = reason.replace("\n", " ")
    return text if _PLACED.match(text) else f"{place}: {text}"


def _folders(value: object) -> tuple[str, ...]:
    return tuple(one for one in sources_of(value) if one != FILES)
