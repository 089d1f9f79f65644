"""Which node types workflows use, whatever wrote them."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.analyzers.workflows.signatures import input_signature
from comfydock_core.analyzers.workflows.workflow_nodes import NoWorkflow, node_uses, read_workflows
from comfydock_core.models.packs.node_use import NodeUse
from tests.support.shared import shared_data

INSTANCE = "f2228dc9-64e8-43b1-a4ca-b8a57eed8f64"


def types(whole: object) -> list[str]:
    return [use.type for use in node_uses(json.dumps(whole).encode())]


def test_a_saved_workflow_has_its_types_once_each_and_sorted() -> None:
    assert types({"nodes": [{"type": "B"}, {"type": "A", "mode": 4}, {"type": "B"}], "links": []}) == ["A", "B"]


def test_nodes_may_be_an_object_and_their_type_a_class() -> None:
    assert types({"nodes": {"1": {"type": "A"}, "2": {"class_type": "B"}}}) == ["A", "B"]


def test_the_format_of_the_api_is_understood_also_inside_what_is_saved_with_pictures() -> None:
    prompt = {"1": {"class_type": "A", "inputs": {}}, "2": {"class_type": "B"}, "extra": 3}
    assert types(prompt) == ["A", "B"]
    assert types({"prompt": prompt}) == ["A", "B"]
    assert types({"workflow": {"nodes": [{"type": "C"}]}, "prompt": prompt}) == ["C"]


def test_subgraphs_give_their_nodes_and_are_none_themselves() -> None:
    inner = {"id": "inner", "nodes": [{"type": "C"}, {"type": "named"}]}
    outer = {"id": INSTANCE, "nodes": [{"type": "B"}, {"type": "inner"}], "definitions": {"subgraphs": [inner]}}
    named = {"id": "named", "nodes": [{"type": "D"}]}
    assert types({"nodes": [{"type": "A"}, {"type": INSTANCE}, {"type": "named"}],
                  "definitions": {"subgraphs": [outer, named]}}) == ["A", "B", "C", "D"]  # fmt: skip


def test_an_instance_of_a_subgraph_that_is_not_in_the_file_is_no_node_of_a_pack() -> None:
    assert types({"nodes": [{"type": "A"}, {"type": INSTANCE.upper()}]}) == ["A"]


def test_group_nodes_give_the_nodes_in_them() -> None:
    group = {"nodes": [{"type": "B", "index": 0}, {"type": "C"}], "links": [], "external": []}
    for kind in ("workflow>mine", "workflow/mine"):
        assert types({"nodes": [{"type": "A"}, {"type": kind}], "extra": {"groupNodes": {"mine": group}}}) == [
            "A", "B", "C",
        ]  # fmt: skip


def test_nodes_say_where_they_come_from() -> None:
    nodes = [
        {"type": "A"},
        {"type": "A", "properties": {"cnr_id": "pack-a", "ver": "1.0.0"}},
        {"type": "A", "properties": {"cnr_id": "later"}},
        {"type": "B", "properties": {"aux_id": "owner/repo", "ver": "abc"}},
        {"type": "C", "properties": None, "inputs": None},
    ]
    assert node_uses(json.dumps({"nodes": nodes}).encode()) == (
        NodeUse("A", "pack-a", None, "1.0.0"),
        NodeUse("B", None, "owner/repo", "abc"),
        NodeUse("C"),
    )


def test_the_signature_of_inputs_is_that_of_the_node_data() -> None:
    assert input_signature([{"name": "b", "type": "INT"}, {"name": "a", "type": "MODEL"}]) == "9d128a1d"
    assert input_signature([{"name": "a", "type": ["x", "y"]}]) == input_signature([{"name": "a", "type": "COMBO"}])
    assert [input_signature(value) for value in ([], None, {}, [{"name": ""}], [{"name": "a", "type": 0}])] == [""] * 5


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b"null", b'{"a": 1}', b'{"nodes": 3}', b"\xff", b"[" * 9999]
)
def test_what_is_no_workflow_is_refused(content: bytes) -> None:
    with pytest.raises(NoWorkflow):
        node_uses(content)


@pytest.mark.parametrize(
    "whole",
    [
        {"nodes": [], "extra": None, "groups": None},
        {"nodes": [None, 3, "x", [], {"type": None}, {"type": ""}, {"type": 7}]},
        {"nodes": [], "links": [{"id": 1}], "groups": [{"unknown": 1}]},
        {"nodes": [], "definitions": None},
        {"nodes": [], "definitions": {"subgraphs": [None, {"id": [1]}, {"nodes": None}]}},
        {"nodes": [], "extra": {"groupNodes": [1, {"nodes": 2}]}},
    ],
)
def test_a_workflow_with_odd_parts_is_read_without_them(whole: object) -> None:
    assert types(whole) == []


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["A", INSTANCE, "workflow>x"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["nodes", "type", "class_type", "definitions", "subgraphs", "extra", "groupNodes", "id",
                         "properties", "cnr_id", "inputs", "name", "prompt", "workflow"]) | st.text(max_size=4),
        inner,
        max_size=5,
    ),
    max_leaves=25,
)  # fmt: skip


@given(ANYTHING)
def test_anything_at_all_is_read_or_refused(whole: object) -> None:
    try:
        uses = node_uses(json.dumps(whole).encode())
    except NoWorkflow:
        return
    kinds = [use.type for use in uses]
    assert kinds == sorted(set(kinds))


def test_a_broken_workflow_is_told_and_hides_no_other(tmp_path: Path) -> None:
    (tmp_path / "sub" / "deeper").mkdir(parents=True)
    (tmp_path / ".hidden").mkdir()
    for name in ("good.json", "sub/deeper/größe ☃.json", ".index.json", ".hidden/x.json", "notes.txt"):
        (tmp_path / name).write_text('{"nodes": [{"type": "A"}]}')
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "dangling.json").symlink_to("nothing")
    (tmp_path / "directory.json").mkdir()
    read, unread = read_workflows(str(tmp_path))
    assert [one.name for one in read] == ["good", "sub/deeper/größe ☃"]
    assert [one.name for one in unread] == ["broken", "dangling"]
    assert unread[0].reason.startswith("it is not JSON: ")


def test_no_directory_is_no_workflow(tmp_path: Path) -> None:
    assert read_workflows(str(tmp_path / "nothing")) == ((), ())


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind the superuser")
def test_a_directory_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    assert [one.name for one in read_workflows(str(tmp_path))[1]] == ["closed"]
    (tmp_path / "closed").chmod(0o700)


# File, types that ComfyUI and its editor do not have, identifiers of the registry, repositories.
FOREIGN = [
    ("ComfyUI-nunchaku__ref", 5, 2, 1),
    ("ComfyUI-nunchaku__api", 3, 0, 0),
    ("ComfyUI-nunchaku__nunchaku-flux.1-dev", 3, 1, 0),
    ("ComfyUI-Impact-Pack__detailer-pipe-test", 20, 0, 0),
    ("ComfyUI_IPAdapter_plus__ipadapter_cosxl_edit", 2, 0, 0),
    ("ComfyUI_LayerStyle__layerstyle_all_nodes", 106, 0, 0),
    ("ComfyUI-RMBG__V3.0.0_nodes", 15, 2, 0),
    ("ComfyUI-SeedVR2_VideoUpscaler__SeedVR2_HD_video_upscale", 4, 1, 1),
    ("comfyui-on-eks__flux_dev", 0, 0, 0),
    ("comfy-cli__02_qwen_Image_edit_subgraphed", 0, 1, 0),
    ("ComfyUI-Zluda__Depth_to_Video_ltx_2.0_", 0, 1, 0),
    ("wyrde-comfyui-workflows__compare-prompt-diff-x4-v0.4", 7, 0, 0),
]  # fmt: skip


def test_real_workflows_are_read_all() -> None:
    directory = shared_data("workflows")
    stock = set(json.loads(shared_data("comfyui", "object_info-0.33.0.json").read_text()))
    stock |= {"Note", "MarkdownNote", "Reroute", "PrimitiveNode"}
    read, unread = read_workflows(str(directory))
    assert (len(read), unread) == (49, ())
    uses = {one.name: one.uses for one in read}
    for name, foreign, registry, repositories in FOREIGN:
        found = (
            len([use for use in uses[name] if use.type not in stock]),
            len({use.cnr_id for use in uses[name]} - {None}),
            len({use.aux_id for use in uses[name]} - {None}),
        )
        assert (name, *found) == (name, foreign, registry, repositories)
