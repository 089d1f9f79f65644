"""Node classes as a running ComfyUI describes them: its answer to `GET /object_info`.

Choices in that answer are those of that moment, files included; from which model folder they come it does not say.
"""

from comfydock_core.analyzers.workflows.saved_graph import Table, number_of, table_of, text_of
from comfydock_core.models.workflow.class_inputs import (
    AUTOGROW,
    COMBO,
    HIDDEN,
    OPTIONAL,
    REQUIRED,
    ClassCatalog,
    ClassInput,
    InputOption,
    InputTemplate,
    NodeClass,
)

_SECTIONS = (REQUIRED, OPTIONAL, HIDDEN)
_DEEPEST = 8


def classes_of_object_info(answer: object) -> ClassCatalog:
    """The classes of an answer that is already parsed. What has an unexpected shape is left out."""
    classes: dict[str, NodeClass] = {}
    for name, raw in table_of(answer).items():
        if isinstance(raw, dict) and isinstance(raw.get("input"), dict):
            classes[name] = _node_class(name, raw)
    return ClassCatalog(classes)


def _node_class(name: str, raw: Table) -> NodeClass:
    outputs = raw.get("output")
    return NodeClass(
        name,
        text_of(raw.get("python_module")) or "",
        _inputs(raw.get("input"), raw.get("input_order"), 0),
        tuple(one if isinstance(one, str) else COMBO for one in outputs) if isinstance(outputs, list) else None,
        bool(raw.get("output_node")),
        text_of(raw.get("display_name")),
    )


def _inputs(sections: object, order: object, deep: int) -> tuple[ClassInput, ...]:
    found: list[ClassInput] = []
    for section in _SECTIONS:
        inputs = table_of(table_of(sections).get(section))
        names = table_of(order).get(section)
        ordered = [name for name in names if name in inputs] if isinstance(names, list) else []
        found.extend(_input(name, section, inputs[name], deep) for name in dict.fromkeys([*ordered, *inputs]))
    return tuple(found)


def _input(name: str, section: str, raw: object, deep: int) -> ClassInput:
    parts = raw if isinstance(raw, list) else [raw]
    kind = parts[0] if parts else None
    options = table_of(parts[1]) if len(parts) > 1 else {}
    if isinstance(kind, list):
        return ClassInput(name, section, COMBO, tuple(kind), options=options)
    if not isinstance(kind, str):
        return ClassInput(name, section, None, options=options)
    choices = options.get("options")
    branches = template = None
    if deep < _DEEPEST and isinstance(choices, list) and choices and all(isinstance(one, dict) for one in choices):
        branches, choices = tuple(_branch(one, deep) for one in choices), None
    if deep < _DEEPEST and kind == AUTOGROW:
        template = _template(table_of(options.get("template")), deep)
    return ClassInput(
        name,
        section,
        kind,
        tuple(choices) if isinstance(choices, list) else None,
        options=options,
        branches=branches or (),
        template=template,
    )


def _branch(raw: Table, deep: int) -> InputOption:
    return InputOption(str(raw.get("key")), _inputs(raw.get("inputs"), None, deep + 1))


def _template(raw: Table, deep: int) -> InputTemplate | None:
    inputs = _inputs(raw.get("input"), None, deep + 1)
    if not inputs:
        return None
    names = raw.get("names")
    return InputTemplate(
        inputs[0],
        tuple(one for one in names if isinstance(one, str)) if isinstance(names, list) else (),
        text_of(raw.get("prefix")),
        number_of(raw.get("min")) or 0,
        number_of(raw.get("max")),
    )
