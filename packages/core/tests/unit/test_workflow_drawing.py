"""Pictures of saved graphs."""

import json
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comfydock_core.analyzers.workflows.drawing import draw_workflow
from comfydock_core.analyzers.workflows.refusals import NoWorkflow, TooLargeToDraw
from tests.support.real_workflows import real_workflows

SVG = "{http://www.w3.org/2000/svg}"
ALLOWED = {SVG + name for name in ("svg", "g", "rect", "path", "circle", "text", "title")}

LOADER = {
    "id": 1,
    "type": "LoadImage",
    "pos": [0, 0],
    "size": [200, 120],
    "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [1]}],
    "widgets_values": ["cat.png"],
}
SAVER = {
    "id": 2,
    "type": "SaveImage",
    "pos": [400, 0],
    "size": [200, 120],
    "inputs": [{"name": "images", "type": "IMAGE", "link": 1}],
}
LINK = [1, 1, 0, 2, 0, "IMAGE"]


def drawn(*nodes: object, marks: dict[str, str] | None = None, **more: object) -> ElementTree.Element:
    return ElementTree.fromstring(draw_workflow({"nodes": list(nodes), **more}, marks))


def texts(picture: ElementTree.Element) -> list[str]:
    return [one.text or "" for one in picture.iter(SVG + "text")]


def link_paths(picture: ElementTree.Element, stroke: str) -> list[str]:
    return [one.attrib["d"] for one in picture.iter(SVG + "path") if one.get("stroke") == stroke]


def node_of(picture: ElementTree.Element, title: str) -> ElementTree.Element:
    return next(one for one in picture.iter(SVG + "g") if (one.findtext(SVG + "title") or "").startswith(title))


def test_nodes_show_their_title_slots_and_values() -> None:
    assert texts(drawn(LOADER, SAVER, links=[LINK])) == ["LoadImage", "IMAGE", "cat.png", "SaveImage", "images"]


def test_a_link_runs_from_output_to_input_in_the_colour_of_its_type() -> None:
    """As in the editor: 14 below the title, 10 from the edge, and a quarter of the distance for the bend."""
    (path,) = link_paths(drawn(LOADER, SAVER, links=[LINK]), "#64B5F6")
    assert path == "M190 14C245 14 355 14 410 14"


def test_links_may_be_objects_and_run_through_reroutes_in_their_order() -> None:
    link = {"id": 1, "origin_id": 1, "origin_slot": 0, "target_id": 2, "target_slot": 0, "type": "IMAGE", "parentId": 6}
    reroutes = [{"id": 6, "parentId": 5, "pos": [350, 60]}, {"id": 5, "pos": [250, 50]}]
    (path,) = link_paths(drawn(LOADER, SAVER, links=[link], reroutes=reroutes), "#64B5F6")
    assert re.findall(r"(?:M|\d )([\d.]+ [\d.]+)(?=C|$)", path) == ["190 14", "250 50", "350 60", "410 14"]
    extra = {"reroutes": reroutes, "linkExtensions": [{"id": 1, "parentId": 6}]}
    assert link_paths(drawn(LOADER, SAVER, links=[LINK], extra=extra), "#64B5F6") == [path]


def test_reroutes_that_lead_in_a_circle_end() -> None:
    reroutes = [{"id": 5, "parentId": 6, "pos": [1, 1]}, {"id": 6, "parentId": 5, "pos": [2, 2]}]
    extra = {"reroutes": reroutes, "linkExtensions": [{"id": 1, "parentId": 6}]}
    assert drawn(LOADER, SAVER, links=[LINK], extra=extra) is not None


def test_links_to_nowhere_are_left_out() -> None:
    assert link_paths(drawn(LOADER, links=[LINK, None, [1], "x"]), "#64B5F6") == []


def test_a_picture_is_as_large_as_what_is_on_it_and_a_margin() -> None:
    assert drawn(LOADER, SAVER).attrib["viewBox"] == "-50 -80 700 250"


def test_positions_and_sizes_may_be_mappings() -> None:
    node = {**LOADER, "pos": {"0": 10, "1": 20}, "size": {"0": 300, "1": 50}}
    assert drawn(node).attrib["viewBox"] == "-40 -60 400 180"


def test_nodes_without_a_place_stand_below_the_others() -> None:
    picture = drawn({"id": 9, "type": "Lost"}, LOADER)
    (text,) = [one for one in picture.iter(SVG + "text") if one.text == "Lost"]
    assert float(text.attrib["y"]) > 120


def test_values_have_the_names_of_their_inputs_where_these_come_out_even() -> None:
    names = [{"name": name, "type": "INT", "widget": {"name": name}, "link": None} for name in ("seed", "steps")]
    node = {"id": 1, "type": "K", "pos": [0, 0], "size": [300, 200], "inputs": names}
    assert texts(drawn({**node, "widgets_values": [7, "fixed", 20]})) == [
        *("K", "seed", "7", "control after generate", "fixed", "steps", "20"),
    ]
    assert texts(drawn({**node, "widgets_values": [7, 20, 1, 2]})) == ["K", "7", "20", "1", "2"]
    assert texts(drawn({**node, "widgets_values": {"a": True}})) == ["K", "a", "true"]


def test_a_link_to_a_widget_ends_beside_it() -> None:
    inputs = [{"name": name, "type": "IMAGE", "widget": {"name": name}, "link": 1} for name in ("a", "b")]
    node = {"id": 2, "type": "K", "pos": [400, 0], "size": [300, 200], "inputs": inputs, "widgets_values": ["x", "y"]}
    (path,) = link_paths(drawn(LOADER, node, links=[[1, 1, 0, 2, 1, "IMAGE"]]), "#64B5F6")
    assert path.endswith(" 410 42")


def test_muted_and_bypassed_nodes_look_like_it() -> None:
    picture = drawn(LOADER, {**SAVER, "mode": 2}, {**SAVER, "id": 3, "type": "Through", "mode": 4})
    assert node_of(picture, "LoadImage").get("opacity") is None
    assert node_of(picture, "SaveImage").get("opacity") == "0.4"
    through = node_of(picture, "Through")
    assert through.find(SVG + "rect").attrib["fill"] == "#5b2a5b"


def test_a_collapsed_node_is_its_title_to_which_links_lead() -> None:
    picture = drawn(LOADER, {**SAVER, "flags": {"collapsed": True}}, links=[LINK])
    assert texts(picture) == ["LoadImage", "IMAGE", "cat.png", "SaveImage"]
    assert link_paths(picture, "#64B5F6")[0].endswith(" 400 -15")


def test_an_instance_of_a_subgraph_has_the_name_of_its_definition() -> None:
    definition = {"id": "f2228dc9-64e8-43b1-a4ca-b8a57eed8f64", "name": "Upscale twice", "nodes": []}
    picture = drawn({**SAVER, "type": definition["id"]}, definitions={"subgraphs": [definition]})
    assert texts(picture)[0] == "Upscale twice"


def test_a_definition_can_be_drawn_with_what_goes_in_and_out() -> None:
    definition = {
        "inputNode": {"id": -10, "bounding": [-300, 0, 120, 60]},
        "outputNode": {"id": -20, "bounding": [800, 0, 120, 60]},
        "inputs": [{"name": "picture", "type": "IMAGE"}],
        "outputs": [{"name": "result", "type": "IMAGE"}],
        "links": [{"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 2, "target_slot": 0, "type": "IMAGE"}],
    }
    picture = drawn(SAVER, **definition)
    assert texts(picture) == ["SaveImage", "images", "Inputs", "picture", "Outputs", "result"]
    assert link_paths(picture, "#64B5F6")[0].startswith("M-190 24C")


def test_groups_have_their_titles_and_colours() -> None:
    picture = drawn(groups=[{"title": "Load", "bounding": [0, 0, 300, 200], "color": "#a1309b"}, {"title": None}])
    assert "Load" in texts(picture)
    assert [one.get("fill") for one in picture.iter(SVG + "rect")][1] == "#a1309b"


def test_a_marked_node_says_what_is_wrong_with_it() -> None:
    picture = drawn(LOADER, SAVER, marks={"2": "no pack has it"})
    assert "no pack has it" in texts(picture)
    assert node_of(picture, "SaveImage").findtext(SVG + "title") == "SaveImage, node 2: no pack has it"
    assert "no pack has it" not in "".join(node_of(picture, "LoadImage").itertext())


HOSTILE = '"><script>alert(1)</script>&<image href="http://example.com/x"/>\x00\x1b[31m\u202e\ud800]]>'


def test_texts_are_texts_whatever_they_say() -> None:
    node = {
        **dict.fromkeys(("type", "title", "id", "color", "bgcolor"), HOSTILE),
        "inputs": [{"name": HOSTILE, "label": HOSTILE, "type": HOSTILE}],
        "outputs": [{"name": HOSTILE, "type": HOSTILE}],
        "widgets_values": {HOSTILE: HOSTILE, "text": HOSTILE + "\n" + HOSTILE},
    }
    group = {"title": HOSTILE, "color": "url(http://example.com)"}
    picture = draw_workflow({"nodes": [node], "groups": [group]}, {HOSTILE: HOSTILE})
    assert {one.tag for one in ElementTree.fromstring(picture).iter()} <= ALLOWED
    assert "url(" not in picture
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e\ud800]", picture)


def test_numbers_that_are_none_count_as_missing() -> None:
    for wrong in (float("nan"), float("inf"), 10**400, -1e300, "1", None, True, [], {}):
        picture = draw_workflow({"nodes": [{"id": 1, "type": "A", "pos": [wrong, wrong], "size": [wrong, wrong]}]})
        assert not re.search("nan|inf|e\\+", picture)


def test_too_large_graphs_are_refused_by_name() -> None:
    with pytest.raises(TooLargeToDraw, match="100,000 nodes"):
        draw_workflow({"nodes": [LOADER] * 100_000})
    with pytest.raises(TooLargeToDraw, match="200,000 links"):
        draw_workflow({"nodes": [LOADER], "links": [LINK] * 200_000})
    with pytest.raises(TooLargeToDraw, match="lines of text"):
        draw_workflow({"nodes": [{**LOADER, "widgets_values": ["a\n" * 2000]}] * 1000})


@pytest.mark.parametrize("graph", [{}, {"nodes": None}, {"1": {"class_type": "KSampler", "inputs": {}}}])
def test_what_is_no_saved_graph_cannot_be_drawn(graph: dict[str, object]) -> None:
    with pytest.raises(NoWorkflow, match="no nodes"):
        draw_workflow(graph)


def test_every_real_workflow_and_definition_is_drawn_as_plain_svg() -> None:
    for path in real_workflows():
        graph = json.loads(path.read_bytes())
        for one in (graph, *graph.get("definitions", {}).get("subgraphs", ())):
            picture = ElementTree.fromstring(draw_workflow(one))
            assert {element.tag for element in picture.iter()} <= ALLOWED, path.name
            named = [link for link in one["links"] if link is not None]
            assert len(list(picture.iter(SVG + "path"))) >= len(named), path.name


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
KEYS = ("id", "type", "pos", "size", "flags", "mode", "inputs", "outputs", "widgets_values", "title", "color", "name")
SLOTS = st.lists(st.dictionaries(st.sampled_from(["name", "type", "link", "links", "widget", "label"]), JSON) | JSON)
NODES = st.lists(
    st.dictionaries(st.sampled_from(KEYS), JSON) | st.fixed_dictionaries({"inputs": SLOTS, "outputs": SLOTS}) | JSON,
    max_size=4,
)
WHOLE = st.fixed_dictionaries(
    {"nodes": NODES},
    optional={
        "links": st.lists(st.lists(st.integers(-1, 3) | JSON, min_size=5, max_size=6) | JSON, max_size=4) | JSON,
        "groups": st.lists(st.fixed_dictionaries({"bounding": JSON, "title": JSON})) | JSON,
        "definitions": JSON | st.fixed_dictionaries({"subgraphs": JSON}),
        "extra": JSON | st.fixed_dictionaries({"reroutes": NODES, "linkExtensions": NODES}),
        "inputNode": JSON | st.fixed_dictionaries({"bounding": JSON}),
        "inputs": SLOTS,
    },
)


@settings(max_examples=300, deadline=None)
@given(WHOLE, st.dictionaries(st.text(max_size=3), st.text(max_size=5)))
def test_whatever_a_file_holds_the_picture_is_svg(graph: dict[str, object], marks: dict[str, str]) -> None:
    picture = ElementTree.fromstring(draw_workflow(graph, marks))
    assert {element.tag for element in picture.iter()} <= ALLOWED
