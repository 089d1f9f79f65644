"""Two states of a definition are compared by what they mean, and told in words."""

from collections.abc import Mapping

import pytest

from comfydock_core.analyzers.definitions.comparing import DefinitionState, KnownClasses, compare_definitions
from comfydock_core.analyzers.definitions.wording import NOTHING, default_message
from comfydock_core.models.exceptions import ManifestDamaged
from comfydock_core.models.history.differences import DefinitionDifference
from tests.support.histories import MANIFEST, PACK, graph, loader, sampler

LOCK = 'version = 1\n[[package]]\nname = "numpy"\nversion = "{}"\n'


def state(files: Mapping[str, str | dict[str, object]]) -> DefinitionState:
    contents = {path: (text if isinstance(text, str) else _json(text)).encode() for path, text in files.items()}
    return DefinitionState("v1", {path: str(hash(content)) for path, content in contents.items()}, contents)


def _json(value: object) -> str:
    import json

    return json.dumps(value)


def compared(
    before: Mapping[str, str | dict[str, object]], after: Mapping[str, str | dict[str, object]]
) -> DefinitionDifference:
    return compare_definitions(state(before), state(after), KnownClasses)


def manifests(before: str, after: str) -> DefinitionDifference:
    return compared({"pyproject.toml": before}, {"pyproject.toml": after})


def pack(version: str, name: str = "impact") -> str:
    return PACK.format(name=name, version=version)


def test_nothing_differs_from_itself() -> None:
    files = {"pyproject.toml": MANIFEST + pack("1"), "uv.lock": LOCK.format("1"), "workflows/a.json": graph(sampler())}
    assert compared(files, files).is_empty


def test_comfyui_is_told_with_its_versions() -> None:
    found = manifests(MANIFEST, MANIFEST.replace("v0.3.60", "v0.3.64")).comfyui
    assert found is not None
    assert (found.before.version, found.after.version) == ("v0.3.60", "v0.3.64")


def test_packs_come_go_and_move() -> None:
    found = manifests(MANIFEST + pack("1") + pack("1", "old"), MANIFEST + pack("2") + pack("1", "new"))
    assert [(one.identifier, one.state) for one in found.packs] == [
        ("impact", "changed"),
        ("new", "added"),
        ("old", "removed"),
    ]


def test_a_pack_that_is_only_turned_off_is_told_as_that() -> None:
    found = manifests(MANIFEST + pack("1"), MANIFEST + pack("1") + "enabled = false\n")
    assert [one.is_switched for one in found.packs] == [True]


def test_packages_are_compared_by_the_lock() -> None:
    found = compared({"uv.lock": LOCK.format("1.0")}, {"uv.lock": LOCK.format("2.0")})
    assert found.packages.changed == (("numpy", "1.0", "2.0"),)


def test_a_lock_that_cannot_be_read_costs_only_itself() -> None:
    found = compared({"uv.lock": "[[", "a": "1"}, {"uv.lock": LOCK.format("2.0"), "a": "2"})
    assert len(found.problems) == 1
    assert [one.path for one in found.files] == ["a"]


def test_requirements_and_constraints_are_told_line_by_line() -> None:
    constrained = MANIFEST + '[tool.uv]\nconstraint-dependencies = ["pillow<11"]\n'
    found = manifests(MANIFEST, constrained.replace("numpy<2", "numpy<3"))
    assert [(one.before, one.after) for one in found.requirements] == [("numpy<2", "numpy<3")]
    assert [(one.before, one.after) for one in found.constraints] == [(None, "pillow<11")]


def test_a_key_without_words_of_its_own_is_a_setting() -> None:
    found = manifests(MANIFEST, MANIFEST.replace(">=3.11", ">=3.12"))
    assert [(one.key, one.after) for one in found.settings] == [("project.requires-python", '">=3.12"')]


def test_a_manifest_of_the_successor_of_1x_reads_as_ours() -> None:
    theirs = (MANIFEST + pack("1")).replace("tool.comfydock", "tool.comfygit")
    assert manifests(MANIFEST + pack("1"), theirs).is_empty


def test_a_damaged_manifest_is_a_named_error() -> None:
    with pytest.raises(ManifestDamaged, match="of v1"):
        manifests(MANIFEST, "[[")


def test_a_workflow_with_another_name_is_renamed() -> None:
    found = compared({"workflows/a.json": graph(sampler())}, {"workflows/sub/b.json": graph(sampler())})
    assert [(one.state, one.previous, one.name) for one in found.workflows] == [("renamed", "a", "sub/b")]


def test_a_workflow_that_is_none_is_told_with_the_reason() -> None:
    found = compared({"workflows/a.json": "{"}, {"workflows/a.json": graph(sampler())})
    assert [one.problem is not None for one in found.workflows] == [True]


def test_the_message_names_one_and_counts_several() -> None:
    before = {"pyproject.toml": MANIFEST, "workflows/portrait.json": graph(sampler(steps=20))}
    after = {
        "pyproject.toml": MANIFEST + pack("1") + pack("1", "other"),
        "workflows/portrait.json": graph(sampler(steps=30)),
    }
    assert default_message(compared(before, after)) == "add 2 packs, update workflow portrait"


def test_the_message_about_one_pack_has_its_version() -> None:
    assert default_message(manifests(MANIFEST + pack("1"), MANIFEST + pack("2"))) == "update pack impact to 2"


def test_the_message_about_a_quiet_workflow_does_not_call_it_updated() -> None:
    found = compared({"workflows/a.json": graph(sampler(seed=1))}, {"workflows/a.json": graph(sampler(seed=2))})
    assert default_message(found) == "save the layout of workflow a"


def test_the_message_about_nothing_says_so() -> None:
    assert default_message(DefinitionDifference()) == NOTHING


def test_names_of_others_cannot_break_the_line_of_a_message() -> None:
    found = compared({}, {"workflows/a\n\x1b[31mb.json": graph(loader("x"))})
    assert default_message(found) == "add workflow a [31mb"
