"""Lists, found packs and reasons in words."""

import pytest

from comfydock_cli.formatters.registry_formatter import age_text, state_text
from comfydock_cli.formatters.search_formatter import hits_text
from comfydock_cli.formatters.why_formatter import reasons_text
from comfydock_core.models.packs.node_data import DataState, KnownPack, PackHit, SourceState
from comfydock_core.models.packs.pack_needs import (
    Asker,
    ClassReason,
    Need,
    PackageReason,
    PackNeed,
    PackReason,
    Reasons,
    UnreadWorkflow,
)
from comfydock_core.utils.text import some


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "less than a minute"), (60, "1 minute"), (7199, "1 hour"), (86_400, "1 day"), (864_000, "10 days")],
)
def test_ages_are_told_in_their_largest_unit(seconds: float, text: str) -> None:
    assert age_text(seconds) == text


def test_old_lists_and_what_was_left_out_of_them_are_told() -> None:
    counts = {"packs": 1, "registry": 0, "classes": 2, "refused": 0}
    source = SourceState("manager-list", "https://x", "/x", present=True, size=2000, skipped=3)
    assert state_text(DataState((source,), counts, 864_000.0, stale=True)).splitlines() == [
        "ComfyUI-Manager's packs    2.0 kB, 3 of its entries left out",
        "1 node pack, 2 node classes",
        "checked 10 days ago, which is a long time",
    ]


def test_a_found_pack_is_a_mark_its_names_and_lines_that_fit() -> None:
    pack = KnownPack("id", "Its Name", "registry", description="word " * 100, stars=7)
    hit = PackHit(pack, 1.0, classes=("A", "B", "C", "D"), installed=True)
    lines = hits_text([hit], 40).splitlines()
    assert lines[:2] == ["* id  Its Name  (7 stars)", "    has A, B, C and 1 more"]
    assert (len(lines[2]) <= 40, lines[2].endswith("…")) == (True, True)
    assert hits_text([PackHit(KnownPack("Id", "id", "registry"), 1.0)], 5) == "  Id\n"


def test_a_pack_that_is_only_perhaps_needed_says_why() -> None:
    need = PackNeed("a", "A", "perhaps", tracked=False, doubts=("this", "that"))
    assert reasons_text(Reasons("a", packs=(PackReason(need),))).splitlines() == [
        "node pack a, which the manifest does not have",
        "  no workflow is seen to need it, but",
        "    this",
        "    that",
    ]


def test_a_pack_tells_its_workflows_one_by_one_and_its_group() -> None:
    needs = (Need("one", "X"), Need("one", "Y"), Need("two", "X"))
    reason = PackReason(PackNeed("a", "A", "needed", needs=needs), group="a-00000000", requirements=("numpy", "six"))
    assert reasons_text(Reasons("a", packs=(reason,))).splitlines() == [
        "node pack a",
        "  needed by the workflow one: X, Y",
        "  needed by the workflow two: X",
        "  asks for numpy, six",
    ]
    unneeded = PackReason(PackNeed("a", "A", "unneeded"))
    assert reasons_text(Reasons("a", packs=(unneeded,))).splitlines()[1:] == ["  no workflow needs it"]


def test_a_package_tells_everybody_who_asks_for_it() -> None:
    askers = tuple(
        Asker(kind, "name", "p>=1") for kind in ("comfyui", "user", "pack", "group", "backend", "constraint")
    )
    origins = ((Asker("comfyui", "", "a"), Asker("pack", "Fancy", "a>1"), Asker("group", "tools", "a")),)
    reason = PackageReason("p", (), askers, (("a", "b", "p"),), origins)
    assert reasons_text(Reasons("p", packages=(reason,))).splitlines() == [
        "Python package p, which is not locked",
        "  ComfyUI asks for `p>=1`",
        "  you asked for `p>=1`",
        "  the node pack name asks for `p>=1`",
        "  the group name has `p>=1`",
        "  PyTorch for name has `p>=1`",
        "  a constraint says `p>=1`",
        "  through a > b > p, requested by ComfyUI, the node pack Fancy, the group tools",
    ]


def test_a_class_and_workflows_that_could_not_be_read() -> None:
    unread = (UnreadWorkflow("w", "/w.json", "it is not JSON"),)
    reasons = Reasons("K", classes=(ClassReason("K", built_in=True),), unread=unread)
    assert reasons_text(reasons).splitlines() == [
        "node class K",
        "  part of ComfyUI",
        "the workflow w could not be read: it is not JSON",
    ]


def test_many_names_are_counted() -> None:
    assert some([str(number) for number in range(10)]) == "0, 1, 2, 3, 4, 5, 6, 7 and 2 more"
