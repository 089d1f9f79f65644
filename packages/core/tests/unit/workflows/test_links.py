"""What an input really gets, whatever lies between."""

import pytest

from tests.support.graphs import Table, codes, graph, inputs, node, slot, states, value, view

LOADER = node(1, "CheckpointLoaderSimple", ["a.safetensors"])


def through(*between: dict[str, object], links: list[list[object]]) -> dict[str, object]:
    """The inputs of a sampler at the end of a chain; link 9 is its own."""
    nodes = [LOADER, *between, node(99, "KSampler", [7, "fixed", 9, "heun"], inputs=[slot("model", "MODEL", 9)])]
    return inputs(view(graph(nodes, links)), "99")


@pytest.mark.parametrize("kind", ["Reroute", "Reroute (rgthree)"])
def test_reroutes_are_seen_through(kind: str) -> None:
    links = [[8, 1, 2, 5, 0, "*"], [7, 5, 0, 6, 0, "*"], [9, 6, 0, 99, 0, "*"]]
    between = [node(5, kind, inputs=[slot("", "*", 8)]), node(6, kind, inputs=[slot("", "*", 7)])]
    assert through(*between, links=links)["model"] == ("1", 2)


def test_a_reroute_from_nothing_leaves_the_input_to_itself() -> None:
    nodes = [
        node(5, "Reroute", inputs=[slot("", "*")]),
        node(6, "KSampler", [7, "fixed"], inputs=[slot("seed", "INT", 9)]),
    ]
    assert inputs(view(graph(nodes, [[9, 5, 0, 6, 0, "*"]])), "6")["seed"] == 7


def test_a_primitive_hands_on_its_value_with_its_own_place() -> None:
    nodes = [
        node(5, "PrimitiveNode", [77, "randomize"]),
        node(6, "KSampler", [7, "fixed", 9, "heun"], inputs=[slot("seed", "INT", 9, widget=True)]),
    ]
    seen = view(graph(nodes, [[9, 5, 0, 6, 0, "INT"]]))
    assert (value(seen, "6", "seed").value, value(seen, "6", "seed").places) == (77, ("/nodes/0/widgets_values/0",))
    assert states(seen) == {"5": "editor", "6": "runs"}


def test_a_widget_that_is_linked_loses_the_value_that_is_still_in_the_file() -> None:
    nodes = [
        node(1, "Numbers"),
        node(6, "KSampler", [7, "fixed", 9, "heun"], inputs=[slot("steps", "INT", 9, widget=True)]),
    ]
    assert inputs(view(graph(nodes, [[9, 1, 0, 6, 0, "INT"]])), "6")["steps"] == ("1", 0)


def test_set_and_get_nodes_are_a_link_by_name() -> None:
    between = [node(5, "SetNode", ["m"], inputs=[slot("MODEL", "MODEL", 8)]), node(6, "GetNode", ["m"])]
    assert through(*between, links=[[8, 1, 0, 5, 0, "MODEL"], [9, 6, 0, 99, 0, "MODEL"]])["model"] == ("1", 0)


def test_a_get_node_whose_name_nobody_sets_gives_nothing() -> None:
    between = [node(5, "SetNode", ["other"], inputs=[slot("MODEL", "MODEL", 8)]), node(6, "GetNode", ["m"])]
    assert "model" not in through(*between, links=[[8, 1, 0, 5, 0, "MODEL"], [9, 6, 0, 99, 0, "MODEL"]])


def test_what_hangs_on_a_muted_node_has_no_input_and_not_its_widget_either() -> None:
    nodes = [
        node(1, "Numbers", mode=2),
        node(6, "KSampler", [7, "fixed", 9], inputs=[slot("steps", "INT", 9, widget=True)]),
    ]
    seen = view(graph(nodes, [[9, 1, 0, 6, 0, "INT"]]))
    assert "steps" not in inputs(seen, "6") and states(seen) == {"1": "muted", "6": "runs"}


def bypassed(inputs_: list[Table], outputs: list[Table], slot_: int, kind: str) -> object:
    """What somebody gets from a bypassed node whose inputs are linked to outputs 0, 1, 2, ... of node 1."""
    nodes = [
        node(1, "Source"),
        node(5, "Middle", mode=4, inputs=[{**one, "link": at} for at, one in enumerate(inputs_)], outputs=outputs),
        node(9, "End", inputs=[slot("x", kind, 50)]),
    ]
    links = [[at, 1, at, 5, at, "*"] for at in range(len(inputs_))]
    return inputs(view(graph(nodes, [*links, [50, 5, slot_, 9, 0, kind]])), "9").get("x")


def test_a_bypassed_node_hands_on_the_input_of_the_same_slot_when_its_type_fits() -> None:
    two = [slot("a", "IMAGE"), slot("b", "IMAGE")]
    assert bypassed(two, two, 1, "IMAGE") == ("1", 1)


def test_a_bypassed_node_hands_on_the_first_input_of_the_type_otherwise() -> None:
    assert bypassed([slot("a", "CLIP"), slot("b", "MODEL"), slot("c", "MODEL")], [slot("m", "MODEL")], 0, "MODEL") == (
        "1",
        1,
    )


def test_a_bypassed_node_without_an_input_of_the_type_hands_on_nothing() -> None:
    assert bypassed([slot("a", "CLIP")], [slot("m", "MODEL")], 0, "MODEL") is None


def test_types_of_several_names_fit_when_they_share_one() -> None:
    assert bypassed([slot("a", "INT,FLOAT")], [slot("m", "FLOAT")], 0, "float") == ("1", 0)


def test_a_bypassed_node_is_named_as_such() -> None:
    assert states(view(graph([node(1, "A", mode=4), node(2, "B", mode=2), node(3, "C", mode=1)]))) == {
        "1": "bypassed", "2": "muted", "3": "runs",
    }  # fmt: skip


def test_a_link_that_is_not_there_is_told_at_its_input() -> None:
    seen = view(graph([node(6, "KSampler", inputs=[slot("model", "MODEL", 9)])]))
    assert [(one.code, one.place, one.node) for one in seen.problems] == [("link-to-nowhere", "/nodes/0/inputs/0", "6")]


def test_a_link_from_a_node_that_is_not_there_is_told() -> None:
    seen = view(graph([node(6, "KSampler", inputs=[slot("model", "MODEL", 9)])], [[9, 5, 0, 6, 0, "MODEL"]]))
    assert codes(seen) == ["link-to-nowhere"] and "model" not in inputs(seen, "6")


def test_links_in_a_circle_are_told_and_give_nothing() -> None:
    nodes = [
        node(1, "Reroute", inputs=[slot("", "*", 1)]),
        node(2, "Reroute", inputs=[slot("", "*", 2)]),
        node(6, "KSampler", inputs=[slot("model", "MODEL", 9)]),
    ]
    seen = view(graph(nodes, [[1, 2, 0, 1, 0, "*"], [2, 1, 0, 2, 0, "*"], [9, 2, 0, 6, 0, "*"]]))
    assert codes(seen) == ["link-cycle"] and "model" not in inputs(seen, "6")


def test_a_set_node_that_gets_itself_is_a_circle() -> None:
    nodes = [
        node(1, "SetNode", ["m"], inputs=[slot("x", "*", 1)]),
        node(2, "GetNode", ["m"]),
        node(6, "KSampler", inputs=[slot("model", "MODEL", 9)]),
    ]
    assert codes(view(graph(nodes, [[1, 2, 0, 1, 0, "*"], [9, 2, 0, 6, 0, "*"]]))) == ["link-cycle"]


def test_notes_are_the_editor_s_alone_and_have_no_inputs() -> None:
    seen = view(graph([node(1, "Note", ["a.safetensors"]), node(2, "MarkdownNote", ["text"])]))
    assert states(seen) == {"1": "editor", "2": "editor"} and inputs(seen, "1") == {}


def test_a_chain_of_any_length_has_an_end_for_all_that_hang_on_it() -> None:
    count = 3_000
    chain = [node(at, "Reroute", inputs=[slot("", "*", at)]) for at in range(2, count)]
    ends = [node(count + at, "KSampler", inputs=[slot("model", "MODEL", count + at)]) for at in range(1, 500)]
    links = [[at, at - 1, 0, at, 0, "*"] for at in range(2, count)]
    links += [[count + at, count - at, 0, count + at, 0, "*"] for at in range(1, 500)]
    seen = view(graph([LOADER, *chain, *ends], links))
    assert {inputs(seen, str(count + at))["model"] for at in range(1, 500, 50)} == {("1", 0)}
