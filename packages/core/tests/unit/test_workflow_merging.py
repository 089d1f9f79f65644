"""Merging workflows: random edits of real and made ones, and what no editor ever wrote."""

import copy
import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comfydock_core.analyzers.workflows.merging import Unmergeable, merge_workflows
from tests.support.real_workflows import real_workflows
from tests.support.shared import shared_data

Json = dict[str, Any]
SLOWLY = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))


def nobody(place: str, mine: object, theirs: object) -> bool:
    raise AssertionError(f"asked about {place}: {mine} or {theirs}")


def moved(graph: Json) -> Json:
    """The same workflow, drawn elsewhere, by another version of the editor."""
    made = copy.deepcopy(graph)
    for node in made["nodes"]:
        node |= {"pos": [1234, 5678], "size": [1, 2], "order": 99}
        if isinstance(node.get("properties"), dict):
            node["properties"]["ver"] = "9.9"
    made.setdefault("extra", {})["ds"] = {"scale": 3, "offset": [1, 2]}
    return made


def meaning(graph: Json) -> Json:
    """What the nodes are and what their inputs are linked to, by another way than the merge's."""
    links = {link[0] if isinstance(link, list) else link["id"]: link for link in graph["links"]}
    found: Json = {}
    for node in graph["nodes"]:
        inputs = []
        for slot in node.get("inputs") or []:
            link = links.get(slot.get("link"))
            origin = None
            if link is not None:
                origin = link[1:3] if isinstance(link, list) else [link["origin_id"], link["origin_slot"]]
            inputs.append((slot.get("name"), origin))
        kept = {key: node.get(key) for key in ("type", "title", "mode", "widgets_values")}
        found[str(node["id"])] = (kept, inputs)
    return found


def refuse_inconsistent(graph: Json) -> None:
    """Links lead somewhere; inputs, outputs and the table of links say the same; numbers are of one thing each."""
    nodes = {node["id"]: node for node in graph["nodes"]}
    assert len(nodes) == len(graph["nodes"])
    table = [[*link] if isinstance(link, list) else
             [link["id"], link["origin_id"], link["origin_slot"], link["target_id"], link["target_slot"]]
             for link in graph["links"]]  # fmt: skip
    assert len({link[0] for link in table}) == len(table)
    by_inputs = {
        (slot["link"], node["id"], at)
        for node in graph["nodes"]
        for at, slot in enumerate(node.get("inputs") or [])
        if slot.get("link") is not None
    }
    by_outputs = {
        (number, node["id"], at)
        for node in graph["nodes"]
        for at, slot in enumerate(node.get("outputs") or [])
        for number in slot.get("links") or []
    }
    assert by_inputs == {(link[0], link[3], link[4]) for link in table}
    assert by_outputs == {(link[0], link[1], link[2]) for link in table}
    if isinstance(graph.get("last_link_id"), int):
        assert graph["last_link_id"] >= max([0, *(link[0] for link in table)])
    assert graph.get("last_node_id", 0) >= max([0, *(key for key in nodes if isinstance(key, int))])
    json.loads(json.dumps(graph))


# Bases


def settled(graph: Json) -> Json:
    """Without links that lead nowhere, of which some files have a few."""
    changed = copy.deepcopy(graph)
    changed["nodes"][0]["title"] = "settled"
    other = copy.deepcopy(graph)
    other["nodes"][-1]["title"] = "other"
    return merge_workflows(graph, changed, other, lambda *_: False)


@functools.cache
def real_bases() -> list[Json]:
    files = real_workflows()[::25]
    found = [json.loads(path.read_bytes()) for path in files]
    return [settled(one) for one in found if isinstance(one, dict) and len(one.get("nodes") or []) > 2]


@st.composite
def made_bases(draw: st.DrawFn) -> Json:
    """A graph of nodes that take from those before them; some have several inputs of one name."""
    count = draw(st.integers(1, 7))
    nodes: list[Json] = []
    links: list[Any] = []
    for number in range(1, count + 1):
        inputs: list[Json] = []
        for _ in range(draw(st.integers(0, 3))):
            slot: Json = {"name": draw(st.sampled_from(["model", "image", ""])), "type": "*", "link": None}
            if number > 1 and draw(st.booleans()):
                origin = draw(st.integers(1, number - 1))
                slot["link"] = len(links) + 1
                links.append([slot["link"], origin, draw(st.integers(0, 1)), number, len(inputs), "*"])
            inputs.append(slot)
        outputs = [{"name": name, "type": "*", "links": []} for name in ("A", "B")]
        nodes.append({"id": number, "type": draw(st.sampled_from(["Load", "Sample"])), "pos": [0, 0],
                      "inputs": inputs, "outputs": outputs, "widgets_values": [number, "euler", 0.5]})  # fmt: skip
    for link in links:
        nodes[link[1] - 1]["outputs"][link[2]]["links"].append(link[0])
    return {"last_node_id": count, "last_link_id": len(links), "nodes": nodes, "links": links, "version": 0.4}


BASES = st.one_of(made_bases(), st.deferred(lambda: st.sampled_from(real_bases())))


# Edits, as the editor makes them


def unlink(graph: Json, keep: Callable[[Any], bool]) -> None:
    """Take links away, everywhere."""
    links = graph["links"]
    graph["links"] = [link for link in links if keep(link)]
    numbers = {link[0] if isinstance(link, list) else link["id"] for link in graph["links"]}
    for node in graph["nodes"]:
        for slot in node.get("inputs") or []:
            if slot.get("link") not in numbers:
                slot["link"] = None
        for slot in node.get("outputs") or []:
            if slot.get("links"):
                slot["links"] = [number for number in slot["links"] if number in numbers]


def ends(link: Any) -> tuple[Any, Any]:
    return (link[1], link[3]) if isinstance(link, list) else (link["origin_id"], link["target_id"])


def set_value(graph: Json, at: int, value: int) -> None:
    values = graph["nodes"][at % len(graph["nodes"])].get("widgets_values")
    if isinstance(values, list) and values:
        values[value % len(values)] = value


def set_title(graph: Json, at: int, value: int) -> None:
    graph["nodes"][at % len(graph["nodes"])]["title"] = f"title {value}"


def set_mode(graph: Json, at: int, value: int) -> None:
    graph["nodes"][at % len(graph["nodes"])]["mode"] = value % 2 * 4


def add_node(graph: Json, at: int, value: int) -> None:
    number = graph["last_node_id"] = max([0, *(one["id"] for one in graph["nodes"] if isinstance(one["id"], int))]) + 1
    node: Json = {"id": number, "type": f"Added{value % 2}", "pos": [0, 0], "widgets_values": [value],
                  "inputs": [{"name": "any", "type": "*", "link": None}], "outputs": []}  # fmt: skip
    graph["nodes"].append(node)
    link_input(graph, len(graph["nodes"]) - 1, at)


def link_input(graph: Json, at: int, value: int) -> None:
    """Link the first input of a node to an output of another, instead of what it is linked to."""
    node = graph["nodes"][at % len(graph["nodes"])]
    origin = graph["nodes"][value % len(graph["nodes"])]
    if not node.get("inputs") or not origin.get("outputs") or origin is node:
        return
    old = node["inputs"][0].get("link")
    unlink(graph, lambda link: (link[0] if isinstance(link, list) else link["id"]) != old or old is None)
    number = max([0, graph.get("last_link_id") or 0, *(one[0] if isinstance(one, list) else one["id"]
                                                       for one in graph["links"])]) + 1  # fmt: skip
    graph["last_link_id"] = number
    place = value % len(origin["outputs"])
    link: Any = [number, origin["id"], place, node["id"], 0, "*"]
    if any(isinstance(one, dict) for one in graph["links"]):
        link = dict(zip(("id", "origin_id", "origin_slot", "target_id", "target_slot", "type"), link, strict=True))
    graph["links"].append(link)
    node["inputs"][0]["link"] = number
    slot = origin["outputs"][place]
    slot["links"] = [*(slot.get("links") or []), number]


def remove_node(graph: Json, at: int, value: int) -> None:
    if len(graph["nodes"]) > 1:
        gone = graph["nodes"].pop(at % len(graph["nodes"]))["id"]
        unlink(graph, lambda link: gone not in ends(link))


EDITS = st.lists(
    st.tuples(
        st.sampled_from([set_value, set_title, set_mode, add_node, link_input, remove_node]),
        st.integers(0, 40),
        st.integers(0, 40),
    ),
    max_size=4,
)


def edited(graph: Json, edits: list[tuple[Callable[[Json, int, int], None], int, int]]) -> Json:
    made = copy.deepcopy(graph)
    for edit, at, value in edits:
        edit(made, at, value)
    return made


# What must be so for all of them


@SLOWLY
@given(BASES, EDITS)
def test_what_one_side_only_moved_is_as_the_other_side_made_it(base: Json, edits: Any) -> None:
    changed = edited(base, edits)
    for ours, theirs in ((moved(base), changed), (changed, moved(base)), (changed, moved(changed))):
        merged = merge_workflows(base, ours, theirs, nobody)
        assert meaning(merged) == meaning(changed)
        refuse_inconsistent(merged)


@SLOWLY
@given(BASES, EDITS, EDITS, st.booleans())
def test_any_two_versions_become_a_whole_workflow_or_are_refused(
    base: Json, mine: Any, others: Any, answer: bool
) -> None:
    ours, theirs = edited(base, mine), moved(edited(base, others))
    before = copy.deepcopy((base, ours, theirs))
    try:
        merged = merge_workflows(base, ours, theirs, lambda *_: answer)
    except Unmergeable as error:
        assert "left without" in str(error)
    else:
        refuse_inconsistent(merged)
    assert (base, ours, theirs) == before


@SLOWLY
@given(BASES, EDITS, EDITS)
def test_every_question_has_the_same_name_from_both_sides(base: Json, mine: Any, others: Any) -> None:
    ours, theirs = edited(base, mine), edited(base, others)
    asked: list[set[str]] = []
    for one, other in ((ours, theirs), (theirs, ours)):
        places: set[str] = set()

        def note(place: str, mine: object, theirs: object, places: set[str] = places) -> bool:
            places.add(place)
            return False

        try:
            merge_workflows(base, one, other, note)
        except Unmergeable:
            return
        asked.append(places)
    assert asked[0] == asked[1]


@SLOWLY
@given(BASES, st.data())
def test_nobody_is_asked_where_each_side_changed_other_nodes(base: Json, data: st.DataObject) -> None:
    half = len(base["nodes"]) // 2
    if half == 0:
        return
    kinds = st.sampled_from([set_value, set_title, set_mode, link_input])
    mine = [(data.draw(kinds), data.draw(st.integers(0, half - 1)), data.draw(st.integers(0, 40)))]
    others = [(data.draw(kinds), data.draw(st.integers(half, len(base["nodes"]) - 1)), data.draw(st.integers(0, 40)))]
    mine.append((add_node, 1, 8))
    others.append((add_node, 2, 9))
    ours, theirs = edited(base, mine), edited(base, others)
    merged = merge_workflows(base, ours, theirs, nobody)
    refuse_inconsistent(merged)
    found, first, second = meaning(merged), meaning(ours), meaning(theirs)
    for at, node in enumerate(base["nodes"]):
        identifier = str(node["id"])
        assert found[identifier] == (first if at < half else second)[identifier]
    added = [kept for identifier, (kept, _) in found.items() if identifier not in meaning(base)]
    assert [kept["widgets_values"] for kept in added] == [[8], [9]]


# What no editor wrote

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.integers(), st.floats(), st.text(max_size=3),
                    st.just(10**4299))  # fmt: skip
ANY = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.one_of(st.sampled_from(
                ["id", "type", "inputs", "outputs", "name", "link", "links", "widget", "widgets_values", "nodes",
                 "properties", "definitions", "subgraphs", "origin_id", "origin_slot", "target_id", "class_type",
                 "last_node_id", "last_link_id", "state", "extra", "groupNodes", "1", "2"]
            ), st.text(max_size=2)),
            inner, max_size=5,
        ),
    ),
    max_leaves=20,
)  # fmt: skip
LISTS = st.lists(ANY, max_size=4)
HOSTILE = st.fixed_dictionaries({}, optional={
    "nodes": st.one_of(ANY, st.lists(st.fixed_dictionaries(
        {"id": st.one_of(st.integers(0, 3), ANY)},
        optional={"type": st.one_of(st.just("A"), ANY), "widgets_values": ANY,
                  "inputs": st.one_of(ANY, st.lists(st.fixed_dictionaries({"name": ANY, "link": st.integers(0, 3)}))),
                  "outputs": st.one_of(ANY, st.lists(st.fixed_dictionaries({"name": ANY, "links": ANY})))},
    ), max_size=3)),
    "links": st.one_of(ANY, LISTS, st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=7), max_size=3)),
    "definitions": ANY, "extra": ANY, "last_node_id": ANY, "last_link_id": ANY, "state": ANY,
    "3": st.fixed_dictionaries({"class_type": ANY}, optional={"inputs": ANY, "_meta": ANY}),
    "4": ANY,
})  # fmt: skip


@settings(deadline=None, max_examples=400, suppress_health_check=list(HealthCheck))
@given(HOSTILE, HOSTILE, HOSTILE, st.booleans())
def test_whatever_somebody_wrote_is_merged_or_refused(base: Json, ours: Json, theirs: Json, answer: bool) -> None:
    try:
        merged = merge_workflows(base, ours, theirs, lambda *_: answer)
    except Unmergeable:
        return
    json.loads(json.dumps(merged))


@settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))
@given(made_bases(), st.data())
def test_a_workflow_with_one_thing_of_another_kind_is_merged_or_refused(base: Json, data: st.DataObject) -> None:
    ours, theirs = edited(base, [(set_value, 0, 7)]), edited(base, [(set_value, 0, 8)])
    places: list[tuple[Any, Any]] = []

    def collect(value: Any) -> None:
        for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
            places.append((value, key))
            collect(value[key])

    collect(data.draw(st.sampled_from([ours, theirs, base])))
    holder, key = data.draw(st.sampled_from(places))
    holder[key] = data.draw(ANY)
    try:
        merged = merge_workflows(base, ours, theirs, lambda *_: True)
    except Unmergeable:
        return
    json.loads(json.dumps(merged))


def test_what_holds_itself_is_refused() -> None:
    ours: Json = {"nodes": [{"id": 1, "type": "A"}], "links": []}
    ours["nodes"][0]["properties"] = ours
    with pytest.raises(Unmergeable):
        merge_workflows({"nodes": []}, ours, {"nodes": [{"id": 1}]}, nobody)


def test_what_is_nested_too_deeply_is_refused() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    theirs = {"nodes": [{"id": 1, "type": "A", "widgets_values": [deep]}]}
    with pytest.raises(Unmergeable):
        merge_workflows({"nodes": []}, {"nodes": [{"id": 1, "type": "B"}]}, theirs, nobody)


@pytest.mark.parametrize("kind", ["saved", "made"])
def test_real_workflows_of_node_packs_are_merged_whole(kind: str) -> None:
    paths = sorted(Path(shared_data("workflows")).glob("*.json"))
    for number, path in enumerate(paths):
        base = json.loads(path.read_bytes())
        if not isinstance(base, dict) or not isinstance(base.get("nodes"), list) or len(base["nodes"]) < 3:
            continue
        base = settled(base)
        ours = edited(base, [(set_value, number, 3), (add_node, 1, 2)])
        others = [(set_title, number + 1, 3), (add_node, 1, 3)] if kind == "saved" else [(remove_node, number + 1, 0)]
        try:
            refuse_inconsistent(merge_workflows(base, ours, edited(base, others), lambda *_: False))
        except Unmergeable as error:
            assert "left without" in str(error)


def inner_links(graph: Json) -> list[str]:
    """What is linked to what in a subgraph, its edges included."""
    return sorted(json.dumps(link, sort_keys=True) for link in graph["links"])


def edges_of(graph: Json) -> list[list[int]]:
    """The links that the edges of a subgraph have by its table."""
    ends = (("inputs", "origin", -10), ("outputs", "target", -20))
    return [
        sorted(one["id"] for one in graph["links"] if (one[f"{end}_id"], one[f"{end}_slot"]) == (edge, at))
        for key, end, edge in ends
        for at in range(len(graph.get(key) or []))
    ]


def test_subgraphs_of_real_workflows_are_merged_by_node_and_stay_linked() -> None:
    count = 0
    for path in real_workflows():
        base = json.loads(path.read_bytes())
        graphs = base.get("definitions", {}).get("subgraphs", []) if isinstance(base, dict) else []
        if not isinstance(base, dict) or not graphs or len(graphs[0]["nodes"]) < 2:
            continue
        count += 1
        versions = []
        for at in (0, -1):
            changed = copy.deepcopy(base)
            changed["definitions"]["subgraphs"][0]["nodes"][at]["title"] = "changed"
            versions.append(changed)
        merged = merge_workflows(base, *versions, nobody)
        found, old = merged["definitions"]["subgraphs"][0], graphs[0]
        assert [node["id"] for node in found["nodes"]] == [node["id"] for node in old["nodes"]]
        assert [found["nodes"][at]["title"] for at in (0, -1)] == ["changed", "changed"]
        assert found.keys() == old.keys()
        if settled_inside(old):
            assert inner_links(found) == inner_links(old), path.name
            listed = [sorted(slot["linkIds"]) for key in ("inputs", "outputs") for slot in found[key]]
            assert listed == edges_of(found), path.name
    assert count > 100


def settled_inside(graph: Json) -> bool:
    """Whether its inputs and its table of links say the same, which some files do not."""
    edges = [one for slot in graph.get("outputs") or [] for one in slot.get("linkIds") or []]
    inner = [slot["link"] for node in graph["nodes"] for slot in node.get("inputs") or [] if slot.get("link")]
    targets = {(link["target_id"], link["target_slot"]) for link in graph["links"]}
    return len(targets) == len(graph["links"]) and sorted(inner + edges) == sorted(
        link["id"] for link in graph["links"]
    )
