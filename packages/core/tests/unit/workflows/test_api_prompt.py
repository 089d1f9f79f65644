"""The format that a server takes, read and written."""

import pytest

from comfydock_core.analyzers.workflows.api_prompt import is_api_prompt, prompt_of_view, view_of_prompt
from comfydock_core.models.workflow.prompt_view import NodeLink, NodeValue
from tests.support.graphs import codes, graph, inputs, node, slot, view

PROMPT = {
    "3": {"class_type": "KSampler", "inputs": {"seed": 7, "model": ["4", 0]}, "_meta": {"title": "Mine"}},
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a.safetensors"}},
}


def test_a_prompt_is_read_with_the_places_of_its_values() -> None:
    sampler, loader = view_of_prompt(PROMPT, "/prompt").nodes
    assert (sampler.title, sampler.inputs["model"]) == ("Mine", NodeLink("4", 0))
    assert loader.inputs["ckpt_name"] == NodeValue("a.safetensors", ("/prompt/4/inputs/ckpt_name",), "named")


def test_a_prompt_is_written_as_it_was_read() -> None:
    assert prompt_of_view(view_of_prompt(PROMPT)) == PROMPT


def test_lists_that_are_values_and_no_links_are_wrapped() -> None:
    prompt = {"1": {"class_type": "A", "inputs": {"x": {"__value__": ["a", 0]}, "y": {"__value__": []}}}}
    seen = view_of_prompt(prompt)
    assert inputs(seen, "1") == {"x": ["a", 0], "y": []}
    assert prompt_of_view(seen) == prompt


@pytest.mark.parametrize("value", [[1], ["1", "0"], ["1", -1], ["1", 0, 0], [None, 0], ["1", True], []])
def test_a_list_that_is_no_link_is_a_value(value: object) -> None:
    assert inputs(view_of_prompt({"1": {"class_type": "A", "inputs": {"x": value}}}), "1") == {"x": value}


def test_a_link_to_a_node_that_is_not_there_is_told() -> None:
    seen = view_of_prompt({"1": {"class_type": "A", "inputs": {"x/y": ["2", 0]}}})
    assert [(one.code, one.place, one.node) for one in seen.problems] == [("link-to-nowhere", "/1/inputs/x~1y", "1")]


def test_a_node_without_a_class_is_told_and_what_is_no_node_is_passed_over() -> None:
    seen = view_of_prompt({"1": {"class_type": "A"}, "2": {"inputs": {}}, "3": 4, "extra_data": None})
    assert [one.id for one in seen.nodes] == ["1"] and codes(seen) == ["no-class"]


@pytest.mark.parametrize(
    ("raw", "is_prompt"),
    [(PROMPT, True), ({"1": {"class_type": ""}}, False), ({}, False), ([], False), ({"nodes": []}, False)],
)
def test_a_prompt_is_known_by_the_classes_of_its_nodes(raw: object, is_prompt: bool) -> None:
    assert is_api_prompt(raw) is is_prompt


def test_the_prompt_of_a_saved_graph_has_the_nodes_that_run_and_no_links_to_others() -> None:
    nodes = [
        node(1, "CheckpointLoaderSimple", ["a.safetensors"]),
        node(2, "Other", mode=2),
        node(3, "KSampler", [7, "fixed", 9, "heun"], inputs=[slot("model", "MODEL", 1), slot("x", "X", 2)], title="T"),
        node(4, "Note", ["text"]),
    ]
    assert prompt_of_view(view(graph(nodes, [[1, 1, 0, 3, 0, "MODEL"], [2, 2, 0, 3, 1, "X"]]))) == {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a.safetensors"}},
        "3": {
            "class_type": "KSampler",
            "inputs": {"seed": 7, "steps": 9, "sampler_name": "heun", "model": ["1", 0]},
            "_meta": {"title": "T"},
        },
    }
