"""Two states of a definition are compared by what they mean, and told in words."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given

from comfydock_core.analyzers.definitions.comparing import DefinitionState, KnownClasses, compare_definitions
from comfydock_core.analyzers.definitions.wording import NOTHING, default_message
from comfydock_core.analyzers.definitions.workflow_locks import compare_workflow_locks
from comfydock_core.models.exceptions import ManifestDamaged
from comfydock_core.models.history.differences import DefinitionDifference
from comfydock_core.models.workflow.lock import (
    LockedClass,
    LockedComfyUI,
    LockedInput,
    LockedModel,
    LockedPack,
    WorkflowLock,
)
from comfydock_core.models.workflow.lock_text import lock_text
from tests.support.histories import MANIFEST, PACK, graph, loader, sampler

from .test_workflow_lock import LOCKS

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


# Locks of workflows

LOCKED = WorkflowLock(
    "portrait",
    LockedComfyUI("v0.3.60", "c" * 40),
    (LockedPack("fancy", "ComfyUI-Fancy", "registry", "1.0.0"), LockedPack("old", "Old", "git", commit="d" * 40)),
    (LockedClass("Blur", "fancy"), LockedClass("KSampler")),
    (LockedModel("vae", "a.safetensors", 1500, "a" * 64, "b" * 64), LockedModel("vae", "gone.safetensors", 7)),
    (LockedInput("face.png", 3, "e" * 64),),
)
PLACE = "workflow-locks/portrait.json"


def locks(before: WorkflowLock | str | None, after: WorkflowLock | str | None) -> DefinitionDifference:
    texts = [lock_text(one) if isinstance(one, WorkflowLock) else one for one in (before, after)]
    return compared(*({} if one is None else {PLACE: one} for one in texts))


def told(found: DefinitionDifference) -> list[tuple[str, str, str | None, str | None]]:
    (lock,) = found.locks
    assert (lock.workflow, lock.state, lock.problem) == ("portrait", "changed", None)
    return [(one.kind, one.name, one.before, one.after) for one in lock.entries]


def test_a_lock_is_told_by_what_it_pins() -> None:
    fancy = LockedPack("ComfyUI-Fancy", "ComfyUI-Fancy", "registry", "1.1.0", registry_id="fancy")
    after = replace(
        LOCKED,
        comfyui=LockedComfyUI("v0.3.64", "f" * 40),
        packs=(fancy, LockedPack("new", "New", "git", commit="9" * 40)),
        classes=(LockedClass("Blur", "new"), LockedClass("KSampler")),
        models=(LockedModel("vae", "a.safetensors", 1501, "9" * 64), LockedModel("loras", "b.safetensors", 8)),
        inputs=(),
    )
    assert told(locks(LOCKED, after)) == [
        ("comfyui", "ComfyUI", "v0.3.60 (cccccccccc)", "v0.3.64 (ffffffffff)"),
        ("pack", "ComfyUI-Fancy", "1.0.0", "1.1.0"),
        ("pack", "old", "d" * 10, None),
        ("pack", "new", None, "9" * 10),
        ("class", "Blur", "fancy", "new"),
        ("model", "loras/b.safetensors", None, "8 B"),
        ("model", "vae/a.safetensors", "1.5 kB (aaaaaaaaaa)", "1.5 kB (9999999999)"),
        ("model", "vae/gone.safetensors", "7 B", None),
        ("input", "face.png", "3 B (eeeeeeeeee)", None),
    ]


def test_a_model_that_got_a_source_is_told() -> None:
    model = replace(LOCKED.models[0], sources=("https://example.com/a",))
    found = locks(LOCKED, replace(LOCKED, models=(model, LOCKED.models[1])))
    assert told(found) == [("model", "vae/a.safetensors", "no source", "https://example.com/a")]


def test_evidence_in_a_lock_is_no_change_of_what_it_pins() -> None:
    classes = (replace(LOCKED.classes[0], evidence=("seen",)), LOCKED.classes[1])
    assert told(locks(LOCKED, replace(LOCKED, classes=classes))) == []


def test_a_lock_that_comes_or_goes_is_told_by_how_much_is_in_it() -> None:
    words = "2 node packs, 2 models, 1 input file"
    assert [(one.state, one.words) for one in locks(None, LOCKED).locks] == [("added", words)]
    assert [(one.state, one.words) for one in locks(LOCKED, None).locks] == [("removed", words)]


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": 99}', "\ud800"])
def test_a_lock_that_cannot_be_read_is_said(text: str) -> None:
    (found,) = compare_definitions(
        state({PLACE: lock_text(LOCKED)}),
        DefinitionState("v2", {PLACE: "x"}, {PLACE: text.encode("utf-8", "surrogatepass")}),
        KnownClasses,
    ).locks
    assert found.problem
    assert not found.entries


def test_locks_have_words_of_their_own() -> None:
    newer = replace(LOCKED, comfyui=LockedComfyUI("v0.3.64"), models=LOCKED.models[:1])
    assert default_message(locks(None, LOCKED)) == "lock workflow portrait"
    assert default_message(locks(LOCKED, None)) == "remove the lock of workflow portrait"
    assert default_message(locks(LOCKED, newer)) == (
        "lock workflow portrait anew (model vae/gone.safetensors, ComfyUI)"
    )


@given(LOCKS, LOCKS)
def test_any_two_locks_are_compared(one: WorkflowLock, other: WorkflowLock) -> None:
    assert compare_workflow_locks(one, one) == ()
    assert all(entry.before is not None or entry.after is not None for entry in compare_workflow_locks(one, other))
