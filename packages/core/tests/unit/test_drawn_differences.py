"""Pictures of how workflows differ."""

import copy
import json
import random
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comfydock_core.analyzers.workflows.comparing import compare_views
from comfydock_core.analyzers.workflows.drawing import ComparedWorkflow, draw_comparison
from comfydock_core.analyzers.workflows.opening import workflow_in
from tests.support.real_workflows import real_workflows

SVG = "{http://www.w3.org/2000/svg}"
ALLOWED = {SVG + name for name in ("svg", "g", "rect", "path", "circle", "text", "title", "desc")}
GREEN, RED, AMBER = "#3fb950", "#ff6b60", "#f0b429"
HOSTILE = '"><script>alert(1)</script>&<image href="http://example.com/x"/>\x00\x1b[31m\u202e\ud800]]>'
Facts = dict[str, object]

LOADER: Facts = {
    "id": 1, "type": "LoadImage", "pos": [0, 0], "size": [240, 120],
    "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [1]}], "widgets_values": ["cat.png"],
}  # fmt: skip
SCALER: Facts = {
    "id": 2, "type": "ImageScale", "pos": [400, 0], "size": [240, 120],
    "inputs": [{"name": "image", "type": "IMAGE", "link": 1}], "widgets_values": [512, "crop"],
}  # fmt: skip
LINK = [1, 1, 0, 2, 0, "IMAGE"]


def graph(*nodes: Facts, links: list[object] | None = None, **more: object) -> Facts:
    return {"nodes": [copy.deepcopy(node) for node in nodes], "links": links or [], **more}


def compared(before: Facts | None, after: Facts | None, name: str = "portrait") -> ComparedWorkflow:
    opened = [None if one is None else workflow_in(one) for one in (before, after)]
    sides = [None if one is None else (one, one.view({})) for one in opened]
    views = [one[1] if one is not None else workflow_in({"nodes": []}).view({}) for one in sides]
    return ComparedWorkflow(name, sides[0], sides[1], compare_views(views[0], views[1]))


def drawn(before: Facts | None, after: Facts | None, name: str = "portrait") -> ElementTree.Element:
    picture = ElementTree.fromstring(draw_comparison("v1", "now", [compared(before, after, name)]))
    assert {one.tag for one in picture.iter()} <= ALLOWED
    return picture


def sides(picture: ElementTree.Element) -> list[ElementTree.Element]:
    """The pictures of before and after, and so on for subgraphs."""
    (section,) = [one for one in picture.iter(SVG + "g") if one.get("role") == "group"]
    return section.findall(SVG + "svg")


def outlined(side: ElementTree.Element, colour: str) -> list[tuple[float, float]]:
    """Where the nodes are that have an outline of a colour."""
    frames = [one for one in side.iter(SVG + "rect") if one.get("stroke") == colour and one.get("rx") == "12"]
    return [(float(one.attrib["x"]) + 4, float(one.attrib["y"]) + 34) for one in frames]


def lines(side: ElementTree.Element, colour: str) -> int:
    return sum(1 for one in side.iter(SVG + "path") if one.get("stroke") == colour)


def texts(picture: ElementTree.Element) -> list[str]:
    return [one.text or "" for one in picture.iter(SVG + "text")]


def test_a_changed_value_is_framed_on_both_sides_and_has_both_values_after() -> None:
    picture = drawn(graph(SCALER), graph({**SCALER, "widgets_values": [768, "crop"]}))
    before, after = sides(picture)
    assert outlined(before, AMBER) == outlined(after, AMBER) == [(400, 0)]
    assert ("512" in texts(before), "512 → 768" in texts(after)) == (True, True)
    frames = [[one.get("y") for one in side.iter(SVG + "rect") if one.get("fill") == AMBER] for side in sides(picture)]
    assert frames == [["26"], ["26"]]
    assert "≠ ImageScale 2: a value 512 → 768" in texts(picture)


def test_values_that_do_not_fit_into_their_row_stand_below() -> None:
    long = ["a" * 40 + ".safetensors", "b" * 40 + ".safetensors"]
    picture = drawn(graph({**LOADER, "widgets_values": [long[0]]}), graph({**LOADER, "widgets_values": [long[1]]}))
    assert not any("→" in one for one in texts(sides(picture)[1]))
    assert f'≠ LoadImage 1: a value "{long[0]}" → "{long[1]}"' in " ".join(texts(picture))


def test_a_node_that_came_is_green_and_one_that_went_is_red() -> None:
    picture = drawn(graph(LOADER), graph(SCALER))
    before, after = sides(picture)
    assert (outlined(before, RED), outlined(after, GREEN)) == ([(0, 0)], [(400, 0)])
    assert not outlined(before, GREEN)
    assert not outlined(after, RED)
    assert {"+ ImageScale 2", "− LoadImage 1"} <= set(texts(picture))


def test_a_link_is_marked_where_the_other_side_lacks_it() -> None:
    other = {**LOADER, "id": 3, "pos": [0, 300]}
    before, after = sides(
        drawn(
            graph(LOADER, SCALER, other, links=[LINK]), graph(LOADER, SCALER, other, links=[[7, 3, 0, 2, 0, "IMAGE"]])
        )
    )
    assert (lines(before, RED), lines(after, GREEN)) == (1, 1)
    assert (outlined(before, RED), outlined(after, GREEN)) == ([], [])


def test_a_link_with_another_number_to_nodes_with_other_numbers_is_the_same() -> None:
    moved = graph({**LOADER, "id": 11}, {**SCALER, "id": 12}, links=[[70, 11, 0, 12, 0, "IMAGE"]])
    before, after = sides(drawn(graph(LOADER, SCALER, links=[LINK]), moved))
    assert (lines(before, RED), lines(after, GREEN)) == (0, 0)


def test_nodes_stand_in_the_same_place_of_both_sides() -> None:
    """What is added far away on one side must not push the other one."""
    far = {**LOADER, "id": 9, "pos": [-5000, -3000]}
    before, after = sides(drawn(graph(SCALER), graph(SCALER, far)))
    assert before.get("viewBox") == after.get("viewBox")


def test_nodes_are_told_apart_by_their_places_in_each_version() -> None:
    """A node before it is gone, so the changed one has another position in the file."""
    changed = {**SCALER, "widgets_values": [1, "crop"]}
    third = {**LOADER, "id": 3, "pos": [0, 300]}
    before, after = sides(drawn(graph(LOADER, SCALER, third), graph(changed, third)))
    assert (outlined(before, AMBER), outlined(after, AMBER)) == ([(400, 0)], [(400, 0)])


def subgraph(steps: int) -> Facts:
    inner = {"id": 7, "type": "KSampler", "pos": [0, 0], "size": [200, 100], "widgets_values": [steps]}
    identifier = "0b6a8a6e-0000-4000-8000-000000000001"
    definition = {"id": identifier, "name": "Refine", "nodes": [inner], "links": [], "inputs": [], "outputs": []}
    instance = {"id": 5, "type": identifier, "pos": [0, 0], "size": [200, 100]}
    return {"nodes": [instance], "links": [], "definitions": {"subgraphs": [definition]}}


def test_what_changed_in_a_subgraph_has_a_picture_of_its_own() -> None:
    picture = drawn(subgraph(20), subgraph(30))
    whole = sides(picture)[:2]
    inner = sides(picture)[2:]
    assert [len(outlined(one, AMBER)) for one in (*whole, *inner)] == [1, 1, 1, 1]
    assert "20 → 30" in texts(inner[1])
    assert "subgraph Refine" in texts(picture)


def test_a_workflow_that_came_is_drawn_without_marks() -> None:
    picture = drawn(None, graph(LOADER, SCALER, links=[LINK]))
    before, after = sides(picture)
    assert "not there" in texts(before)
    assert (outlined(after, GREEN), lines(after, GREEN)) == ([], 0)
    assert {"now: added", "+ 2 nodes"} <= set(texts(picture))


def test_a_prompt_is_told_without_a_picture() -> None:
    prompt: Facts = {"1": {"class_type": "LoadImage", "inputs": {"image": "cat.png"}}}
    changed: Facts = {"1": {"class_type": "LoadImage", "inputs": {"image": "dog.png"}}}
    picture = drawn(prompt, changed)
    assert sides(picture) == []
    assert '≠ LoadImage 1: image "cat.png" → "dog.png"' in texts(picture)


def test_the_picture_says_what_it_shows() -> None:
    picture = drawn(graph(SCALER), graph({**SCALER, "widgets_values": [768, "crop"]}, LOADER))
    assert picture.get("role") == "img"
    assert picture.findtext(SVG + "title") == "Workflows: v1 → now"
    assert picture.findtext(SVG + "desc") == "portrait: 1 node added, 1 node changed"


def test_several_workflows_stand_one_below_the_other() -> None:
    some = [compared(graph(LOADER), graph(SCALER), name) for name in ("one", "two")]
    some.append(ComparedWorkflow("three", None, None, None, "it is no JSON"))
    picture = ElementTree.fromstring(draw_comparison("v1", "now", some))
    tops = [float(one.attrib["y"]) for one in picture.iter(SVG + "svg") if one.get("y")]
    assert tops == sorted(tops)
    assert [one for one in texts(picture) if one in ("one", "two", "three", "it is no JSON")] == [
        "one", "two", "three", "it is no JSON"
    ]  # fmt: skip


def test_texts_are_texts_whatever_they_say() -> None:
    nodes = [{**node, "title": HOSTILE, "type": HOSTILE, "widgets_values": [HOSTILE, at]} for at, node in
             enumerate((LOADER, SCALER))]  # fmt: skip
    before, after = graph(*nodes), graph(*({**node, "widgets_values": [f"{HOSTILE}!", 7]} for node in nodes))
    picture = draw_comparison(HOSTILE, HOSTILE, [compared(before, after, HOSTILE)])
    assert {one.tag for one in ElementTree.fromstring(picture).iter()} <= ALLOWED
    picture.encode("utf-8")
    assert all(letter.isprintable() or letter == "\n" for letter in picture)


def changed_at_random(graph: Facts, chance: random.Random) -> Facts:
    """A version of a real workflow with other values, without some nodes and with some twice."""
    made = json.loads(json.dumps(graph))
    definitions = made.get("definitions", {}).get("subgraphs", [])
    for one in (made, *definitions):
        nodes = one["nodes"]
        for node in nodes:
            if isinstance(values := node.get("widgets_values"), list) and values and chance.random() < 0.3:
                values[chance.randrange(len(values))] = chance.choice([1, 2.5, "other", None, True, [1], {"a": 1}])
        if nodes and chance.random() < 0.5:
            nodes.pop(chance.randrange(len(nodes)))
        if nodes and chance.random() < 0.5:
            nodes.append({**chance.choice(nodes), "id": 90_001, "pos": [-900, -900]})
        if one["links"] and chance.random() < 0.5:
            one["links"].pop(chance.randrange(len(one["links"])))
    return made


def test_real_workflows_are_drawn_as_plain_svg_whatever_changed() -> None:
    chance = random.Random(7)
    for path in real_workflows()[::4]:
        before = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(before.get("nodes"), list):
            continue
        after = changed_at_random(before, chance)
        picture = ElementTree.fromstring(draw_comparison("v1", "now", [compared(before, after, path.name)]))
        assert {one.tag for one in picture.iter()} <= ALLOWED, path.name
        assert len(sides(picture)) >= 2, path.name


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)
NODE = st.fixed_dictionaries(
    {"id": st.integers(0, 4) | ANYTHING, "type": st.sampled_from(["A", "B", "s"]) | ANYTHING},
    optional=dict.fromkeys(("title", "pos", "size", "inputs", "outputs", "widgets_values", "flags"), ANYTHING),
)
GRAPH = st.fixed_dictionaries(
    {"nodes": st.lists(NODE | ANYTHING, max_size=4) | st.dictionaries(st.text(max_size=4), NODE, max_size=3)},
    optional={"links": st.lists(st.lists(st.integers(0, 4), min_size=5, max_size=6) | ANYTHING, max_size=4),
              "groups": ANYTHING, "extra": ANYTHING},
)  # fmt: skip
WHOLE = st.builds(
    lambda graph, inner: {**graph, "definitions": {"subgraphs": inner}},
    GRAPH, st.lists(st.builds(lambda graph, name: {**graph, "id": name, "name": name}, GRAPH, st.just("s") | st.text()),
                    max_size=2),
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(WHOLE, WHOLE, st.text(max_size=20), st.text(max_size=20))
def test_whatever_two_files_hold_the_picture_is_svg(before: Facts, after: Facts, name: str, label: str) -> None:
    picture = draw_comparison(label, "now", [compared(before, after, name), compared(None, after, name)])
    assert {one.tag for one in ElementTree.fromstring(picture).iter()} <= ALLOWED


@pytest.mark.parametrize("count", [60])
def test_many_workflows_are_counted_instead_of_drawn(count: int) -> None:
    some = [compared(graph(LOADER), graph(SCALER), f"w{at}") for at in range(count)]
    picture = ElementTree.fromstring(draw_comparison("v1", "now", some))
    assert "and 10 other workflows" in texts(picture)
