"""Node classes in a form that JSON holds, small and quick to load: a class is a line of text until it is asked for."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping

from comfydock_core.models.workflow.class_inputs import (
    HIDDEN,
    OPTIONAL,
    REQUIRED,
    ClassCatalog,
    ClassInput,
    InputOption,
    InputTemplate,
    NodeClass,
    StoredCatalog,
    names_with_models,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# JSON within JSON: with the quotes of the inner one turned, none of them must be escaped, and reading them is fast.
_TURNED = str.maketrans("\"'", "'\"")
_SECTIONS = (REQUIRED, OPTIONAL, HIDDEN)
_CHOICES = 5  # So long is a row that ends with the choices.


class StoredClasses(StoredCatalog):
    """Node classes by name, made from their texts when somebody asks."""

    def __init__(self, starts: dict[str, int], texts: str, with_models: list[str]) -> None:
        """`starts` are where in the texts, each of which ends with a line, that of a class begins."""
        self._starts = starts
        self._with_models = with_models
        self._texts = texts
        self._made: dict[str, NodeClass] = {}

    def __getitem__(self, name: str) -> NodeClass:
        known = self._made.get(name)
        if known is None:
            start = self._starts[name]
            text = self._texts[start : self._texts.index("\n", start)]
            known = self._made[name] = _class(name, json.loads(text.translate(_TURNED)))
        return known

    def with_models(self) -> list[str]:
        return self._with_models

    def __iter__(self) -> Iterator[str]:
        return iter(self._starts)

    def __len__(self) -> int:
        return len(self._starts)

    def __contains__(self, name: object) -> bool:
        return name in self._starts


def stored(catalog: ClassCatalog) -> dict[str, object]:
    """A catalog as JSON has it."""
    texts = [f"{json.dumps(_class_row(cls), separators=(',', ':'))}\n" for cls in catalog.classes.values()]
    starts = itertools.accumulate(map(len, texts), initial=0)
    return {
        "classes": dict(zip(catalog.classes, starts, strict=False)),
        "texts": "".join(texts).translate(_TURNED),
        "with_models": list(names_with_models(catalog.classes)),
        "doubts": list(catalog.doubts),
    }


def recalled(kept: Mapping[str, object]) -> ClassCatalog | None:
    """What was stored, `None` when it is not of that form."""
    starts, texts, doubts = kept.get("classes"), kept.get("texts"), kept.get("doubts")
    with_models = kept.get("with_models")
    if not isinstance(starts, dict) or not isinstance(texts, str) or not isinstance(doubts, list):
        return None
    if not isinstance(with_models, list):
        return None
    return ClassCatalog(StoredClasses(starts, texts, with_models), tuple(map(str, doubts)))


def _class_row(cls: NodeClass) -> list[object]:
    inputs = [_input_row(one) for one in cls.inputs]
    return [cls.module, inputs, cls.outputs, cls.output_node, cls.display_name, cls.doubts]


def _class(name: str, row: list[Any]) -> NodeClass:
    module, inputs, outputs, output_node, display_name, doubts = row
    made = tuple(map(_input, inputs))
    given = None if outputs is None else tuple(outputs)
    return NodeClass(name, module, made, given, output_node, display_name, tuple(doubts))


def _input_row(one: ClassInput) -> list[object]:
    """What is as usual at the end is left out."""
    template = one.template
    row: list[object] = [
        one.name,
        _SECTIONS.index(one.section),
        one.type,
        one.options,
        one.choices,
        one.folders,
        one.doubt,
        [[branch.key, [_input_row(inner) for inner in branch.inputs]] for branch in one.branches],
        None if template is None else [
            _input_row(template.input), template.names, template.prefix, template.least, template.most,
        ],
    ]  # fmt: skip
    while row[-1] is None or (len(row) != _CHOICES and row[-1] in ((), [], {})):
        row.pop()  # No choices at all is something else than not to know them.
    return row


def _input(row: list[Any]) -> ClassInput:
    name, section, kind, options, choices, folders, doubt, branches, template = row + [None] * (9 - len(row))
    return ClassInput(
        name,
        _SECTIONS[section],
        kind,
        None if choices is None else tuple(choices),
        tuple(folders or ()),
        options or {},
        tuple(InputOption(key, tuple(map(_input, inputs))) for key, inputs in branches or ()),
        None if template is None else _template(*template),
        doubt,
    )


def _template(inner: list[Any], names: list[str], prefix: str | None, least: int, most: int | None) -> InputTemplate:
    return InputTemplate(_input(inner), tuple(names), prefix, least, most)
