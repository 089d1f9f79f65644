"""Which values name models, and what else a workflow needs."""

import pytest

from comfydock_core.analyzers.workflow_dependency_parser import WorkflowDependencyParser
from comfydock_core.models.workflow.class_inputs import NodeClass
from comfydock_core.models.workflow.dependencies import ModelReference, WorkflowDependencies
from tests.support.graphs import CLASSES, Table, choice, graph, kind, node, slot, subgraph, text, view


def needs(whole: Table, *classes: NodeClass) -> WorkflowDependencies:
    known = {**CLASSES, **{one.name: one for one in classes}}
    return WorkflowDependencyParser(known).parse(view(whole, *classes))


def models(whole: Table, *classes: NodeClass) -> list[tuple[str, str | None, tuple[str, ...], str]]:
    return [(one.value, one.input, one.folders, one.found) for one in needs(whole, *classes).models]


def only(whole: Table, *classes: NodeClass) -> ModelReference:
    (found,) = needs(whole, *classes).models
    return found


def test_the_input_of_a_known_class_tells_a_model_whatever_it_is_called() -> None:
    assert models(graph([node(1, "CheckpointLoaderSimple", ["sd/any name"])])) == [
        ("sd/any name", "ckpt_name", ("checkpoints",), "input"),
    ]  # fmt: skip


def test_a_choice_that_is_written_in_the_code_is_no_model() -> None:
    class_ = kind("Loader", choice("vae", "baked in", folders=("vae",)))
    assert models(graph([node(1, "Loader", ["baked in"])]), class_) == []
    assert only(graph([node(1, "Loader", ["x.pt"])]), class_).value == "x.pt"


def test_a_value_of_a_known_class_that_only_looks_like_a_model_is_none() -> None:
    assert models(graph([node(1, "Write", ["result.safetensors"])]), kind("Write", text("name"))) == []


def test_the_name_of_an_input_tells_the_folder_for_classes_that_are_not_known() -> None:
    assert models(graph([node(1, "Foreign", {"ckpt_name": "a.safetensors", "other": "plain"})])) == [
        ("a.safetensors", "ckpt_name", ("checkpoints",), "input-name"),
    ]  # fmt: skip


def test_an_input_of_which_the_code_leaves_a_doubt_is_taken_by_its_name_and_ending() -> None:
    doubtful = choice("ckpt_name")
    class_ = kind(
        "Loader", type(doubtful)(doubtful.name, doubtful.section, doubtful.type, doubt="nodes.py:7: made by code")
    )
    assert models(graph([node(1, "Loader", ["a.ckpt"])]), class_) == [
        ("a.ckpt", "ckpt_name", ("checkpoints",), "input-name")
    ]


@pytest.mark.parametrize("name", ["a.safetensors", "dir/B.GGUF", "c.pth", "d.onnx", "x\\e.ckpt"])
def test_the_ending_tells_a_model_where_nothing_else_does(name: str) -> None:
    assert models(graph([node(1, "Foreign", [name])])) == [(name, None, (), "extension")]


@pytest.mark.parametrize(
    "value", ["https://x.org/a.safetensors", "a.png", "", "a.safetensors\nb", "x" * 2000 + ".pt", 3]
)
def test_addresses_texts_and_other_files_are_no_models(value: object) -> None:
    assert models(graph([node(1, "Foreign", [value])])) == []


def test_models_within_a_value_of_parts_are_found_with_their_place() -> None:
    found = only(graph([node(1, "Power", [{}, {"on": True, "lora": "a.safetensors", "strength": 1}])]))
    assert (found.value, found.places, found.found) == (
        "a.safetensors", ("/nodes/0/widgets_values/1/lora",), "extension",
    )  # fmt: skip


@pytest.mark.parametrize(
    "classes", [(), (kind("Power", text("x")),)], ids=["class not known", "class without that input"]
)
def test_models_within_parts_are_found_also_where_the_class_has_no_such_input(classes: tuple[NodeClass, ...]) -> None:
    whole = graph([node(1, "Power", {"lora_1": {"lora": "a.safetensors"}})])
    assert [one.value for one in needs(whole, *classes).models] == ["a.safetensors"]


def test_what_a_node_says_of_its_models_is_joined_with_its_value() -> None:
    told = {
        "name": "a.safetensors",
        "directory": "checkpoints",
        "url": "https://x.org/a",
        "hash": "aa",
        "hash_type": "SHA256",
    }
    found = only(graph([node(1, "CheckpointLoaderSimple", ["sub/a.safetensors"], properties={"models": [told]})]))
    assert (found.value, found.found) == ("sub/a.safetensors", "input")
    assert found.named is not None and (found.named.url, found.named.hash) == ("https://x.org/a", "aa")


def test_a_model_that_only_the_workflow_names_is_needed_too() -> None:
    told = {"name": "b.safetensors", "directory": "loras", "url": "https://x.org/b"}
    found = needs(
        graph([node(1, "Foreign", ["a.safetensors"], properties={"models": [told]})], models=[{"name": "c.pt"}])
    )
    assert [(one.value, one.folders, one.found) for one in found.models] == [
        ("a.safetensors", (), "extension"), ("b.safetensors", ("loras",), "workflow"), ("c.pt", (), "workflow"),
    ]  # fmt: skip


def test_embeddings_in_a_prompt_are_models_with_or_without_their_ending() -> None:
    words = "a (embedding:bad_hands:1.2), embedding:sub/easy.pt, notembedding:x embedding:end."
    found = needs(graph([node(1, "CLIPTextEncode", [words])]), kind("CLIPTextEncode", text("text")))
    assert [(one.value, one.folders, one.found) for one in found.models] == [
        (name, ("embeddings",), "prompt") for name in ("bad_hands", "sub/easy.pt", "end")
    ]


def test_a_model_of_an_instance_says_its_own_place_and_the_state_of_its_node() -> None:
    inner = node(3, "CheckpointLoaderSimple", ["in.ckpt"], inputs=[slot("ckpt_name", "COMBO", 1, widget=True)])
    definition = subgraph("D", [inner], [[1, -10, 0, 3, 0, "COMBO"]], inputs=[slot("ckpt_name")])
    found = only(graph([node(5, "D", ["mine.ckpt"], mode=2)], (), definition))
    assert (found.node, found.value, found.places, found.state) == (
        "5:3", "mine.ckpt", ("/nodes/0/widgets_values/0",), "muted",
    )  # fmt: skip


def test_models_of_notes_are_no_models() -> None:
    assert models(graph([node(1, "Note", ["a.safetensors"]), node(2, "Reroute", ["b.pt"])])) == []


def test_classes_are_told_with_the_nodes_that_run_and_those_that_do_not() -> None:
    told = {"cnr_id": "pack", "ver": "1.0"}
    found = needs(graph([node(1, "A", mode=4), node(2, "A", properties=told), node(3, "B", mode=2), node(4, "Note")]))
    assert [(one.type, one.running, one.idle, one.cnr_id, one.runs) for one in found.classes] == [
        ("A", ("2",), ("1",), "pack", True), ("B", (), ("3",), None, False),
    ]  # fmt: skip
    assert found.editor_only == ("Note",)


def test_files_of_inputs_with_an_upload_are_told() -> None:
    class_ = kind("LoadImage", choice("image", "a.png", image_upload=True))
    (found,) = needs(graph([node(1, "LoadImage", ["b.png", "image"])]), class_).files
    assert (found.node, found.input, found.value) == ("1", "image", "b.png")
