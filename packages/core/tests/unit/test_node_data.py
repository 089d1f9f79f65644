"""Reading the lists of known node packs, which may hold anything."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.models.node_mapping import NodeMapping
from comfydock_core.models.packs.node_data import ARCHIVE, BAD_ADDRESS, SINGLE_FILE
from comfydock_core.repositories.node_data.node_index_building import put_together, write_index
from comfydock_core.repositories.node_data.published import (
    read_manager_list,
    read_manager_map,
    read_node_data,
    refusal_of,
)
from comfydock_core.repositories.node_data.published_values import UnusableList
from tests.support.node_lists import MANAGER_LIST, MANAGER_MAP, NODE_DATA
from tests.support.shared import shared_data

READERS = (read_node_data, read_manager_list, read_manager_map)

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
ADDRESSES = st.sampled_from(
    ["https://github.com/a/b", "https://github.com/A/B.git", "htps://x", "https://git.example/a", "", "\ud800", "["]
)
NAMES = st.sampled_from(["a", "A", "b", "x" * 400, "two\nlines", "\ud800", " ", "comfyui-fancy"])
CANDIDATE = st.fixed_dictionaries(
    {}, optional={"package_id": NAMES | ANYTHING, "rank": ANYTHING, "versions": ANYTHING, "source": ANYTHING}
)
PACKAGE = st.fixed_dictionaries(
    {},
    optional={
        "display_name": ANYTHING,
        "repository": ADDRESSES | ANYTHING,
        "github_stars": ANYTHING,
        "versions": ANYTHING,
        "source": st.sampled_from(["manager", None, 3]),
    },
)
DATA = st.fixed_dictionaries(
    {
        "packages": st.dictionaries(NAMES, PACKAGE | ANYTHING, max_size=4) | ANYTHING,
        "mappings": st.dictionaries(
            st.builds("{}::{}".format, NAMES, st.sampled_from(["_", "9d128a1d", "zz"])) | st.text(max_size=5),
            st.lists(CANDIDATE, max_size=3) | CANDIDATE | ANYTHING,
            max_size=4,
        )
        | ANYTHING,
    },
    optional={"package_aliases": st.dictionaries(NAMES, NAMES, max_size=4) | ANYTHING, "version": ANYTHING},
)
LIST = st.fixed_dictionaries(
    {
        "custom_nodes": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "files": st.lists(ADDRESSES, max_size=2) | ANYTHING,
                    "id": NAMES | ANYTHING,
                    "title": ANYTHING,
                    "reference": ADDRESSES | ANYTHING,
                    "install_type": ANYTHING,
                },
            )
            | ANYTHING,
            max_size=4,
        )
        | ANYTHING
    }
)
MAP = st.dictionaries(
    ADDRESSES | st.text(max_size=5),
    st.tuples(
        st.lists(NAMES | ANYTHING, max_size=3),
        st.fixed_dictionaries({}, optional={"preemptions": ANYTHING, "nodename_pattern": ANYTHING}) | ANYTHING,
    )
    | ANYTHING,
    max_size=4,
)


def encoded(value: object) -> bytes:
    return json.dumps(value).encode()


@given(st.binary(max_size=60) | ANYTHING.map(encoded))
def test_readers_refuse_or_read_whatever_they_get(content: bytes) -> None:
    for reader in READERS:
        try:
            reader(content)
        except UnusableList:
            continue


@given(DATA, LIST, MAP)
def test_whatever_is_read_can_be_put_together_and_indexed(data: object, listed: object, classes: object) -> None:
    found: list[object] = []
    for reader, value in zip(READERS, (data, listed, classes), strict=True):
        try:
            found.append(reader(encoded(value)))
        except UnusableList:
            found.append(None if reader is read_node_data else ([], 0))
    known = put_together(found[0], found[1][0], found[2][0])  # type: ignore[arg-type, index]
    write_index(":memory:", known, {})
    assert all(candidate.identifier in known.packs for _, candidate in known.classes)
    assert set(known.repositories.values()) <= set(known.packs)


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{}", b"[" * 100_000, b"1" * 5000, b'{"packages": []}'])
def test_what_is_no_list_is_refused(content: bytes) -> None:
    for reader in READERS:
        with pytest.raises(UnusableList):
            reader(content)


def test_node_data_is_read_with_what_it_says() -> None:
    data = read_node_data(encoded(NODE_DATA))
    fancy = data.packs["comfyui-fancy"]
    assert (fancy.name, fancy.stars, fancy.source) == ("ComfyUI-Fancy", 10, "registry")
    assert [(one.version, one.deprecated, one.dependencies) for one in fancy.versions] == [
        ("1.0.0", False, ("six>=1.0",)),
        ("0.9.0", True, ()),
    ]
    assert ("DualNode", NodeMapping("pack-a", "9d128a1d", 1)) in data.classes
    assert ("DualNode", NodeMapping("comfyui-fancy", "", 1)) in data.classes  # One object, as older data has it.
    assert data.aliases == {"old-fancy": "comfyui-fancy"}
    assert data.skipped == 0


def test_what_is_wrong_in_the_node_data_is_left_out_and_counted() -> None:
    data = read_node_data(
        encoded(
            {
                "packages": {"fine": {"github_stars": "many", "display_name": None, "description": 3}, "not": 1},
                "mappings": {"A::_": [{"package_id": "fine", "rank": None}], "B::_": None, "C": [], "D::_": [{}]},
            }
        )
    )
    assert (data.packs["fine"].name, data.packs["fine"].stars, data.packs["fine"].description) == ("fine", None, "")
    assert data.classes == [("A", NodeMapping("fine", "", 999))]
    assert data.skipped == 4


@pytest.mark.parametrize("stars", [-1, 2**70, True, 1.5, "10", None, []])
def test_numbers_that_cannot_be_counted_with_are_left_out(stars: object) -> None:
    data = read_node_data(encoded({"packages": {"p": {"github_stars": stars}}, "mappings": {}}))
    assert data.packs["p"].stars is None


def test_of_packs_that_have_one_class_the_one_that_was_listed_first_goes_first() -> None:
    entries = [{"files": [f"https://github.com/a/{name}"], "id": name} for name in ("z", "m", "a")]
    classes = {f"https://github.com/a/{name}": [["Copied"], {}] for name in ("a", "m", "z")}
    known = put_together(
        None, read_manager_list(encoded({"custom_nodes": entries}))[0], read_manager_map(encoded(classes))[0]
    )
    assert [(found.identifier, found.rank) for _, found in known.classes] == [("z", 1), ("m", 2), ("a", 3)]


def test_what_comfyui_has_itself_goes_before_the_most_popular_pack() -> None:
    data = {"packages": {"p": {"repository": "https://github.com/a/p", "github_stars": 9000}}, "mappings": {}}
    classes = {"https://github.com/a/p": [["K"], {}], "https://github.com/Comfy-Org/ComfyUI.git": [["K"], {}]}
    known = put_together(read_node_data(encoded(data)), [], read_manager_map(encoded(classes))[0])
    assert [found.identifier for _, found in known.classes] == ["comfy-core", "p"]


def test_aliases_lead_to_their_end_and_circles_lead_nowhere() -> None:
    aliases = {"a": "b", "b": "c", "x": "y", "y": "x", "to-circle": "x"}
    data = read_node_data(encoded({"packages": {"c": {}}, "mappings": {}, "package_aliases": aliases}))
    assert data.aliases == {"a": "c", "b": "c"}


def test_texts_cannot_steer_a_terminal_and_very_long_ones_are_cut() -> None:
    pack = {"display_name": "Red\x1b[31m\nPack", "description": "x" * 100_000}
    data = read_node_data(encoded({"packages": {"p": pack, "bad\x1b[2J": {}}, "mappings": {}}))
    assert list(data.packs) == ["p"]
    assert data.packs["p"].name == "Red [31m Pack"
    assert len(data.packs["p"].description) == 2000


@pytest.mark.parametrize(
    ("address", "kind", "refusal"),
    [
        ("https://github.com/a/b", "git-clone", None),
        ("https://github.com/a/b.git", "Git-Clone", None),
        ("https://github.com/a/b", "copy", None),
        ("https://git.example/a/b", "git", None),
        ("https://raw.githubusercontent.com/a/b/main/c.py", "copy", SINGLE_FILE),
        ("https://github.com/a/b/raw/refs/heads/main/c.PY", "git-clone", SINGLE_FILE),
        ("https://civitai.com/api/download/models/25114", "unzip", ARCHIVE),
        ("htps://github.com/a/b", "git-clone", BAD_ADDRESS),
        ("https://[broken", "git-clone", BAD_ADDRESS),
        ("a/b", "git-clone", BAD_ADDRESS),
        ("https://git.example", "git-clone", BAD_ADDRESS),
        ("", "", BAD_ADDRESS),
    ],
)
def test_what_cannot_be_added_says_why(address: str, kind: str, refusal: str | None) -> None:
    assert refusal_of(address, kind) == refusal


def test_the_node_data_goes_before_the_lists_of_the_manager() -> None:
    known = put_together(
        read_node_data(encoded(NODE_DATA)),
        read_manager_list(encoded(MANAGER_LIST))[0],
        read_manager_map(encoded(MANAGER_MAP))[0],
    )
    by_class: dict[str, list[NodeMapping]] = {}
    for name, found in known.classes:
        by_class.setdefault(name, []).append(found)
    assert [found.source for found in by_class["FancyBlur"]] == ["registry"]
    assert by_class["FancyEdge"] == [NodeMapping("comfyui-fancy", "", 1, "manager")]
    assert [found.identifier for found in by_class["Shared"]] == ["github_dave_No-Id", "masks"]  # It claims the class.
    assert by_class["KSampler"] == [NodeMapping("comfy-core", "", 1, "comfyui")]
    assert known.aliases["fancy-of-manager"] == "comfyui-fancy"


def test_every_entry_of_the_managers_real_list_is_a_pack_or_says_why_not() -> None:
    entries, skipped = read_manager_list(shared_data("manager", "custom-node-list.json").read_bytes())
    classes, unread = read_manager_map(shared_data("manager", "extension-node-map.json").read_bytes())
    known = put_together(None, entries, [])
    assert (len(entries), skipped, unread) == (5896, 0, 0)
    refused = [pack.refusal for pack in known.packs.values() if pack.refusal]
    assert {reason: refused.count(reason) for reason in set(refused)} == {SINGLE_FILE: 36, ARCHIVE: 3}
    assert len(known.packs) + known.again == len(entries)
    assert known.again == 4
    addresses = [name for name, pack in known.packs.items() if "://" in name and not pack.refusal]
    assert addresses == ["https://git.mmaker.moe/mmaker/sd-webui-color-enhance"]
    assert len({name for found in classes for name in found.names}) == 40160


def test_the_real_node_data_is_read_without_loss() -> None:
    data = read_node_data(shared_data("registry", "node_mappings.excerpt.json").read_bytes())
    assert (len(data.packs), data.skipped) == (5, 0)
    assert len({(name, found.signature) for name, found in data.classes}) == 13
    assert data.aliases == {"comfyui_ryanontheinside": "comfyui_ryanonyheinside"}
