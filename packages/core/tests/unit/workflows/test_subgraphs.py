"""Instances of subgraphs are opened, and their values go before those of the definition."""

import pytest

from tests.support.graphs import Table, codes, graph, inputs, kind, node, slot, states, subgraph, value, view

LOADER = "11111111-1111-4111-8111-111111111111"
OUTER = "22222222-2222-4222-8222-222222222222"


def loading(**more: object) -> Table:
    """A definition that loads a checkpoint, whose name is an input of it, and gives the model."""
    inner = node(
        3, "CheckpointLoaderSimple", ["inside.safetensors"], inputs=[slot("ckpt_name", "COMBO", 1, widget=True)]
    )
    links = [[1, -10, 0, 3, 0, "COMBO"], [2, 3, 0, -20, 0, "MODEL"]]
    return subgraph(LOADER, [inner], links, inputs=[slot("ckpt_name", "COMBO")], outputs=[slot("MODEL")], **more)


def instance(identifier: int, *values: object, **more: object) -> Table:
    return node(identifier, LOADER, list(values), inputs=[slot("ckpt_name", "COMBO", widget=True)], **more)


def sampler(link: int) -> Table:
    return node(9, "KSampler", [7, "fixed"], inputs=[slot("model", "MODEL", link)])


def test_nodes_inside_are_known_by_the_way_to_them() -> None:
    seen = view(graph([instance(5), sampler(4)], [[4, 5, 0, 9, 0, "MODEL"]], loading()))
    assert states(seen) == {"5:3": "runs", "9": "runs"}
    assert inputs(seen, "9")["model"] == ("5:3", 0)


def test_without_a_value_of_its_own_an_instance_has_that_of_the_definition() -> None:
    seen = view(graph([instance(5)], (), loading()))
    assert value(seen, "5:3", "ckpt_name").value == "inside.safetensors"
    assert value(seen, "5:3", "ckpt_name").places == ("/definitions/subgraphs/0/nodes/0/widgets_values/0",)


def test_two_instances_load_two_checkpoints_each_with_its_own_place() -> None:
    seen = view(graph([instance(5, "a.safetensors"), instance(6, "b.safetensors")], (), loading()))
    assert [(value(seen, key, "ckpt_name").value, value(seen, key, "ckpt_name").places) for key in ("5:3", "6:3")] == [
        ("a.safetensors", ("/nodes/0/widgets_values/0",)),
        ("b.safetensors", ("/nodes/1/widgets_values/0",)),
    ]


def test_values_of_an_instance_are_in_the_order_of_the_inputs_that_lead_to_widgets() -> None:
    nodes = [
        node(
            1,
            "KSampler",
            [0, "fixed", 1, "euler"],
            inputs=[slot("model", "MODEL", 1), slot("steps", "INT", 2, widget=True)],
        ),
        node(2, "CheckpointLoaderSimple", ["x"], inputs=[slot("ckpt_name", "COMBO", 3, widget=True)]),
    ]
    links = [[1, -10, 0, 1, 0, "MODEL"], [2, -10, 1, 1, 1, "INT"], [3, -10, 2, 2, 0, "COMBO"]]
    edges = [slot("model", "MODEL"), slot("steps", "INT"), slot("ckpt_name", "COMBO")]
    seen = view(graph([node(5, OUTER, [33, "a.safetensors"])], (), subgraph(OUTER, nodes, links, inputs=edges)))
    assert inputs(seen, "5:1")["steps"] == 33 and inputs(seen, "5:2")["ckpt_name"] == "a.safetensors"


def test_proxies_tell_which_value_is_for_which_input_or_widget_inside() -> None:
    nodes = [
        node(1, "KSampler", [0, "fixed", 1, "euler"], inputs=[slot("steps", "INT", 2, widget=True)]),
        node(2, "CheckpointLoaderSimple", ["x"], inputs=[slot("ckpt_name", "COMBO", 3, widget=True)]),
    ]
    links = [[2, -10, 0, 1, 0, "INT"], [3, -10, 1, 2, 0, "COMBO"]]
    definition = subgraph(OUTER, nodes, links, inputs=[slot("steps", "INT"), slot("ckpt_name", "COMBO")])
    proxies = [["1", "sampler_name"], ["-1", "ckpt_name"], ["1", "steps"], ["1", "seed"]]
    whole = graph(
        [node(5, OUTER, ["heun", "a.safetensors", 33, None], properties={"proxyWidgets": proxies})], (), definition
    )
    seen = view(whole)
    assert inputs(seen, "5:1") == {"seed": 0, "steps": 33, "sampler_name": "heun"}
    assert inputs(seen, "5:2") == {"ckpt_name": "a.safetensors"}
    assert value(seen, "5:1", "sampler_name").places == ("/nodes/0/widgets_values/0",)


def test_values_that_the_instance_names_go_to_the_inputs_of_those_names() -> None:
    named = {"ckpt_name": "a.safetensors"}
    seen = view(graph([instance(5, "a.safetensors", widgets_values_named=named)], (), loading()))
    assert value(seen, "5:3", "ckpt_name").found == "named"


def test_what_is_linked_to_an_instance_goes_before_its_values() -> None:
    outer = node(5, LOADER, ["mine.safetensors"], inputs=[slot("ckpt_name", "COMBO", 8, widget=True)])
    seen = view(graph([node(1, "Names"), outer], [[8, 1, 0, 5, 0, "COMBO"]], loading()))
    assert inputs(seen, "5:3")["ckpt_name"] == ("1", 0)


def test_one_input_of_a_definition_may_be_that_of_several_nodes_inside() -> None:
    nodes = [
        node(1, "KSampler", [5, "fixed"], inputs=[slot("seed", "INT", 1, widget=True)]),
        node(2, "KSampler", [6, "fixed"], inputs=[slot("seed", "INT", 2, widget=True)]),
    ]
    links = [[2, -10, 0, 2, 0, "INT"], [1, -10, 0, 1, 0, "INT"]]
    definition = subgraph(OUTER, nodes, links, inputs=[{**slot("seed", "INT"), "linkIds": [1, 2]}])
    assert [inputs(view(graph([node(9, OUTER)], (), definition)), key)["seed"] for key in ("9:1", "9:2")] == [5, 5]


def nested() -> tuple[Table, Table]:
    """A definition with the loader in it; the checkpoint is handed through."""
    inner = node(7, LOADER, [], inputs=[slot("ckpt_name", "COMBO", 1, widget=True)])
    links = [[1, -10, 0, 7, 0, "COMBO"], [2, 7, 0, -20, 0, "MODEL"]]
    return subgraph(OUTER, [inner], links, inputs=[slot("name", "COMBO")], outputs=[slot("MODEL")]), loading()


def test_values_go_through_instances_in_instances() -> None:
    seen = view(graph([node(12, OUTER, ["a.safetensors"]), sampler(4)], [[4, 12, 0, 9, 0, "MODEL"]], *nested()))
    assert inputs(seen, "12:7:3") == {"ckpt_name": "a.safetensors"}
    assert inputs(seen, "9")["model"] == ("12:7:3", 0)


def test_the_innermost_value_counts_when_no_instance_has_one() -> None:
    assert inputs(view(graph([node(12, OUTER)], (), *nested())), "12:7:3") == {"ckpt_name": "inside.safetensors"}


def test_an_instance_sets_values_of_instances_in_it_by_name() -> None:
    inner = node(3, "CheckpointLoaderSimple", ["in.ckpt"], inputs=[slot("ckpt_name", "COMBO", 1, widget=True)])
    sampler_ = node(4, "KSampler", [1, "fixed", 2, "euler"])
    middle = node(7, LOADER, ["middle.ckpt", 5], properties={"proxyWidgets": [["-1", "ckpt_name"], ["4", "steps"]]})
    whole = graph(
        [node(12, OUTER, ["mine.ckpt", 9], properties={"proxyWidgets": [["7", "ckpt_name"], ["7", "steps"]]})],
        (),
        subgraph(OUTER, [middle]),
        subgraph(LOADER, [inner, sampler_], [[1, -10, 0, 3, 0, "COMBO"]], inputs=[slot("ckpt_name", "COMBO")]),
    )
    seen = view(whole)
    assert inputs(seen, "12:7:3") == {"ckpt_name": "mine.ckpt"} and inputs(seen, "12:7:4")["steps"] == 9
    assert value(seen, "12:7:4", "steps").places == ("/nodes/0/widgets_values/1",)


def test_definitions_may_stand_inside_definitions() -> None:
    outer, inner = nested()
    seen = view(graph([node(12, OUTER)], (), {**outer, "definitions": {"subgraphs": [inner]}}))
    assert value(seen, "12:7:3", "ckpt_name").places == (
        "/definitions/subgraphs/0/definitions/subgraphs/0/nodes/0/widgets_values/0",
    )


def test_what_is_in_no_instance_is_unused() -> None:
    seen = view(graph([node(1, "KSampler")], (), loading()))
    assert states(seen) == {"1": "runs", "/definitions/subgraphs/0:3": "unused"}


def test_what_is_only_in_unused_definitions_is_unused_once() -> None:
    assert sorted(states(view(graph([], (), *nested()))).values()) == ["unused"]
    user = node(8, "KSampler", inputs=[slot("model", "MODEL", 9)])
    outer, inner = nested()
    outer["nodes"].append(user)  # type: ignore[attr-defined]
    outer["links"].append({"id": 9, "origin_id": 7, "origin_slot": 0, "target_id": 8, "target_slot": 0})  # type: ignore[attr-defined]
    assert sorted(states(view(graph([], (), outer, inner))).values()) == ["unused", "unused"]


@pytest.mark.parametrize(("mode", "state"), [(2, "muted"), (4, "bypassed")])
def test_what_is_inside_a_muted_or_bypassed_instance_is_so_too(mode: int, state: str) -> None:
    assert states(view(graph([instance(5, mode=mode)], (), loading()))) == {"5:3": state}


def test_a_node_muted_inside_leaves_what_hangs_on_the_instance_without_input() -> None:
    inner = node(3, "CheckpointLoaderSimple", ["x"], mode=2)
    definition = subgraph(LOADER, [inner], [[2, 3, 0, -20, 0, "MODEL"]], outputs=[slot("MODEL")])
    seen = view(graph([node(5, LOADER), sampler(4)], [[4, 5, 0, 9, 0, "MODEL"]], definition))
    assert "model" not in inputs(seen, "9")


def test_a_bypassed_instance_hands_its_input_on() -> None:
    definition = subgraph(LOADER, [], [], inputs=[slot("m", "MODEL")], outputs=[slot("MODEL", "MODEL")])
    middle = node(5, LOADER, mode=4, inputs=[slot("m", "MODEL", 3)], outputs=[slot("MODEL", "MODEL")])
    links = [[3, 1, 0, 5, 0, "MODEL"], [4, 5, 0, 9, 0, "MODEL"]]
    seen = view(graph([node(1, "CheckpointLoaderSimple"), middle, sampler(4)], links, definition))
    assert inputs(seen, "9")["model"] == ("1", 0)


def test_an_output_that_is_linked_to_an_input_of_the_definition_leads_out_again() -> None:
    definition = subgraph(LOADER, [], [[1, -10, 0, -20, 0, "MODEL"]], inputs=[slot("m")], outputs=[slot("m")])
    middle = node(5, LOADER, inputs=[slot("m", "MODEL", 3)])
    links = [[3, 1, 0, 5, 0, "MODEL"], [4, 5, 0, 9, 0, "MODEL"]]
    seen = view(graph([node(1, "CheckpointLoaderSimple"), middle, sampler(4)], links, definition))
    assert inputs(seen, "9")["model"] == ("1", 0)


def test_a_primitive_inside_gets_the_value_of_the_instance() -> None:
    nodes = [
        node(1, "PrimitiveNode", [5, "fixed"]),
        node(2, "KSampler", [6], inputs=[slot("seed", "INT", 1, widget=True)]),
    ]
    definition = subgraph(OUTER, nodes, [[1, 1, 0, 2, 0, "INT"]])
    proxies = {"proxyWidgets": [["1", "value"]]}
    assert inputs(view(graph([node(9, OUTER, [77], properties=proxies)], (), definition)), "9:2")["seed"] == 77


def test_a_value_that_is_handed_to_an_input_which_the_class_has_lost_is_kept_aside() -> None:
    nodes = [node(1, "KSampler", [5, "fixed"], inputs=[slot("gone", "STRING", 1, widget=True)])]
    definition = subgraph(OUTER, nodes, [[1, -10, 0, 1, 0, "STRING"]], inputs=[slot("gone", "STRING")])
    seen = view(graph([node(9, OUTER, ["x"])], (), definition))
    assert "gone" not in inputs(seen, "9:1") and "x" in [one.value for one in seen.nodes[0].unnamed]


def test_a_value_that_is_handed_to_a_class_of_which_not_all_is_known_is_an_input() -> None:
    nodes = [node(1, "Open", [], inputs=[slot("more", "STRING", 1, widget=True)])]
    definition = subgraph(OUTER, nodes, [[1, -10, 0, 1, 0, "STRING"]], inputs=[slot("more", "STRING")])
    open_ = kind("Open", doubts=("nodes.py:3: inputs are made by code",))
    assert inputs(view(graph([node(9, OUTER, ["x"])], (), definition), open_), "9:1") == {"more": "x"}


@pytest.mark.parametrize("first", [OUTER, LOADER])
def test_a_definition_that_contains_itself_is_told_and_ends(first: str) -> None:
    one = subgraph(OUTER, [node(1, LOADER), node(2, "KSampler")])
    other = subgraph(LOADER, [node(3, OUTER), node(4, "KSampler")])
    seen = view(graph([node(9, first)], (), one, other))
    assert codes(seen) == ["definition-cycle"]
    assert sorted(one.rpartition(":")[2] for one in states(seen)) == ["2", "4"]


def test_instances_are_opened_only_so_deep() -> None:
    definitions = [subgraph(f"D{at}", [node(1, f"D{at + 1}"), node(2, "KSampler")]) for at in range(80)]
    seen = view(graph([node(1, "D0")], (), *definitions))
    assert codes(seen) == ["too-deep"] and len([one for one in states(seen).values() if one == "runs"]) == 50


def test_an_instance_of_what_the_file_does_not_describe_is_told() -> None:
    assert codes(view(graph([node(5, LOADER), node(6, "workflow>gone")]))) == ["no-definition", "no-definition"]


def test_identifiers_with_colons_do_not_mix_instances_up() -> None:
    whole = graph([node("1", OUTER, ["a.safetensors"]), node("1:7", LOADER, ["b.safetensors"])], (), *nested())
    found = [one.inputs["ckpt_name"] for one in view(whole).nodes]
    assert [getattr(one, "value", None) for one in found] == ["a.safetensors", "b.safetensors"]
