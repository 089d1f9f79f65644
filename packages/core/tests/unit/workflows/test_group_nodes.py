"""Group nodes of older editors: their nodes are there, with the values of the instance."""

import pytest

from tests.support.graphs import Table, codes, graph, inputs, node, slot, states, value, view


def grouped(
    nodes: list[Table], links: object = (), instance: object = None, outer: object = (), **more: object
) -> Table:
    """A workflow with one instance, 5, of the group `mine`."""
    group = {"nodes": [{**one, "index": at} for at, one in enumerate(nodes)], "links": links, "external": []}
    group.update(more)
    top = [node(1, "CheckpointLoaderSimple", ["top.safetensors"]), node(5, "workflow>mine", instance, inputs=outer)]
    return graph(top, [[8, 1, 0, 5, 0, "MODEL"]], extra={"groupNodes": {"mine": group}})


SAMPLER: Table = {"type": "KSampler", "widgets_values": [7, "fixed", 9, "heun"],
                  "inputs": [slot("model", "MODEL"), slot("latent", "LATENT")]}  # fmt: skip
LOADER: Table = {
    "type": "CheckpointLoaderSimple",
    "widgets_values": ["in.safetensors"],
    "outputs": [slot("MODEL", "MODEL")],
}


@pytest.mark.parametrize("kind", ["workflow>mine", "workflow/mine"])
def test_nodes_inside_are_known_by_their_place_in_the_group(kind: str) -> None:
    whole = grouped([LOADER, SAMPLER])
    whole["nodes"][1]["type"] = kind  # type: ignore[index]
    assert states(view(whole)) == {"1": "runs", "5:0": "runs", "5:1": "runs"}


def test_the_values_of_the_instance_are_those_of_the_nodes_inside_one_behind_the_other() -> None:
    seen = view(grouped([LOADER, SAMPLER], instance=["mine.safetensors", 1, "randomize", 2, "euler"]))
    assert inputs(seen, "5:0") == {"ckpt_name": "mine.safetensors"}
    assert inputs(seen, "5:1") == {"seed": 1, "steps": 2, "sampler_name": "euler"}
    assert value(seen, "5:1", "steps").places == ("/nodes/1/widgets_values/3",)


def test_without_values_of_the_instance_those_of_the_group_count() -> None:
    seen = view(grouped([LOADER, SAMPLER]))
    assert value(seen, "5:0", "ckpt_name").places == ("/extra/groupNodes/mine/nodes/0/widgets_values/0",)


def test_values_of_classes_that_are_not_known_are_parted_too() -> None:
    foreign = {"type": "Foreign", "widgets_values": ["a.safetensors", 3]}
    seen = view(grouped([foreign, LOADER], instance=["b.safetensors", 4, "c.safetensors"]))
    assert [[one.value for one in node.unnamed] for node in seen.nodes if node.type == "Foreign"] == [
        ["b.safetensors", 4]
    ]
    assert inputs(seen, "5:1") == {"ckpt_name": "c.safetensors"}


def test_values_that_cannot_be_parted_are_told_and_those_of_the_group_count() -> None:
    seen = view(grouped([LOADER, SAMPLER], instance=["mine.safetensors"]))
    assert codes(seen) == ["group-values"] and inputs(seen, "5:0") == {"ckpt_name": "in.safetensors"}


def test_links_inside_lead_from_place_to_place() -> None:
    seen = view(grouped([LOADER, SAMPLER], [[0, 0, 1, 0, 0, "MODEL"]]))
    assert inputs(seen, "5:1")["model"] == ("5:0", 0)


def test_inputs_inside_without_a_link_are_those_of_the_instance_in_order() -> None:
    loader = {**LOADER, "inputs": [slot("hint", "X")]}
    outer = [slot("hint", "X"), slot("model", "MODEL"), slot("latent", "LATENT", 8)]
    seen = view(grouped([loader, SAMPLER], outer=outer))
    assert "model" not in inputs(seen, "5:1") and inputs(seen, "5:1")["latent"] == ("1", 0)


def test_an_input_that_is_hidden_is_none_of_the_instance() -> None:
    config = {"1": {"input": {"model": {"visible": False}}}}
    seen = view(grouped([LOADER, SAMPLER], outer=[slot("latent", "LATENT", 8)], config=config))
    assert inputs(seen, "5:1")["latent"] == ("1", 0)


def test_inputs_made_of_widgets_come_last_and_have_no_value_in_the_instance() -> None:
    sampler = {**SAMPLER, "inputs": [slot("seed", "INT", widget=True), slot("model", "MODEL")]}
    outer = [slot("model", "MODEL"), slot("seed", "INT", 8)]
    seen = view(grouped([sampler], instance=[2, "euler"], outer=outer))
    assert inputs(seen, "5:0") == {"seed": ("1", 0), "steps": 2, "sampler_name": "euler"}


def test_outputs_that_are_used_inside_only_are_none_of_the_instance() -> None:
    loader = {**LOADER, "outputs": [slot("MODEL", "MODEL"), slot("CLIP", "CLIP")]}
    whole = grouped([loader, SAMPLER], [[0, 0, 1, 0, 0, "MODEL"]])
    whole["nodes"].append(node(9, "End", inputs=[slot("clip", "CLIP", 30)]))  # type: ignore[attr-defined]
    whole["links"].append([30, 5, 0, 9, 0, "CLIP"])  # type: ignore[attr-defined]
    assert inputs(view(whole), "9")["clip"] == ("5:0", 1)


@pytest.mark.parametrize("who", [0, {"index": 0}], ids=["by place", "by the node itself"])
def test_an_output_that_is_used_outside_as_well_is_one_of_the_instance(who: object) -> None:
    whole = grouped([LOADER, SAMPLER], [[0, 0, 1, 0, 0, "MODEL"]], external=[[who, 0, "MODEL"]])
    whole["nodes"].append(node(9, "KSampler", inputs=[slot("model", "MODEL", 30)]))  # type: ignore[attr-defined]
    whole["links"].append([30, 5, 0, 9, 0, "MODEL"])  # type: ignore[attr-defined]
    assert inputs(view(whole), "9")["model"] == ("5:0", 0)


def test_a_primitive_inside_hands_on_the_value_of_the_instance() -> None:
    sampler = {**SAMPLER, "inputs": [slot("seed", "INT", widget=True)]}
    primitive = {"type": "PrimitiveNode", "outputs": [slot("INT", "INT")]}
    seen = view(grouped([primitive, sampler], [[0, 0, 1, 0, 0, "INT"]], instance=[77, "fixed", 2, "euler"]))
    assert inputs(seen, "5:1") == {"seed": 77, "steps": 2, "sampler_name": "euler"}
    assert value(seen, "5:1", "seed").places == ("/nodes/1/widgets_values/0",)


def test_a_group_that_nobody_uses_is_unused() -> None:
    whole = graph([], extra={"groupNodes": {"a/b": {"nodes": [LOADER]}}})
    assert states(view(whole)) == {"/extra/groupNodes/a~1b:0": "unused"}


def test_groups_may_be_in_groups_but_not_in_themselves() -> None:
    groups = {"outer": {"nodes": [{"type": "workflow>mine", "widgets_values": ["x.safetensors"]}]},
              "mine": {"nodes": [LOADER]},
              "self": {"nodes": [{"type": "workflow>self", "widgets_values": [1]}]}}  # fmt: skip
    whole = graph(
        [node(1, "workflow>outer", ["y.safetensors"]), node(2, "workflow>self", [1])], extra={"groupNodes": groups}
    )
    seen = view(whole)
    assert inputs(seen, "1:0:0") == {"ckpt_name": "y.safetensors"} and codes(seen) == ["definition-cycle"]


@pytest.mark.parametrize(
    "group", [3, {}, {"nodes": 3}, {"nodes": [3, {}], "links": [3, [1], [None, 0, 0, 0]], "external": 3, "config": [3]}]
)
def test_odd_groups_are_read_without_what_is_odd(group: object) -> None:
    view(graph([node(1, "workflow>odd", [1, 2])], extra={"groupNodes": {"odd": group}}))
