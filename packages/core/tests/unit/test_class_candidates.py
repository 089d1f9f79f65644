"""Which pack a class is from: each kind of evidence, and what is decided by it."""

import random
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comfydock_core.models.packs.defined_classes import DefinedClasses
from comfydock_core.models.packs.node_use import NodeUse
from comfydock_core.models.shared import NodeInfo
from comfydock_core.models.workflow import ClassChoices, ClassResolution, ResolutionResult
from comfydock_core.repositories.node_data.node_index import NodeIndex, open_index
from comfydock_core.resolvers.class_candidates import AUTO_MARGIN, resolve_classes
from comfydock_core.resolvers.installed_packs import InstalledPack, InstalledPacks
from tests.support.node_lists import large_node_data, write_lists

OWN = frozenset({"KSampler", "Note"})
DATA = {
    "package_aliases": {"old-fancy": "comfyui-fancy"},
    "mappings": {
        "FancyBlur::_": [{"package_id": "comfyui-fancy", "rank": 1}],
        "Twins::9d128a1d": [{"package_id": "twin-a", "rank": 1}],
        "Twins::_": [{"package_id": "twin-b", "rank": 1}],
        "Versioned::_": [{"package_id": "twin-a", "rank": 1}, {"package_id": "twin-b", "rank": 2}],
    },
    "packages": {
        "comfyui-fancy": {
            "display_name": "Fancy", "repository": "https://github.com/alice/ComfyUI-Fancy",
            "versions": {"1.0.0": {}},
        },
        "twin-a": {"display_name": "Twin A", "repository": "https://github.com/a/twin", "versions": {"2.1.0": {}}},
        "twin-b": {"display_name": "Twin B", "repository": "https://github.com/b/twin", "versions": {}},
    },
}  # fmt: skip


def of(owner: str, name: str) -> str:
    return f"https://github.com/{owner}/{name}"


ORIGINAL, MEGA, OTHER = of("author", "ComfyUI-Original"), of("mega", "all-nodes"), of("other", "Other_Nodes_ComfyUI")
SCRIPTS, CLAIMER, FAMOUS, SINGLE = (
    of("me", "scripts"),
    of("small", "claimer"),
    of("big", "famous"),
    "https://x.example/a.py",
)
LISTED = {
    "custom_nodes": [
        {"title": url.rpartition("/")[2], "files": [url]}
        for url in (ORIGINAL, MEGA, OTHER, SCRIPTS, CLAIMER, FAMOUS, SINGLE)
    ]
}
CLASSES = {
    ORIGINAL: [["Orig1", "Orig2", "Orig3", "OnlyOrig"], {}],
    OTHER: [["Other1", "Other2"], {}],
    MEGA: [["Orig1", "Orig2", "Orig3", "Other1", "Other2", "Claimed"], {}],
    SCRIPTS: [["Scripted"], {"nodename_pattern": r" \(me\)$"}],
    CLAIMER: [["Claimed"], {"preemptions": ["Claimed"]}],
    FAMOUS: [["Claimed", "Common", "FamousOnly"], {"nodename_pattern": "Sampler"}],
    SINGLE: [["InOneFile"], {}],
    "https://github.com/comfyanonymous/ComfyUI": [["KSampler", "NewerBuiltIn", "Common"], {}],
}
STATS = {
    ORIGINAL: {"stars": 500, "last_update": "2026-01-01 00:00:00"},
    MEGA: {"stars": 20, "last_update": "2026-06-01 00:00:00"},
    OTHER: {"stars": 300, "last_update": "2021-01-01 00:00:00"},
    FAMOUS: {"stars": 9000},
}
ORIGINAL_ID, MEGA_ID, OTHER_ID = (
    "github_author_ComfyUI-Original",
    "github_mega_all-nodes",
    "github_other_Other_Nodes_ComfyUI",
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeIndex]:
    directory = write_lists(tmp_path_factory.mktemp("lists"), DATA, LISTED, CLASSES, STATS)
    with open_index(str(directory)) as opened:
        yield opened


def resolve(index: NodeIndex | None, *uses: NodeUse | str, **others: object) -> ResolutionResult:
    every = [NodeUse(use) if isinstance(use, str) else use for use in uses]
    return resolve_classes(every, own=OWN, knowledge=index, **others)  # type: ignore[arg-type]


def one(index: NodeIndex | None, *uses: NodeUse | str, **others: object) -> ClassResolution:
    """What is found of the first of these uses."""
    name = uses[0] if isinstance(uses[0], str) else uses[0].type
    found = resolve(index, *uses, **others).of(name)
    assert found is not None
    return found


def decided(found: ClassResolution) -> tuple[str, str | None]:
    return found.decided_by, None if found.decided is None else found.decided.identifier


def kinds(found: ClassResolution, identifier: str) -> dict[str, float]:
    """The evidence for a candidate, by kind."""
    candidate = next(one for one in found.candidates if one.identifier == identifier)
    assert candidate.score == pytest.approx(sum(reason.weight for reason in candidate.reasons))
    return {reason.kind: reason.weight for reason in candidate.reasons}


def here(identifier: str, names: set[str], repository: str | None = None, editor: set[str] | None = None,
         doubts: tuple[str, ...] = ()) -> InstalledPack:  # fmt: skip
    classes = DefinedClasses(frozenset(names) | frozenset(editor or ()), doubts, frozenset(editor or ()))
    release = NodeInfo(identifier, identifier, "git", "1", repository=repository) if repository else None
    return InstalledPack(identifier, identifier, True, f"/x/{identifier}", classes, release)


# What the user chose.


def test_a_choice_goes_before_everything_and_that_of_the_workflow_before_that_of_the_environment(
    index: NodeIndex,
) -> None:
    use = NodeUse("FancyBlur", cnr_id="comfyui-fancy")
    choices = ClassChoices({"FancyBlur": "twin-a"}, {"FancyBlur": "twin-b", "Orig1": MEGA})
    assert decided(one(index, use, choices=choices)) == ("chosen", "twin-a")
    assert decided(one(index, "Orig1", choices=choices)) == ("chosen", MEGA)
    assert decided(one(index, "KSampler", choices=ClassChoices({"KSampler": "mine"}))) == ("chosen", "mine")


def test_a_class_that_was_said_to_need_no_pack_has_none_and_still_its_candidates(index: NodeIndex) -> None:
    found = one(index, "FancyBlur", choices=ClassChoices({"FancyBlur": False}, {"FancyBlur": "twin-a"}))
    assert decided(found) == ("optional", None)
    assert not found.is_open
    assert [candidate.identifier for candidate in found.candidates] == ["comfyui-fancy"]


def test_choices_for_classes_that_are_gone_can_be_told() -> None:
    assert list(ClassChoices({"B": False, "A": "x", "C": "y"}).unused(["C"])) == ["A", "B"]


# What ComfyUI has.


def test_classes_of_comfyui_and_its_editor_need_no_pack(index: NodeIndex) -> None:
    assert [decided(found) for found in resolve(index, "Note", "KSampler").classes] == [("built-in", None)] * 2


def test_a_class_of_another_comfyui_is_built_in_and_says_so(index: NodeIndex) -> None:
    for use in (NodeUse("NewerBuiltIn"), NodeUse("NewestBuiltIn", cnr_id="comfy-core")):
        found = one(index, use)
        assert (decided(found), found.is_open) == (("built-in", None), False)
        assert "another version" in found.notes[0]


def test_a_node_that_says_comfyui_is_doubted_where_a_pack_has_the_class(index: NodeIndex) -> None:
    found = one(index, NodeUse("FamousOnly", cnr_id="comfy-core"))
    assert (decided(found), found.is_open) == (("evidence", None), True)


# What is here.


def test_a_pack_that_is_here_serves_a_class_wherever_the_workflow_was_saved(index: NodeIndex) -> None:
    packs = InstalledPacks([here("fork", {"FancyBlur"})], index)
    found = one(index, NodeUse("FancyBlur", cnr_id="comfyui-fancy"), installed=packs)
    assert decided(found) == ("installed", "fork")
    assert found.notes == ("the workflow was saved with `comfyui-fancy`",)
    assert found.decided is not None
    assert found.decided.installed == "fork"


def test_of_two_packs_that_are_here_the_one_that_was_saved_with_is_taken(index: NodeIndex) -> None:
    packs = InstalledPacks([here("aaa", {"Twins"}), here("twin-b", {"Twins"}, of("b", "twin"))], index)
    found = one(index, NodeUse("Twins", cnr_id="twin-b"), installed=packs)
    assert decided(found) == ("installed", "twin-b")
    assert found.notes == ("`aaa`, which is here too, has a class of this name",)


def test_a_node_of_the_editor_alone_is_known_for_what_it_is(index: NodeIndex) -> None:
    packs = InstalledPacks([here("notes", set(), editor={"Label (me)"})], index)
    found = one(index, "Label (me)", installed=packs)
    assert (decided(found), found.editor_only) == (("installed", "notes"), True)


def test_a_pack_that_is_here_without_the_class_is_less_likely_and_one_that_cannot_be_read_more(
    index: NodeIndex,
) -> None:
    sure = InstalledPacks([here("comfyui-fancy", {"Else"})], index)
    unsure = InstalledPacks([here("comfyui-fancy", {"Else"}, doubts=("a.py:1: x",))], index)
    scores = [one(index, "FancyBlur", installed=packs).candidates[0].score for packs in (sure, None, unsure)]
    assert scores == sorted(scores)
    assert len(set(scores)) == 3


# What the nodes say of their origin.


@pytest.mark.parametrize("name", ["comfyui-fancy", "ComfyUI-Fancy", "old-fancy"])
def test_an_identifier_counts_in_any_case_and_by_an_older_name(index: NodeIndex, name: str) -> None:
    found = one(index, NodeUse("FancyBlur", cnr_id=name, version="1.0.0"))
    assert decided(found) == ("evidence", "comfyui-fancy")
    assert {"saved-with", "version", "listed"} <= set(kinds(found, "comfyui-fancy"))
    assert found.decided is not None
    assert found.decided.version == "1.0.0"


@pytest.mark.parametrize("name", ["comfyui-original", "ORIGINAL", "original-comfyui", "comfyui_original"])
def test_an_identifier_of_the_registry_is_recognised_by_the_name_of_the_repository(index: NodeIndex, name: str) -> None:
    found = one(index, NodeUse("OnlyOrig", cnr_id=name))
    assert decided(found) == ("evidence", ORIGINAL_ID)
    assert found.decided is not None
    assert found.decided.registry_id == name


def test_a_class_that_no_list_has_is_from_the_pack_that_other_classes_of_its_identifier_are_from(
    index: NodeIndex,
) -> None:
    found = one(index, NodeUse("Unlisted", cnr_id="comfyui-original"), NodeUse("OnlyOrig", cnr_id="comfyui-original"))
    assert decided(found) == ("evidence", ORIGINAL_ID)


def test_a_repository_counts_however_it_is_spelled(index: NodeIndex) -> None:
    assert decided(one(index, NodeUse("Orig1", aux_id="Mega/All-Nodes"))) == ("evidence", MEGA_ID)


def test_a_repository_of_the_same_name_under_another_owner_moved_or_is_a_fork(index: NodeIndex) -> None:
    found = one(index, NodeUse("OnlyOrig", aux_id="elsewhere/ComfyUI-Original"))
    assert decided(found) == ("evidence", ORIGINAL_ID)
    assert "same-name" in kinds(found, ORIGINAL_ID)
    assert found.notes == ("the workflow was saved with `elsewhere/ComfyUI-Original`",)


def test_an_identifier_and_a_repository_that_no_list_has_are_one_pack(index: NodeIndex) -> None:
    found = one(index, NodeUse("Private", cnr_id="mine", aux_id="Me/Private-Nodes"))
    assert decided(found) == ("evidence", "https://github.com/Me/Private-Nodes")
    assert (len(found.candidates), found.candidates[0].registry_id) == (1, "mine")


def test_a_pack_that_no_list_has_is_told_by_its_identifier(index: NodeIndex) -> None:
    assert decided(one(index, NodeUse("Private", cnr_id="Mine"))) == ("evidence", "Mine")


def test_an_origin_that_no_address_can_have_says_nothing(index: NodeIndex) -> None:
    for aux_id in ("../..", "a/..", "a/b/c", "https://evil.example/x", "a b/c", "", "x" * 5000):
        assert decided(one(index, NodeUse("Nowhere", aux_id=aux_id))) == ("unknown", None)


def test_nothing_is_decided_against_a_known_pack_that_the_nodes_name(index: NodeIndex) -> None:
    """The lists do not give it the class, but they may be older than the workflow."""
    found = one(index, NodeUse("OnlyOrig", cnr_id="twin-b"), NodeUse("Orig1", cnr_id="original"), "Orig2")
    assert found.best is not None
    assert (found.best.identifier, found.margin > AUTO_MARGIN) == (ORIGINAL_ID, True)
    assert (found.contested, found.decided, found.is_open) == (True, None, True)
    assert found.notes == ("the workflow was saved with `twin-b`",)
    assert kinds(found, "twin-b")["not-listed"] < 0


def test_a_version_that_the_registry_has_speaks_for_the_pack(index: NodeIndex) -> None:
    assert kinds(one(index, NodeUse("Twins", cnr_id="twin-a", version="2.1.0")), "twin-a")["version"] > 0
    assert "version" not in kinds(one(index, NodeUse("Twins", cnr_id="twin-a", version="9")), "twin-a")


def test_what_is_here_has_the_best_score(index: NodeIndex) -> None:
    packs = InstalledPacks([here("unknown-fork", {"FancyBlur"})], index)
    found = one(index, "FancyBlur", installed=packs)
    assert [candidate.identifier for candidate in found.candidates] == ["unknown-fork", "comfyui-fancy"]


# What the lists and the workflow say.


def test_the_inputs_of_a_node_tell_packs_apart(index: NodeIndex) -> None:
    assert "inputs" in kinds(one(index, NodeUse("Twins", signatures=("9d128a1d",))), "twin-a")
    assert decided(one(index, NodeUse("Twins", signatures=("9d128a1d",)))) == ("evidence", "twin-a")
    assert decided(one(index, "Twins")) == ("evidence", None)


def test_other_classes_of_the_workflow_speak_for_a_pack(index: NodeIndex) -> None:
    alone, together = one(index, "Other1"), one(index, "Other1", "Other2")
    assert kinds(together, OTHER_ID)["workflow"] > 0
    assert "workflow" not in kinds(alone, OTHER_ID)


def test_nodes_that_were_saved_with_a_pack_speak_for_others_of_it(index: NodeIndex) -> None:
    found = one(index, "Versioned", NodeUse("Twins", cnr_id="twin-b"))
    assert decided(found) == ("evidence", "twin-b")
    assert "neighbours" in kinds(found, "twin-b")


def test_an_author_goes_before_one_who_lists_the_classes_of_many(index: NodeIndex) -> None:
    for node_type, author in (("Orig1", ORIGINAL_ID), ("Other1", OTHER_ID)):
        found = one(index, node_type)
        assert decided(found) == ("evidence", author)
        assert kinds(found, MEGA_ID)["copies"] < 0


def test_a_claim_outweighs_what_is_better_known(index: NodeIndex) -> None:
    assert kinds(one(index, "Claimed"), "github_small_claimer")["claimed"] > 0


def test_how_classes_are_called_tells_their_pack_when_no_list_names_them(index: NodeIndex) -> None:
    found = one(index, "Never listed (me)")
    assert kinds(found, "github_me_scripts") == {"pattern": 12.0}
    assert decided(found) == ("evidence", None)  # Too little to act on.
    assert decided(one(index, "Never listed (me)", "Scripted")) == ("evidence", "github_me_scripts")


def test_a_pack_that_nobody_changed_for_years_loses_a_little(index: NodeIndex) -> None:
    assert kinds(one(index, "Other1"), OTHER_ID)["age"] == -3.0


def test_what_cannot_be_added_is_never_decided_on(index: NodeIndex) -> None:
    found = one(index, "InOneFile")
    assert (decided(found), found.candidates[0].refusal) == (("evidence", None), "single-file")


def test_a_class_that_nobody_knows_is_open(index: NodeIndex) -> None:
    found = one(index, "Nowhere")
    assert (decided(found), found.is_open, found.margin) == (("unknown", None), True, 0.0)


def test_without_lists_the_nodes_and_what_is_here_are_believed() -> None:
    packs = InstalledPacks([here("mine", {"A"})], None)
    found = resolve(None, "A", NodeUse("B", cnr_id="named"), "C", installed=packs)
    assert [decided(found.of(name)) for name in "ABC"] == [  # type: ignore[arg-type]
        ("installed", "mine"), ("evidence", "named"), ("unknown", None),
    ]  # fmt: skip


# The whole.


def test_a_result_has_its_packs_once_and_what_is_open(index: NodeIndex) -> None:
    found = resolve(index, "Orig1", "Orig2", "FancyBlur", "Twins", "Nowhere", "Note")
    assert [pack.identifier for pack in found.packs] == ["comfyui-fancy", ORIGINAL_ID]
    assert found.classes_of(ORIGINAL_ID) == ("Orig1", "Orig2")
    assert [one.type for one in found.open] == ["Nowhere", "Twins"]
    assert [one["type"] for one in found.as_dict()["classes"]] == [one.type for one in found.classes]  # type: ignore[attr-defined]


_TYPES = st.sampled_from(
    ["Orig1", "Orig2", "Other1", "Claimed", "Twins", "Versioned", "FancyBlur", "Nowhere", "A (me)", "Common"]
)
_ORIGINS = st.sampled_from([None, "comfyui-fancy", "OLD-fancy", "twin-a", "comfy-core", "original", "nobody"])
_PLACES = st.sampled_from([None, "a/twin", "Author/comfyui-original", "moved/ComfyUI-Original", "no/body", "bad"])
_USES = st.lists(
    st.builds(NodeUse, _TYPES, _ORIGINS, _PLACES, st.sampled_from([None, "1.0.0", "abc"]),
              st.sampled_from([(), ("9d128a1d",), ("00000000", "9d128a1d")])),
    max_size=12,
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(uses=_USES, seed=st.integers(0, 2**16))
def test_the_order_of_nodes_and_packs_does_not_matter(index: NodeIndex, uses: list[NodeUse], seed: int) -> None:
    packs = [
        here("twin-a", {"Twins"}, of("a", "twin")),
        here("aaa", {"Twins", "Orig1"}),
        here("b", set(), editor={"A (me)"}),
    ]
    mixed, others = list(uses), list(packs)
    random.Random(seed).shuffle(mixed)
    random.Random(seed).shuffle(others)
    first = resolve(index, *uses, installed=InstalledPacks(packs, index))
    assert first == resolve(index, *mixed, installed=InstalledPacks(others, index))
    for found in first.classes:
        scores = [one.score for one in found.candidates]
        assert scores == sorted(scores, reverse=True)
        assert len({one.identifier for one in found.candidates}) == len(scores)
        if found.decided_by == "evidence" and found.decided is not None:
            assert found.margin >= AUTO_MARGIN


def test_a_class_with_very_many_candidates_keeps_the_best_fifty(tmp_path: Path) -> None:
    classes = {of("o", f"pack-{number}"): [["Popular"], {}] for number in range(300)}
    with open_index(str(write_lists(tmp_path, None, None, classes))) as index:
        assert len(one(index, "Popular").candidates) == 50


def test_a_large_workflow_is_resolved_in_a_small_part_of_the_time_that_indexing_takes(tmp_path: Path) -> None:
    """40,000 classes of 7,400 packs, and a workflow of 500 classes."""
    write_lists(tmp_path, large_node_data(7400, 40_000), None, None)
    began = time.perf_counter()
    with open_index(str(tmp_path)) as index:
        indexing = time.perf_counter() - began
        uses = [NodeUse(f"Class {number * 79}") for number in range(500)]
        times = []
        for _ in range(3):
            began = time.perf_counter()
            found = resolve(index, *uses)
            times.append(time.perf_counter() - began)
    assert all(one.candidates for one in found.classes)
    assert min(times) < indexing / 5


def test_several_uses_of_one_class_are_one(index: NodeIndex) -> None:
    named, bare = NodeUse("Twins", cnr_id="twin-b", signatures=("1",)), NodeUse("Twins", signatures=("9d128a1d",))
    for uses in ((named, bare), (bare, named)):
        found = resolve(index, *uses)
        assert len(found.classes) == 1
        assert {"inputs", "listed"} <= set(kinds(found.classes[0], "twin-a"))
        assert replace(found.classes[0]).best.identifier == "twin-b"  # type: ignore[union-attr]
