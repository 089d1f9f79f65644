"""What a real ComfyUI says of its classes beside what its code tells us.

The answers of ComfyUI 0.33.0 lie beside the repository; `COMFYDOCK_TEST_COMFYUI` names a checkout of that version.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from comfydock_core.analyzers.class_inputs import read_class_inputs
from comfydock_core.analyzers.code.class_files import files_of_comfyui
from comfydock_core.models.workflow import ClassCatalog, ClassInput, NodeClass
from tests.support.shared import shared_data

REAL = os.environ.get("COMFYDOCK_TEST_COMFYUI")


def _is_that_version() -> bool:
    if REAL is None:
        return False
    version = Path(REAL, "comfyui_version.py")
    return version.is_file() and '"0.33.0"' in version.read_text(encoding="utf-8")


pytestmark = pytest.mark.skipif(
    not _is_that_version(), reason="COMFYDOCK_TEST_COMFYUI names no checkout of ComfyUI 0.33.0"
)


def answers(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shared_data("comfyui", name).read_bytes())
    return found


@pytest.fixture(scope="module")
def catalog() -> ClassCatalog:
    root = str(REAL)
    return read_class_inputs(root, files_of_comfyui(root))


def test_every_class_is_found_with_its_inputs_in_order_their_types_and_their_folders(catalog: ClassCatalog) -> None:
    wanted = answers("model_inputs-0.33.0.json")["classes"]
    found = {
        name: [[one.name, one.section, one.type, list(one.folders)] for one in cls.inputs if one.section != "hidden"]
        for name, cls in catalog.classes.items()
    }
    assert set(found) - set(wanted) == {"SaveImageWebsocket"}  # Among the custom nodes, which that server had none of.
    assert {name: found.get(name) for name in wanted} == {name: cls["inputs"] for name, cls in wanted.items()}
    assert sum(bool(folders) for inputs in found.values() for *_, folders in inputs) == 46


def test_no_class_of_comfyui_may_have_more_inputs_than_those_read(catalog: ClassCatalog) -> None:
    assert catalog.doubts == ()
    assert {name: cls.doubts for name, cls in catalog.classes.items() if cls.doubts} == {}


def test_every_choice_and_option_that_is_known_is_what_the_server_says(catalog: ClassCatalog) -> None:
    differing: list[object] = []
    for name, info in answers("object_info-0.33.0.json").items():
        differing += differences(name, catalog.classes[name].inputs, info["input"])
    assert differing == []


def test_outputs_and_titles_are_what_the_server_says(catalog: ClassCatalog) -> None:
    info = answers("object_info-0.33.0.json")
    assert {name: told(catalog.classes[name]) for name in info} == {
        name: (tuple(types_of(one["output"])), one["output_node"], title_of(name, one["display_name"]))
        for name, one in info.items()
    }


def told(cls: NodeClass) -> tuple[object, ...]:
    return cls.outputs, cls.output_node, title_of(cls.name, cls.display_name)


def title_of(name: str, display_name: str | None) -> str | None:
    """The title of a class that has one; the server says the name where there is none."""
    return None if display_name == name else display_name


def types_of(outputs: list[Any]) -> Iterator[str]:
    return ("COMBO" if isinstance(one, list) else one for one in outputs)


def differences(
    place: str, ours: tuple[ClassInput, ...], sections: Mapping[str, Mapping[str, Any]]
) -> Iterator[object]:
    """What of these inputs is known and not as the server says it."""
    for section, theirs in sections.items():
        inputs = {one.name: one for one in ours if one.section == section}
        if set(inputs) != set(theirs):
            yield place, section, set(inputs) ^ set(theirs)
            continue
        for name, spec in theirs.items():
            yield from differing_input(f"{place}.{name}", inputs[name], [spec] if isinstance(spec, str) else spec)


def differing_input(place: str, ours: ClassInput, spec: list[Any]) -> Iterator[object]:
    kind, options = spec[0], dict(spec[1]) if len(spec) > 1 else {}
    options.pop("tooltip", None)
    choices = kind if isinstance(kind, list) else None
    if ours.type != ("COMBO" if choices is not None else kind):
        yield place, ours.type, kind
    if ours.branches:
        for branch, theirs in zip(ours.branches, options.pop("options"), strict=True):
            if branch.key != theirs["key"]:
                yield place, branch.key, theirs["key"]
            yield from differences(f"{place}.{branch.key}", branch.inputs, theirs["inputs"])
    elif ours.template is not None:
        theirs = options.pop("template")
        grown = {section: inputs for section, inputs in theirs["input"].items() if inputs}
        yield from differences(place, (ours.template.input,), grown)
        if (list(ours.template.names) or None, ours.template.prefix, ours.template.least) != (
            theirs.get("names"), theirs.get("prefix"), theirs["min"],
        ):  # fmt: skip
            yield place, ours.template, theirs
    else:
        choices = options.pop("options", choices)
    if ours.choices is not None and list(ours.choices) != choices:
        yield place, ours.choices, choices
    yield from ((place, name) for name, value in ours.options.items() if options.get(name, name) != value)
