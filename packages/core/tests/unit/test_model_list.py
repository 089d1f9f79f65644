"""Reading the list of models, which may hold anything, and finding files in it."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.models.model_files.model_list import ModelListEntry
from comfydock_core.repositories.node_data.node_index import open_index
from comfydock_core.repositories.node_data.node_index_building import put_together, write_index
from comfydock_core.repositories.node_data.published_models import read_model_list
from comfydock_core.repositories.node_data.published_values import UnusableList
from comfydock_core.utils.file_names import safe_name
from tests.support.node_lists import MANAGER_MODELS, write_lists
from tests.support.shared import shared_data

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(["a.pt", "A.pt", "../a.pt", "a/b.pt", "con.pt", "x" * 400, "two\nlines", "\ud800", ".a", ""])
URLS = st.sampled_from(
    ["https://h.example/a.pt", "http://[", "ftp://h/a", "a/b", "https://u:p@h/a", "https://h:0/a", "https://h/\ud800"]
)
PLACES = st.sampled_from(["default", "vae", "vae/SD1.5/", "/etc", "../x", "a/../b", "a\\b", "C:/x", "a//b", "\ud800"])
ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "filename": NAMES | ANYTHING,
        "url": URLS | ANYTHING,
        "save_path": PLACES | ANYTHING,
        **dict.fromkeys(("type", "name", "base", "size", "reference"), ANYTHING),
    },
)
LIST = st.fixed_dictionaries({"models": st.lists(ENTRY | ANYTHING, max_size=5) | ANYTHING})


def encoded(value: object) -> bytes:
    return json.dumps(value).encode()


def entry(**fields: object) -> dict[str, object]:
    return {"filename": "a.pt", "url": "https://h.example/a.pt", "save_path": "vae", **fields}


def read(*entries: object) -> list[ModelListEntry]:
    return read_model_list(encoded({"models": [entry(filename="good.pt"), *entries]}))[0][1:]


@given(st.binary(max_size=60) | (LIST | ANYTHING).map(encoded))
def test_any_content_is_read_or_refused_by_name(content: bytes) -> None:
    try:
        found, _ = read_model_list(content)
    except UnusableList:
        return
    for one in found:
        assert safe_name(one.file_name) == one.file_name
        assert one.url.startswith(("http://", "https://"))
        assert ".." not in one.save_path.split("/")
        assert not one.save_path.startswith("/")


@given(LIST)
def test_whatever_is_read_can_be_indexed(tmp_path_factory: pytest.TempPathFactory, whole: object) -> None:
    try:
        found, _ = read_model_list(encoded(whole))
    except UnusableList:
        return
    path = tmp_path_factory.mktemp("index") / "index.sqlite"
    write_index(str(path), put_together(None, [], [], models=found), {})
    assert path.stat().st_size > 0


@pytest.mark.parametrize(
    "fields",
    [
        {"filename": "<huggingface>"},
        {"filename": "a/b.pt"},
        {"filename": "..\\b.pt"},
        {"filename": 3},
        {"url": "owner/name"},
        {"url": "https://h.example"},
        {"url": "https://user:geheim@h.example/a.pt"},
        {"url": "file:///etc/passwd"},
        {"url": "https://h.example/a b.pt"},
        {"save_path": "../loras"},
        {"save_path": "/etc"},
        {"save_path": "loras\\x"},
        {"save_path": None},
    ],
)
def test_what_names_no_file_or_leads_elsewhere_is_left_out_and_counted(fields: dict[str, object]) -> None:
    found, skipped = read_model_list(encoded({"models": [entry(), entry(**fields)]}))
    assert ([one.file_name for one in found], skipped) == (["a.pt"], 1)


@pytest.mark.parametrize(
    "content", [{}, [], {"models": []}, {"models": {}}, {"models": [3]}, {"models": [entry(url=1)]}]
)
def test_what_is_no_list_of_models_is_refused(content: object) -> None:
    with pytest.raises(UnusableList):
        read_model_list(encoded(content))


def test_a_list_of_too_many_entries_is_refused() -> None:
    with pytest.raises(UnusableList, match="100001 entries"):
        read_model_list(encoded({"models": [0] * 100_001}))


def test_the_usual_place_of_a_kind_is_no_directory() -> None:
    assert [one.save_path for one in read(entry(save_path="default"), entry(save_path="vae/SD1.5/"))] == [
        "",
        "vae/SD1.5",
    ]


def test_a_file_is_found_by_its_whole_name_whatever_its_case(tmp_path: Path) -> None:
    with open_index(str(write_lists(tmp_path, models=MANAGER_MODELS))) as index:
        (found,) = index.models_called("V15.Safetensors")
        assert (found.file_name, found.save_path, found.size, found.base) == (
            "v15.safetensors", "checkpoints/SD1.5", "4.27GB", "SD1.5",
        )  # fmt: skip
        assert index.models_called("v15") == []
        assert [one.file_name for one in index.models_called("4X.pth")] == ["4x.PTH"]
        assert index.models_called("v15.safetensors.bak") == []
        assert index.counts()["models"] == 2
        assert index.facts()["skipped.manager-models"] == "1"


def test_an_index_made_before_there_was_a_list_of_models_is_made_again(tmp_path: Path) -> None:
    open_index(str(write_lists(tmp_path))).close()
    write_lists(tmp_path, models=MANAGER_MODELS)
    with open_index(str(tmp_path)) as index:
        assert len(index.models_called("4x.pth")) == 1


def test_a_list_of_models_that_cannot_be_used_keeps_the_others(tmp_path: Path) -> None:
    with open_index(str(write_lists(tmp_path, models={"models": 3}))) as index:
        assert index.package("comfyui-fancy") is not None
        assert index.models_called("4x.pth") == []
        assert "models" in index.facts()["problem.manager-models"]


def test_the_managers_real_list_is_read_but_for_its_snapshots() -> None:
    found, skipped = read_model_list(shared_data("manager", "model-list.json").read_bytes())
    assert (len(found), skipped) == (559, 3)
    assert len({one.file_name.casefold() for one in found}) == 522
    assert sum(not one.save_path for one in found) == 19
