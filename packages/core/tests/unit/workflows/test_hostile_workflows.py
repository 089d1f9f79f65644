"""Workflows made to hurt: everything ends in an answer, in time and memory that grow with the file and not faster."""

import json
import tracemalloc
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comfydock_core.analyzers.workflow_dependency_parser import WorkflowDependencyParser
from comfydock_core.analyzers.workflows.api_prompt import prompt_of_view, view_of_prompt
from comfydock_core.analyzers.workflows.budget import Budget
from comfydock_core.analyzers.workflows.value_alignment import align
from comfydock_core.analyzers.workflows.widgets import Widget
from comfydock_core.models.workflow.class_inputs import NodeClass
from comfydock_core.models.workflow.prompt_view import PromptView
from comfydock_core.validation.prompt_checks import PromptChecks
from tests.support.graphs import (
    CLASSES,
    Table,
    choice,
    codes,
    dynamic,
    graph,
    growing,
    kind,
    node,
    number,
    slot,
    socket,
    subgraph,
    text,
    view,
)
from tests.support.processor_time import processor_time
from tests.support.shared import shared_data

KNOWN: dict[str, NodeClass] = {
    **CLASSES,
    "Save": kind("Save", dynamic("format", mp4=(choice("codec", "h264"), number("crf")), gif=()), text("name")),
    "Batch": kind("Batch", growing("images", socket("image", "IMAGE"), "image"), number("n")),
    "CustomCombo": kind("CustomCombo", choice("choice")),
}
FAR = 1 + 10**7


def all_of(whole: Table) -> PromptView:
    """Everything that is asked of a workflow."""
    seen = view(whole, known=KNOWN)
    WorkflowDependencyParser(KNOWN).parse(seen)
    PromptChecks(seen.nodes, KNOWN).check()
    prompt_of_view(seen)
    return seen


def chain(kind_: str, count: int, mode: int = 0, types: Callable[[int], str] = lambda _: "VAE") -> Table:
    """Nodes one behind the other, and as many that hang on every one of them."""
    line = [node(at, kind_, mode=mode, inputs=[slot("", "*", at)], outputs=[slot("", "*")]) for at in range(count)]
    ends = [node(count + at, "VAEDecode", inputs=[slot("vae", types(at), count + at)]) for at in range(count)]
    links = [[at, at - 1 if at else FAR, 0, at, 0, "*"] for at in range(count)]
    links += [[count + at, count - 1 - at, 0, count + at, 0, "*"] for at in range(count)]
    return graph([*ends, *line], links)


def circle(kind_: str, count: int) -> Table:
    line = [node(at, kind_, inputs=[slot("vae", "*", at)], outputs=[slot("", "*")]) for at in range(count)]
    ends = [node(count + at, "VAEDecode", inputs=[slot("vae", "VAE", count + at)]) for at in range(count)]
    links = [[at, (at + 1) % count, 0, at, 0, "*"] for at in range(count)]
    return graph([*line, *ends], [*links, *([count + at, at, 0, count + at, 0, "*"] for at in range(count))])


def edges(count: int) -> Table:
    """One instance with very many inputs, linked inside and outside, values and proxies."""
    names = [slot(f"i{at}", "INT", at, widget=True) for at in range(count)]
    inner = subgraph(
        "A", [node(7, "Foreign", inputs=names)], [[at, -10, at, 7, at, "INT"] for at in range(count)], inputs=names
    )
    proxies = {"proxyWidgets": [["7" if at % 2 else "-1", f"i{at}"] for at in range(count)]}
    outer = node(1, "A", list(range(count)), inputs=names, properties=proxies)
    return graph([outer, node(2, "Source")], [[at, 2, at, 1, at, "INT"] for at in range(0, count, 3)], inner)


def setters(count: int) -> Table:
    both = [node(at, "GetNode" if at % 2 else "SetNode", [str(at - at % 2)], outputs=[slot("")]) for at in range(count)]
    ends = [node(count + at, "VAEDecode", inputs=[slot("vae", "VAE", at)]) for at in range(count)]
    return graph([*both, *ends], [[at, at, 0, count + at, 0, "VAE"] for at in range(count)])


def promoted(count: int) -> Table:
    """One input of a definition that very many nodes get, half of the links to nothing."""
    users = [node(at, "Foreign", inputs=[slot("x", "INT", at)]) for at in range(count)]
    links = [[at, -10, 0, at if at % 2 else FAR + at, 0, "INT"] for at in range(count)]
    return graph([node(1, "A")], (), subgraph("A", users, links, inputs=[slot("x", "INT")]))


def models(count: int) -> Table:
    named = [{"name": f"{at}.safetensors"} for at in range(count)]
    return graph([node(1, "Foreign", [f"{at}.safetensors" for at in range(count)], properties={"models": named})])


def group(count: int) -> Table:
    inner = {
        "type": "KSampler",
        "widgets_values": [1, "fixed", 2, "euler"],
        "inputs": [slot("seed", "INT", widget=True)],
    }
    definition = {
        "nodes": [inner] * count,
        "links": [[at, 0, at + 1, 0] for at in range(count)],
        "external": [[0, 0]] * count,
    }
    return graph([node(1, "workflow>g", list(range(2 * count)))], extra={"groupNodes": {"g": definition}})


GROWING: dict[str, Callable[[int], Table]] = {
    "nodes": lambda n: graph([node(at, "KSampler", [1, "fixed", 2, "euler"]) for at in range(n)]),
    "nodes of one identifier": lambda n: graph([node(1, "KSampler") for _ in range(n)]),
    "values of one node": lambda n: graph([node(1, "KSampler", list(range(n))), node(2, "CustomCombo", ["a"] * n)]),
    "texts of one node": lambda n: graph([node(1, "KSampler", ["x"] * n), node(2, "Save", ["mp4"] * n)]),
    "models of one node": models,
    "reroutes in a row": lambda n: chain("Reroute", n),
    "bypassed nodes in a row": lambda n: chain("Foreign", n, mode=4),
    "reroutes in a circle": lambda n: circle("Reroute", n),
    "nodes in a circle": lambda n: circle("VAEDecode", n),
    "set and get nodes": setters,
    "edges of an instance": edges,
    "users of one input": promoted,
    "nodes of a group": group,
    "inputs of a bypassed node": lambda n: graph(
        [node(1, "Foreign", mode=4, inputs=[slot("", f"T{at}") for at in range(n)], outputs=[slot("", "U")]),
         node(2, "VAEDecode", inputs=[slot("vae", "U", 1)])], [[1, 1, 0, 2, 0, "U"]]),
    "misfits": lambda n: graph([node(at, "KSampler", ["x", "fixed", 1, "a", 2, None, "euler"] * 3) for at in range(n)]),
}  # fmt: skip


def cost(whole: Table) -> float:
    return processor_time(lambda: all_of(whole))


@pytest.mark.parametrize("make", GROWING.values(), ids=GROWING)
def test_four_times_as_much_takes_no_longer_than_some_times_as_long(make: Callable[[int], Table]) -> None:
    assert cost(make(2_000)) < 10 * cost(make(500)) + 0.01


def multiplying(levels: int, *leaves: Table) -> Table:
    definitions = [subgraph(f"D{at}", [node(1, f"D{at + 1}"), node(2, f"D{at + 1}"), *leaves]) for at in range(levels)]
    return graph([node(1, "D0")], (), *definitions, subgraph(f"D{levels}", []))


MULTIPLYING: dict[str, Table] = {
    "with leaves": multiplying(45, node(3, "KSampler", [1])),
    "without leaves": multiplying(45),
    "groups": graph(
        [node(1, "workflow>0")],
        extra={"groupNodes": {str(at): {"nodes": [{"type": f"workflow>{at + 1}"}] * 2} for at in range(45)}},
    ),
    "many of much": graph(
        [node(at, "A", list(range(900))) for at in range(1000)],
        (),
        subgraph("A", [node(at, "KSampler") for at in range(1000)]),
    ),
    "just many": graph([node(at, "K") for at in range(60_000)]),
}


@pytest.mark.parametrize("whole", MULTIPLYING.values(), ids=MULTIPLYING)
def test_nodes_that_multiply_end_and_that_is_told(whole: Table) -> None:
    seen = view(whole, known=KNOWN)
    assert "too-many-nodes" in codes(seen) and len(seen.nodes) <= 50_000


def test_long_identifiers_that_multiply_take_no_more_memory_than_short_ones() -> None:
    kinds = [f"{at:03}".ljust(190, "x") for at in range(45)]
    definitions = [
        subgraph(one, [node("y" * 190, after), node("z" * 190, after), node("w" * 190, "K")])
        for one, after in pairwise(kinds)
    ]
    tracemalloc.start()
    try:
        seen = view(graph([node(1, kinds[0])], (), *definitions), known=KNOWN)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert codes(seen) == ["too-many-nodes"] and peak < 100 * 2**20


def test_a_value_of_very_many_parts_is_looked_through_in_part() -> None:
    whole = graph([node(1, "Foreign", [["a.safetensors"] * 5_000, "b.safetensors"])])
    assert len(WorkflowDependencyParser(KNOWN).parse(view(whole)).models) == 1_001


def test_values_are_taken_by_order_alone_when_comparing_them_would_take_too_long() -> None:
    widgets = [Widget("a", number("a")), Widget("b", text("b"))]
    assert align(widgets, ["x", 5], Budget(4)) == [None, widgets[0]]
    assert align(widgets, ["x", 5], Budget(3)) == widgets
    assert align(widgets * 100, ["x"] * 100, Budget()) == widgets * 50


def deep(levels: int, wrap: Callable[[object], object], core: object = 1) -> object:
    for _ in range(levels):
        core = wrap(core)
    return core


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner}], ids=["lists", "mappings"])
def test_values_may_be_nested_as_deep_as_they_like(wrap: Callable[[object], object]) -> None:
    value = deep(100_000, wrap)
    all_of(graph([
        node(1, "KSampler", [value] * 4), node(2, "Foreign", [value]), node(3, "Save", {"format": value, "n": value}),
        node(4, "KSampler", {"seed": value, "steps": value, "sampler_name": value}), node(5, "Save", [value, value]),
    ]))  # fmt: skip
    all_of_prompt({"1": {"class_type": "KSampler", "inputs": {"seed": value, "sampler_name": value}}})


def all_of_prompt(raw: Table) -> None:
    seen = view_of_prompt(raw)
    WorkflowDependencyParser(KNOWN).parse(seen)
    PromptChecks(seen.nodes, KNOWN).check()


def test_definitions_nested_without_end_are_told() -> None:
    inner = subgraph("core", [node(1, "K")])
    for at in range(100_000):
        inner = {"id": str(at), "nodes": [], "definitions": {"subgraphs": [inner]}}
    assert codes(view(inner)) == ["too-deep"]


@pytest.mark.parametrize("value", [10**4000, -(10**4000), 1e400, float("nan"), "9" * 4000, "\ud800", "a" * 10**6])
def test_huge_and_odd_values_are_read_and_checked(value: object) -> None:
    all_of(graph([
        node(1, "KSampler", [value, "fixed", value, value], inputs=[slot("model", "MODEL", 1)]),
        {"id": value, "type": str(value)[:9], "mode": value, "inputs": [{"name": value, "type": value, "link": value}]},
        node(2, "PreviewImage", [value]),
    ], [[1, value, value, 1, value, value], {"id": value, "origin_id": value}]))  # fmt: skip


def test_huge_types_and_names_cost_no_more_than_their_length() -> None:
    long = "a," * 10**6
    nodes = [
        node(at, "Foreign", mode=4, inputs=[slot(long, long + "b", at)], outputs=[slot("", long)]) for at in range(50)
    ]
    all_of(graph(nodes, [[at, at - 1, 0, at, 0, long] for at in range(50)]))


KEYS = st.sampled_from([
    "id", "type", "mode", "inputs", "outputs", "widgets_values", "widgets_values_named", "properties", "links", "link",
    "nodes", "name", "widget", "definitions", "subgraphs", "proxyWidgets", "models", "extra", "groupNodes", "external",
    "origin_id", "origin_slot", "target_id", "target_slot", "class_type", "config", "linkIds", "value", "steps",
])  # fmt: skip
WORDS = st.sampled_from([
    "KSampler", "Save", "Batch", "CustomCombo", "Reroute", "PrimitiveNode", "SetNode", "GetNode", "A", "B", "1", "",
    "workflow>g", "mp4", "webm", "fixed", "randomize", "euler", "a.safetensors", "MODEL", "*", "seed", "-10", "-20",
])  # fmt: skip
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-25, 9), st.floats(), WORDS, st.text(max_size=3))
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=20
)
SLOTS = st.lists(st.fixed_dictionaries({"name": WORDS, "type": WORDS, "link": st.integers(0, 9) | ANYTHING}, optional={
    "widget": st.just({"name": "seed"}) | ANYTHING, "linkIds": ANYTHING}) | ANYTHING, max_size=3)  # fmt: skip
PROXIES = st.lists(st.tuples(WORDS, WORDS).map(list), max_size=4)
NODES = st.lists(st.fixed_dictionaries({"id": st.integers(1, 5), "type": WORDS}, optional={
    "mode": st.sampled_from([0, 2, 4]) | ANYTHING, "inputs": SLOTS, "outputs": SLOTS,
    "widgets_values": st.lists(SCALARS, max_size=6) | ANYTHING, "widgets_values_named": ANYTHING,
    "properties": st.fixed_dictionaries({"proxyWidgets": PROXIES}) | ANYTHING,
}) | ANYTHING, max_size=6)  # fmt: skip
ENDS = st.sampled_from([-10, -20, 1, 2, 3, 4, 5]), st.integers(-1, 3)
LINKS = st.lists(st.tuples(st.integers(0, 9), *ENDS, *ENDS, WORDS).map(list) | ANYTHING, max_size=8)
INNER = st.fixed_dictionaries(
    {"id": st.sampled_from(["A", "B"]), "nodes": NODES, "links": LINKS, "inputs": SLOTS, "outputs": SLOTS}
)
WHOLES = st.fixed_dictionaries({"nodes": NODES, "links": LINKS}, optional={
    "definitions": st.fixed_dictionaries({"subgraphs": st.lists(INNER | ANYTHING, max_size=3)}) | ANYTHING,
    "extra": st.fixed_dictionaries({"groupNodes": st.fixed_dictionaries({"g": st.fixed_dictionaries(
        {"nodes": NODES}, optional={"links": LINKS, "external": ANYTHING, "config": ANYTHING})})}) | ANYTHING,
})  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(WHOLES)
def test_whatever_looks_like_a_workflow_is_read(whole: Any) -> None:
    seen = all_of(whole)
    held = json.dumps(prompt_of_view(seen))
    assert view_of_prompt(json.loads(held)).format == "api"


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(KEYS, ANYTHING, max_size=5))
def test_whatever_looks_like_a_prompt_is_read(whole: Table) -> None:
    all_of_prompt(whole)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_real_workflows_with_anything_in_the_wrong_place_are_read(data: st.DataObject) -> None:
    paths = sorted(shared_data("workflows").glob("*.json"))
    whole = json.loads(data.draw(st.sampled_from(paths)).read_text("utf-8"))
    for _ in range(data.draw(st.integers(1, 4))):
        mutate(whole, data)
    if isinstance(whole.get("nodes"), list | dict):
        all_of(whole)
    else:
        all_of_prompt(whole)


def mutate(whole: Any, data: st.DataObject) -> None:
    """Put anything in the place of some part, or copy one part over another."""
    here = whole
    for _ in range(data.draw(st.integers(1, 6))):
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if not isinstance(here[key], dict | list) or not here[key]:
            here[key] = data.draw(ANYTHING)
            return
        here, parent = here[key], here
    parent[key] = data.draw(ANYTHING)
