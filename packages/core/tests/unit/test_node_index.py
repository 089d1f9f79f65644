"""The index of known node packs: what it answers, and that it is made again whenever it does not fit its lists."""

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from comfydock_core.models.exceptions import FileSystemError, NodeDataMissing
from comfydock_core.models.node_mapping import NodeMapping
from comfydock_core.repositories.node_data.node_index import NodeIndex, open_index
from comfydock_core.repositories.node_data.node_index_making import make_index
from comfydock_core.repositories.node_data.node_lists import read_notes
from tests.support.node_lists import MANAGER_LIST, MANAGER_STATS, NODE_DATA, large_node_data, write_lists
from tests.support.shared import shared_data

INDEX = "node_index.sqlite"


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    return write_lists(tmp_path / "Größe #1?%20 ☃")


@pytest.fixture
def index(lists: Path) -> Iterator[NodeIndex]:
    with open_index(str(lists)) as opened:
        yield opened


def identifier_of(found: object) -> str | None:
    return getattr(found, "identifier", None)


def test_a_pack_is_found_by_its_identifier_in_any_case_and_by_an_older_one(index: NodeIndex) -> None:
    for name in ("comfyui-fancy", "ComfyUI-Fancy", "old-fancy", "OLD-FANCY", "fancy-of-manager"):
        assert identifier_of(index.package(name)) == "comfyui-fancy"
    assert index.package("nothing") is None
    versions = index.package("comfyui-fancy").versions  # type: ignore[union-attr]
    assert [(one.version, one.download_url, one.dependencies) for one in versions] == [
        ("1.0.0", "https://cdn.example/100.zip", ("six>=1.0",)),
        ("0.9.0", "https://cdn.example/090.zip", ()),
    ]


def test_of_two_identifiers_that_differ_in_case_the_one_that_was_written_is_found(tmp_path: Path) -> None:
    write_lists(tmp_path, {"packages": {"Pack": {}, "pack": {}}, "mappings": {}}, None, None)
    with open_index(str(tmp_path)) as index:
        assert [identifier_of(index.package(name)) for name in ("Pack", "pack")] == ["Pack", "pack"]


@pytest.mark.parametrize(
    ("address", "identifier"),
    [
        ("https://github.com/alice/ComfyUI-Fancy", "comfyui-fancy"),
        ("git@github.com:Alice/comfyui-fancy.git", "comfyui-fancy"),
        ("https://github.com/bob/pack-a", "pack-a"),
        ("https://github.com/dave/no-id", "github_dave_No-Id"),
        ("https://git.example/x/elsewhere/", "https://git.example/x/elsewhere"),
        ("https://github.com/nobody/nothing", None),
        ("", None),
    ],
)
def test_a_pack_is_found_by_its_repository(index: NodeIndex, address: str, identifier: str | None) -> None:
    assert identifier_of(index.package_of_repository(address)) == identifier


def test_a_class_has_its_candidates_with_and_without_signature(index: NodeIndex) -> None:
    assert [(one.identifier, one.signature) for one in index.candidates("DualNode")] == [
        ("comfyui-fancy", ""),
        ("pack-a", "9d128a1d"),
        ("comfyui-fancy", "9d128a1d"),
    ]
    assert index.candidates("FancyBlur") == [NodeMapping("comfyui-fancy", "", 1, "registry", ("1.0.0",))]
    assert index.candidates("fancyblur") == []  # ComfyUI tells names of classes apart by case.


def test_a_class_that_no_list_names_may_be_known_by_how_it_ends(index: NodeIndex) -> None:
    assert [one.identifier for one in index.candidates("Anything (carol)")] == ["masks"]


def test_near_identifiers_are_offered(index: NodeIndex) -> None:
    assert index.near("comfyui-fanzy")[0] == "comfyui-fancy"
    assert index.near("") == []


def test_classes_are_found_by_words_in_which_no_sign_means_anything_else(tmp_path: Path) -> None:
    names = ["100%_Done", "100 Done", "back\\slash", "FancyEdge"]
    write_lists(tmp_path, None, None, {"https://github.com/a/b": [names, {}]})
    with open_index(str(tmp_path)) as index:
        for words, expected in {
            ("edge", "fancy"): ["FancyEdge"], ("%",): ["100%_Done"], ("0_d",): [], ("%_d",): ["100%_Done"],
            ("\\",): ["back\\slash"], ("fancy", "done"): [],
        }.items():  # fmt: skip
            assert [name for _, name in index.classes_like(list(words))] == expected


def test_without_lists_that_is_said_with_the_way_out(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "missing"):
        with pytest.raises(NodeDataMissing) as raised:
            open_index(str(place))
        assert "registry update" in str(raised.value.hint)


def test_lists_of_which_none_can_be_used_are_told(tmp_path: Path) -> None:
    write_lists(tmp_path, {}, None, None)
    with pytest.raises(NodeDataMissing, match="node_mappings"):
        open_index(str(tmp_path))


def test_a_damaged_list_does_not_hide_the_others(lists: Path) -> None:
    (lists / "node_mappings.json").write_text("{")
    with open_index(str(lists)) as index:
        assert identifier_of(index.package("masks")) == "masks"
        assert "problem.node-data" in index.facts()


def test_a_list_that_was_replaced_makes_the_index_anew(lists: Path) -> None:
    open_index(str(lists)).close()
    changed = json.loads(json.dumps(NODE_DATA))
    changed["packages"]["newcomer"] = {}
    write_lists(lists, changed)
    with open_index(str(lists)) as index:
        assert identifier_of(index.package("newcomer")) == "newcomer"


def test_an_index_that_fits_is_not_made_again(lists: Path) -> None:
    open_index(str(lists)).close()
    before = (lists / INDEX).stat()
    open_index(str(lists)).close()
    assert (lists / INDEX).stat().st_ino == before.st_ino


@pytest.mark.parametrize("damage", [b"", b"SQLite format 3\0", b"x" * 5000])
def test_a_damaged_index_is_made_again(lists: Path, damage: bytes) -> None:
    open_index(str(lists)).close()
    (lists / INDEX).write_bytes(damage)
    with open_index(str(lists)) as index:
        assert identifier_of(index.package("masks")) == "masks"


def test_damage_that_only_shows_when_something_is_looked_up_is_mended_as_well(lists: Path) -> None:
    open_index(str(lists)).close()
    whole = (lists / INDEX).read_bytes()
    with open_index(str(lists)) as index:
        for number in range(1, len(whole) // 4096):
            content = bytearray(whole)
            content[number * 4096 : (number + 1) * 4096] = b"\xff" * 4096
            (lists / INDEX).write_bytes(content)
            with open_index(str(lists)) as damaged:
                assert damaged.candidates("DualNode") == index.candidates("DualNode")
                assert damaged.package("old-fancy") == index.package("old-fancy")


def test_an_index_of_another_schema_is_made_again(lists: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_index(str(lists)).close()
    before = (lists / INDEX).stat().st_ino
    monkeypatch.setattr("comfydock_core.repositories.node_data.list_files.SCHEMA_VERSION", 999)
    open_index(str(lists)).close()
    assert (lists / INDEX).stat().st_ino != before


def test_making_leaves_nothing_else_behind(lists: Path) -> None:
    make_index(str(lists))
    make_index(str(lists))
    assert sorted(path.name for path in lists.iterdir()) == [
        "custom-node-list.json", "extension-node-map.json", "node_index.sqlite", "node_mappings.json",
    ]  # fmt: skip


def test_readers_and_makers_do_not_disturb_each_other(lists: Path) -> None:
    answers: list[int] = []

    def work() -> None:
        for _ in range(10):
            make_index(str(lists))
            with open_index(str(lists)) as index:
                answers.append(len(index.candidates("DualNode")))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [3] * 40


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind the superuser")
def test_a_place_that_cannot_be_written_is_told(lists: Path) -> None:
    lists.chmod(0o500)
    try:
        with pytest.raises(FileSystemError):
            open_index(str(lists))
    finally:
        lists.chmod(0o700)


def test_notes_that_cannot_be_read_are_none(lists: Path) -> None:
    for content in ("", "[]", '{"node-data": {"url": 3}}', '{"node-data": {"url": "x", "state": ["a", 1]}}'):
        (lists / "sources.json").write_text(content)
        assert read_notes(str(lists)) == {}


def test_a_lookup_costs_a_small_part_of_reading_the_lists(tmp_path: Path) -> None:
    """As large as the real ones: 7,400 packs, 33,000 classes known by name and by signature."""
    write_lists(tmp_path, large_node_data(7400, 33_000), None, None)
    open_index(str(tmp_path)).close()
    began = time.perf_counter()
    json.loads((tmp_path / "node_mappings.json").read_bytes())
    reading = time.perf_counter() - began
    times = []
    for _ in range(5):
        began = time.perf_counter()
        with open_index(str(tmp_path)) as index:
            assert len(index.candidates("Class 32999")) == 2
        times.append(time.perf_counter() - began)
    assert min(times) < reading / 20


def test_the_real_lists_of_the_manager_have_all_their_classes(tmp_path: Path) -> None:
    for name in ("custom-node-list.json", "extension-node-map.json"):
        (tmp_path / name).symlink_to(shared_data("manager", name))
    with open_index(str(tmp_path)) as index:
        counts = index.counts()
        assert (counts["classes"], counts["refused"], counts["registry"]) == (40160, 39, 0)
        assert index.candidates("IPAdapterUnifiedLoader")[0].identifier == "ipadapter"
        assert [one.identifier for one in index.candidates("Fast Bypasser (rgthree)")] == ["rgthree"]
        assert index.candidates("KSampler")[0].identifier == "comfy-core"
        assert identifier_of(index.package_of_repository("https://github.com/ltdrdata/ComfyUI-Impact-Pack.git")) == (
            "comfyui-impact-pack"
        )


def test_a_list_with_one_entry_repeated_many_times_is_one_pack(tmp_path: Path) -> None:
    entry = MANAGER_LIST["custom_nodes"][1]
    write_lists(tmp_path, None, {"custom_nodes": [entry] * 50}, None)
    with open_index(str(tmp_path)) as index:
        assert index.counts()["packs"] == 1


def test_stars_and_the_last_change_come_from_the_counts_of_the_manager(tmp_path: Path) -> None:
    with open_index(str(write_lists(tmp_path, stats=MANAGER_STATS))) as index:
        fancy, masks = index.package("comfyui-fancy"), index.package("masks")
        assert fancy is not None
        assert masks is not None
        assert (fancy.stars, fancy.updated) == (12, 1785578400.0)
        assert masks.stars == 300


def test_a_pack_that_lists_classes_of_others_is_told_from_those_who_wrote_them(tmp_path: Path) -> None:
    first, second, both = (f"https://github.com/{name}/pack" for name in ("alice", "bob", "mega"))
    listed = {
        "custom_nodes": [{"title": one, "id": one.split("/")[3], "files": [one]} for one in (first, second, both)]
    }
    classes = {first: [["A", "B"], {}], second: [["C"], {}], both: [["A", "B", "C", "D"], {}]}
    stats = {first: {"stars": 50}, second: {"stars": 20}, both: {"stars": 3}}
    with open_index(str(write_lists(tmp_path, None, listed, classes, stats))) as index:
        found = {pack.identifier: (pack.classes, pack.copied, pack.copied_from) for pack in index.packs()}
    assert found == {"alice": (2, 0, 0), "bob": (1, 0, 0), "mega": (4, 3, 2)}


def test_a_class_that_is_claimed_says_so(index: NodeIndex) -> None:
    assert [(one.identifier, one.claimed) for one in index.candidates("Shared")] == [
        ("github_dave_No-Id", True), ("masks", False),
    ]  # fmt: skip
