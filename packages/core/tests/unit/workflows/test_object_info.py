"""Node classes as a running ComfyUI describes them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comfydock_core.analyzers.workflows.object_info import classes_of_object_info
from comfydock_core.models.workflow.class_inputs import NodeClass, all_inputs, inputs_for


def described(required: dict[str, object], **more: object) -> NodeClass:
    raw = {"input": {"required": required}, "output": ["IMAGE", ["a", "b"]], "output_node": True, **more}
    return classes_of_object_info({"A": raw}).classes["A"]


def test_inputs_come_in_their_order_with_the_required_ones_first_and_the_hidden_last() -> None:
    known = described(
        {}, input={"hidden": {"h": "PROMPT"}, "optional": {"o": ["INT", {}]}, "required": {"b": ["INT"], "a": ["INT"]}},
        input_order={"required": ["a", "b"]},
    )  # fmt: skip
    assert [(one.name, one.section, one.type) for one in known.inputs] == [
        ("a", "required", "INT"), ("b", "required", "INT"), ("o", "optional", "INT"), ("h", "hidden", "PROMPT"),
    ]  # fmt: skip


def test_choices_are_a_list_in_place_of_a_type_or_an_option_of_a_combo() -> None:
    known = described({"old": [["x", "y"], {"default": "y"}], "new": ["COMBO", {"options": ["x", 3]}]})
    assert [(one.type, one.choices) for one in known.inputs] == [("COMBO", ("x", "y")), ("COMBO", ("x", 3))]
    assert known.inputs[0].options == {"default": "y"}


def test_outputs_and_what_else_the_class_says_are_kept() -> None:
    known = described({}, display_name="An A", python_module="nodes")
    assert (known.outputs, known.output_node, known.display_name, known.module) == (
        ("IMAGE", "COMBO"), True, "An A", "nodes",
    )  # fmt: skip


BRANCHES = [
    {"key": "mp4", "inputs": {"required": {"crf": ["INT", {}]}}},
    {
        "key": "5",
        "inputs": {"optional": {"deep": ["COMFY_DYNAMICCOMBO_V3", {"options": [{"key": "k", "inputs": {}}]}]}},
    },
]


def test_the_branches_of_a_dynamic_combo_have_inputs_of_their_own() -> None:
    known = described({"format": ["COMFY_DYNAMICCOMBO_V3", {"options": BRANCHES}]})
    assert list(all_inputs(known.inputs)) == ["format", "format.crf", "format.deep"]
    assert list(inputs_for(known.inputs, {"format": "mp4"})) == ["format", "format.crf"]
    assert list(inputs_for(known.inputs, {"format": 5})) == ["format", "format.deep"]
    assert list(inputs_for(known.inputs, {"format": ["mp4"]})) == ["format"]


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ({"prefix": "image", "min": 2, "max": 3}, ("image0", "image1", "image2")),
        ({"names": ["a", "b", 3], "min": 1}, ("a", "b")),
    ],
)
def test_an_input_that_grows_has_names_of_which_the_first_are_required(
    template: dict[str, object], names: object
) -> None:
    template = {**template, "input": {"required": {"image": ["IMAGE", {}]}}}
    known = described({"images": ["COMFY_AUTOGROW_V3", {"template": template}]})
    (grown,) = [one.template for one in known.inputs]
    assert grown is not None and grown.input_names() == names
    sections = [one.section for name, one in inputs_for(known.inputs, {}).items() if name != "images"]
    assert sections == ["required"] * grown.least + ["optional"] * (len(names) - grown.least)  # type: ignore[arg-type]


def test_a_template_may_promise_any_number_of_inputs() -> None:
    template = {"prefix": "x", "max": 10**12, "input": {"required": {"x": ["INT", {}]}}}
    known = described({"xs": ["COMFY_AUTOGROW_V3", {"template": template}]})
    assert len(all_inputs(known.inputs)) == 201


@pytest.mark.parametrize("raw", [None, [], 3, {"A": None}, {"A": {"input": 3}}, {"A": {}}])
def test_what_is_no_description_of_a_class_is_left_out(raw: object) -> None:
    assert classes_of_object_info(raw).classes == {}


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
KEYS = st.sampled_from(
    ["required", "optional", "options", "key", "inputs", "template", "input", "names", "prefix", "max", "min"]
)
TYPES = st.sampled_from(["INT", "COMBO", "COMFY_DYNAMICCOMBO_V3", "COMFY_AUTOGROW_V3"])
ANYTHING = st.recursive(
    SCALARS | TYPES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=25
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(KEYS, ANYTHING, max_size=4))
def test_any_description_is_read(sections: dict[str, object]) -> None:
    known = classes_of_object_info({"A": {"input": sections}}).classes["A"]
    all_inputs(known.inputs)
    inputs_for(known.inputs, {})
