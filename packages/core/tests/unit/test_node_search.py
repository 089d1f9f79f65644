"""Finding known node packs by words."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comfydock_core.repositories.node_data.node_index import NodeIndex, open_index
from comfydock_core.services.node_search import core_of, search_packs, split_words
from tests.support.node_lists import large_node_data, write_lists
from tests.support.shared import shared_data


@pytest.fixture
def index(tmp_path: Path) -> Iterator[NodeIndex]:
    with open_index(str(write_lists(tmp_path / "lists"))) as opened:
        yield opened


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeIndex]:
    place = tmp_path_factory.mktemp("real")
    for name in ("custom-node-list.json", "extension-node-map.json"):
        (place / name).symlink_to(shared_data("manager", name))
    with open_index(str(place)) as opened:
        yield opened


def found(index: NodeIndex, words: str, **options: object) -> list[str]:
    return [hit.pack.identifier for hit in search_packs(index, words, **options)]  # type: ignore[arg-type]


def test_words_are_split_at_blanks_dashes_and_capitals() -> None:
    assert split_words("FaceDetailerPipe (v2)") == ["face", "detailer", "pipe", "v2"]
    assert split_words("ComfyUI-IPAdapter_plus") == ["comfy", "ui", "ip", "adapter", "plus"]
    assert split_words("größe 背景") == ["größe", "背景"]
    assert split_words(" -_. ") == []


def test_names_are_compared_without_what_stands_in_all_of_them() -> None:
    assert core_of("ComfyUI-Impact-Pack") == core_of("comfyui_impact pack") == "impactpack"
    assert core_of("ComfyUI") == "comfyui"


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("fancy", "comfyui-fancy"),
        ("Comfyui_Fancy", "comfyui-fancy"),
        ("blurs pictures", "comfyui-fancy"),
        ("FancyEdge", "comfyui-fancy"),
        ("mask grow", "masks"),
        ("carol", "masks"),
        ("comfyui-fanzy", "comfyui-fancy"),
    ],
)
def test_a_pack_is_found_by_name_description_class_author_and_with_a_slip(
    index: NodeIndex, words: str, first: str
) -> None:
    assert found(index, words)[:1] == [first]


def test_every_word_has_to_be_found(index: NodeIndex) -> None:
    assert found(index, "fancy submarine") == []
    assert found(index, "") == []
    assert found(index, "%") == []


def test_the_class_that_was_asked_for_goes_before_names_that_hold_the_word(index: NodeIndex) -> None:
    hit = search_packs(index, "MaskGrow")[0]
    assert (hit.pack.identifier, hit.classes) == ("masks", ("MaskGrow",))


def test_installed_packs_are_marked_and_go_first_among_equals(index: NodeIndex) -> None:
    assert found(index, "shared") == ["github_dave_No-Id", "masks"]
    hits = search_packs(index, "shared", installed={"masks"})
    assert [(hit.pack.identifier, hit.installed) for hit in hits] == [("masks", True), ("github_dave_No-Id", False)]


def test_the_limit_is_kept(index: NodeIndex) -> None:
    assert len(found(index, "a", limit=2)) == 2


def test_what_cannot_be_added_is_found_with_its_reason(index: NodeIndex) -> None:
    assert search_packs(index, "one file")[0].pack.refusal == "single-file"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.text(max_size=30))
def test_any_words_can_be_looked_for(index: NodeIndex, words: str) -> None:
    hits = search_packs(index, words)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_the_pack_of_exactly_that_name_goes_before_more_popular_ones(tmp_path: Path) -> None:
    packs = {"comfyui-face-tools": {"github_stars": 90_000}, "ComfyUI_Face": {}, "faces": {"github_stars": 5000}}
    write_lists(tmp_path, {"packages": packs, "mappings": {}}, None, None)
    with open_index(str(tmp_path)) as index:
        assert found(index, "face") == ["ComfyUI_Face", "faces", "comfyui-face-tools"]


def test_a_class_is_the_one_that_was_asked_for_also_in_words(tmp_path: Path) -> None:
    classes = {
        "https://github.com/a/face-detailer-x": [["Other"], {}],
        "https://github.com/a/b": [["FaceDetailer"], {}],
    }
    write_lists(tmp_path, None, None, classes)
    with open_index(str(tmp_path)) as index:
        assert found(index, "face detailer")[0] == "github_a_b"


def test_a_popular_pack_goes_before_an_unknown_one(tmp_path: Path) -> None:
    packs = {f"blur-{number}": {"github_stars": number * 1000} for number in range(3)}
    write_lists(tmp_path, {"packages": packs, "mappings": {}}, None, None)
    with open_index(str(tmp_path)) as index:
        assert found(index, "blur") == ["blur-2", "blur-1", "blur-0"]


def test_looking_through_all_packs_costs_less_than_reading_their_list(tmp_path: Path) -> None:
    """As many as there are: 7,400 packs with 33,000 classes."""
    write_lists(tmp_path, large_node_data(7400, 33_000), None, None)
    open_index(str(tmp_path)).close()
    began = time.perf_counter()
    json.loads((tmp_path / "node_mappings.json").read_bytes())
    reading = time.perf_counter() - began
    with open_index(str(tmp_path)) as index:
        for words in ("pack 7399", "Class 32999", "comfyui-pakc-7399"):
            began = time.perf_counter()
            assert found(index, words)
            assert time.perf_counter() - began < reading


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("impact pack", "comfyui-impact-pack"),
        ("FaceDetailer", "comfyui-impact-pack"),
        ("ip adapter", "ipadapter"),
        ("controlnet aux", "comfyui_controlnet_aux"),
        ("video helper suite", "vhs"),
        ("anydor", "ComfyUI_AnyDoor"),
        ("imapct-pack", "comfyui-impact-pack"),
    ],
)
def test_real_packs_are_found_by_what_people_write(real: NodeIndex, words: str, first: str) -> None:
    assert found(real, words)[0] == first
