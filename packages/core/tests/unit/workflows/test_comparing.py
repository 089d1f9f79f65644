"""Two versions of a workflow are compared by nodes and inputs."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from comfydock_core.analyzers.workflows.comparing import compare_views
from comfydock_core.analyzers.workflows.opening import workflow_in
from comfydock_core.models.workflow.class_inputs import ClassInput, NodeClass
from comfydock_core.models.workflow.differences import ViewDifference
from comfydock_core.models.workflow.prompt_view import NodeLink, NodeValue, PromptView, WorkflowNode
from tests.support.histories import graph, loader, sampler

KSAMPLER = NodeClass(
    "KSampler",
    "nodes.py",
    (
        ClassInput("seed", "required", "INT", options={"control_after_generate": True}),
        ClassInput("steps", "required", "INT"),
        ClassInput("cfg", "required", "FLOAT"),
        ClassInput("sampler_name", "required", "COMBO"),
        ClassInput("scheduler", "required", "COMBO"),
        ClassInput("denoise", "required", "FLOAT"),
    ),
)


def view(*nodes: dict[str, object]) -> PromptView:
    return workflow_in(graph(*nodes)).view({"KSampler": KSAMPLER})


def compared(before: PromptView, after: PromptView) -> ViewDifference:
    return compare_views(before, after)


def told(found: ViewDifference) -> list[tuple[str, str | None, object, object]]:
    """Every changed input: node, input, what it got and what it gets."""
    return [
        (change.after.id, one.input, _value(one.before), _value(one.after))
        for change in found.changed
        for one in change.inputs
    ]


def _value(source: NodeValue | NodeLink | None) -> object:
    return source.value if isinstance(source, NodeValue) else source


def test_a_changed_value_is_told_by_node_and_input() -> None:
    assert told(compared(view(sampler(steps=20)), view(sampler(steps=30)))) == [("3", "steps", 20, 30)]


def test_a_seed_that_is_random_anyway_is_no_change() -> None:
    assert compared(view(sampler(seed=1)), view(sampler(seed=2))).is_empty


def test_a_seed_of_a_class_that_is_not_known_is_no_change_either() -> None:
    before, after = (workflow_in(graph(sampler(seed=seed))).view({}) for seed in (1, 2))
    assert compared(before, after).is_empty


def test_a_fixed_seed_is_a_change() -> None:
    found = compared(view(sampler(seed=1, control="fixed")), view(sampler(seed=2, control="fixed")))
    assert told(found) == [("3", "seed", 1, 2)]


def test_a_seed_that_is_fixed_from_now_on_is_a_change() -> None:
    found = compared(view(sampler(seed=1, control="randomize")), view(sampler(seed=1, control="fixed")))
    assert [one.before.control for one in found.changed[0].inputs if isinstance(one.before, NodeValue)] == ["randomize"]


def test_the_seed_of_a_primitive_under_randomize_is_no_change() -> None:
    def with_primitive(seed: int) -> PromptView:
        node = {**sampler(), "inputs": [{"name": "seed", "type": "INT", "link": 1, "widget": {"name": "seed"}}]}
        primitive: dict[str, object] = {
            "id": 8,
            "type": "PrimitiveNode",
            "outputs": [{"links": [1]}],
            "widgets_values": [seed, "randomize"],
        }
        whole = {**graph(node, primitive), "links": [[1, 8, 0, 3, 0, "INT"]]}
        return workflow_in(whole).view({"KSampler": KSAMPLER})

    assert compared(with_primitive(1), with_primitive(2)).is_empty


def test_a_seed_that_an_instance_of_a_subgraph_sets_is_under_the_control_of_the_node_inside() -> None:
    def instance(seed: int, control: str) -> PromptView:
        inside = {
            **sampler(control=control),
            "inputs": [{"name": "seed", "type": "INT", "link": 1, "widget": {"name": "seed"}}],
        }
        definition = {
            "id": "0f0f0f0f-0000-4000-8000-000000000000",
            "inputs": [{"name": "seed", "type": "INT", "linkIds": [1]}],
            "outputs": [],
            "nodes": [inside],
            "links": [{"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 3, "target_slot": 0, "type": "INT"}],
        }
        outer = {"id": 9, "type": definition["id"], "inputs": [], "widgets_values": [seed]}
        whole = {**graph(outer), "definitions": {"subgraphs": [definition]}}
        return workflow_in(whole).view({"KSampler": KSAMPLER})

    assert compared(instance(1, "randomize"), instance(2, "randomize")).is_empty
    assert told(compared(instance(1, "fixed"), instance(2, "fixed"))) == [("9:3", "seed", 1, 2)]


def test_nodes_that_only_moved_are_counted() -> None:
    found = compared(view(sampler(at=(0, 0))), view(sampler(at=(40, 0))))
    assert (found.moved, found.is_empty) == (1, True)


def test_another_title_is_told() -> None:
    (change,) = compared(view(sampler()), view(sampler(title="base"))).changed
    assert (change.retitled, change.inputs) == (True, ())


def test_a_node_with_another_identifier_is_the_same_by_class_and_title() -> None:
    found = compared(view(sampler(node=3, title="base", steps=20)), view(sampler(node=7, title="base", steps=30)))
    assert (found.added, found.removed) == ((), ())
    assert told(found) == [("7", "steps", 20, 30)]


def test_links_to_a_node_that_got_another_identifier_are_the_same() -> None:
    def linked(identifier: str) -> PromptView:
        return PromptView("api", (
            WorkflowNode(identifier, "Load", ""),
            WorkflowNode("1", "Save", "", inputs={"images": NodeLink(identifier, 0)}),
        ))  # fmt: skip

    assert compared(linked("5"), linked("6")).is_empty


def test_a_link_to_another_node_of_the_same_identifier_is_a_change() -> None:
    def linked(kind: str) -> PromptView:
        save = WorkflowNode("1", "Save", "", inputs={"images": NodeLink("5", 0)})
        return PromptView("api", (WorkflowNode("5", kind, ""), save))

    found = compared(linked("Load"), linked("Draw"))
    (change,) = found.changed
    assert change.after.type == "Save"
    assert [(one.before_class, one.after_class) for one in change.inputs] == [("Load", "Draw")]


def test_a_muted_node_is_told() -> None:
    (change,) = compared(view(sampler()), view({**sampler(), "mode": 2})).changed
    assert (change.before.state, change.after.state) == ("runs", "muted")


def test_models_that_come_and_go_are_told() -> None:
    found = compared(view(loader("a.safetensors")), view(loader("b.safetensors")))
    assert (found.models_added, found.models_removed) == (("b.safetensors",), ("a.safetensors",))


def test_packs_that_come_and_go_are_told_without_comfyuis_own() -> None:
    def of(pack: str) -> PromptView:
        return view({**loader("a"), "properties": {"cnr_id": pack}})

    found = compared(of("comfy-core"), of("fancy"))
    assert (found.packs_added, found.packs_removed) == (("fancy",), ())


def test_one_and_true_are_two_values() -> None:
    def of(value: object) -> PromptView:
        return PromptView("api", (WorkflowNode("1", "A", "", inputs={"x": NodeValue(value)}),))

    assert len(told(compared(of(1), of(True)))) == 1
    assert compared(of(1), of(1.0)).is_empty


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab", max_size=1), inner, max_size=2),
    max_leaves=4,
)
_sources = st.one_of(
    st.builds(NodeValue, _values, control=st.sampled_from([None, "fixed", "randomize"])),
    st.builds(NodeLink, st.sampled_from("1234"), st.integers(0, 1)),
)
_nodes = st.builds(
    WorkflowNode,
    st.sampled_from("1234"),
    st.sampled_from(["A", "B"]),
    st.just(""),
    st.sampled_from([None, "t"]),
    inputs=st.dictionaries(st.sampled_from("xy"), _sources, max_size=2),
    unnamed=st.lists(st.builds(NodeValue, _values), max_size=2).map(tuple),
    position=st.sampled_from([None, (0.0, 0.0), (1.0, 0.0)]),
)
_views = st.lists(_nodes, max_size=5).map(lambda nodes: PromptView("graph", tuple(nodes)))


@settings(max_examples=300, deadline=None)
@given(_views)
def test_a_workflow_does_not_differ_from_itself(one: PromptView) -> None:
    assert compared(one, PromptView("graph", tuple(replace(node) for node in one.nodes))) == ViewDifference()


@settings(max_examples=300, deadline=None)
@given(_views, _views)
def test_what_is_added_one_way_is_removed_the_other_way(first: PromptView, second: PromptView) -> None:
    there, back = compared(first, second), compared(second, first)
    assert list(there.added) == list(back.removed)
    assert list(there.removed) == list(back.added)
    assert there.moved == back.moved
    assert len(there.changed) == len(back.changed)
    assert len(first.nodes) - len(there.removed) == len(second.nodes) - len(there.added)
