"""Saved graphs of every form become one prompt view."""

import pytest

from tests.support.graphs import codes, graph, inputs, node, slot, states, value, view

CONNECTED = [node(1, "CheckpointLoaderSimple", ["a.safetensors"]), node(2, "KSampler", [7, "fixed", 9, "heun"],
             inputs=[slot("model", "MODEL", 5)])]  # fmt: skip
WANTED = {"model": ("1", 0), "seed": 7, "steps": 9, "sampler_name": "heun"}
AS_MAPPING = {"id": 5, "origin_id": 1, "origin_slot": 0, "target_id": 2, "target_slot": 0, "type": "MODEL"}


@pytest.mark.parametrize("nodes", [CONNECTED, {str(one["id"]): one for one in CONNECTED}], ids=["list", "mapping"])
@pytest.mark.parametrize(
    "links",
    [[[5, 1, 0, 2, 0, "MODEL"]], [AS_MAPPING], {"5": AS_MAPPING}, [[5, "1", 0, "2", 0, "MODEL"]]],
    ids=["lists", "mappings", "mapping of mappings", "identifiers as text"],
)
def test_both_forms_of_nodes_and_of_links_say_the_same(nodes: object, links: object) -> None:
    assert inputs(view(graph(nodes, links)), "2") == WANTED


def test_nodes_in_a_mapping_are_known_by_its_keys() -> None:
    assert list(states(view(graph({"7": {"type": "A"}, "x": {"class_type": "B"}})))) == ["7", "x"]


def test_a_place_is_the_pointer_of_the_value_in_the_file() -> None:
    seen = view(graph({"a/b~c": node("a/b~c", "KSampler", [1, "fixed", 3])}))
    assert value(seen, "a/b~c", "steps").places == ("/nodes/a~1b~0c/widgets_values/2",)


def test_a_node_says_its_title_and_the_pack_it_is_from() -> None:
    told = {"cnr_id": "pack", "aux_id": "someone/pack", "ver": "1.2.3"}
    (seen,) = view(graph([node(1, "A", title="My own", properties=told)])).nodes
    assert (seen.title, seen.cnr_id, seen.aux_id, seen.version) == ("My own", "pack", "someone/pack", "1.2.3")


def test_a_node_whose_identifier_is_taken_gets_another_and_that_is_told() -> None:
    seen = view(graph([node(1, "A"), node(1, "B"), node(4, "C"), node(1, "D")]))
    assert [(one.id, one.type) for one in seen.nodes] == [("1", "A"), ("4", "C"), ("5", "B"), ("6", "D")]
    assert codes(seen) == ["repeated-id", "repeated-id"]


def test_links_to_a_repeated_identifier_lead_to_the_first_node() -> None:
    nodes = [
        node(1, "CheckpointLoaderSimple"),
        node(1, "Other"),
        node(2, "KSampler", inputs=[slot("model", "MODEL", 1)]),
    ]
    assert inputs(view(graph(nodes, [[1, 1, 0, 2, 0, "MODEL"]])), "2")["model"] == ("1", 0)


@pytest.mark.parametrize(
    "odd",
    [
        None, 3, "text", [], {}, {"id": 1}, {"type": "A"}, {"id": None, "type": "A"}, {"id": True, "type": "A"},
        {"id": 1.5, "type": "A"}, {"id": float("nan"), "type": "A"}, {"id": float("inf"), "type": "A"},
        {"id": 10**400, "type": "A"}, {"id": "x" * 1000, "type": "A"}, {"id": 1, "type": 3}, {"id": [1], "type": "A"},
    ],
)  # fmt: skip
def test_what_is_no_node_costs_only_itself(odd: object) -> None:
    assert states(view(graph([odd, node(2, "B")]))) == {"2": "runs"}


@pytest.mark.parametrize(
    "odd",
    [
        {"inputs": 3}, {"inputs": [3, None, {}]}, {"outputs": "x"}, {"mode": "many"}, {"mode": -2}, {"mode": 10**400},
        {"properties": []}, {"properties": {"models": [3, {"name": 4}]}}, {"properties": {"proxyWidgets": 3}},
        {"widgets_values": "text"}, {"widgets_values_named": 3}, {"title": 3},
    ],
)  # fmt: skip
def test_odd_parts_of_a_node_are_passed_over(odd: dict[str, object]) -> None:
    assert states(view(graph([{**node(1, "KSampler"), **odd}]))) == {"1": "runs"}


@pytest.mark.parametrize(
    "links",
    [
        3, [3], [[]], [[5, 1, 0]], [[5, 1, -1, 2, 0, "X"]], [[5, None, 0, 2, 0, "X"]], [{"id": 5}], {"5": 3},
        [[5, 1, 10**400, 2, 0, "X"]],
    ],
)  # fmt: skip
def test_a_link_that_is_none_leads_nowhere(links: object) -> None:
    seen = view(graph(CONNECTED, links))
    assert "model" not in inputs(seen, "2") and codes(seen) == ["link-to-nowhere"]


def test_a_link_whose_target_slot_is_not_told_is_still_that_of_the_input_that_names_it() -> None:
    assert inputs(view(graph(CONNECTED, [[5, 1, 0, 2, -1, "MODEL"]])), "2") == WANTED
