"""What counts as other than locked, by what both sides know."""

from dataclasses import replace

import pytest
from hypothesis import given

from comfydock_core.models.workflow.lock import (
    LockedClass,
    LockedComfyUI,
    LockedInput,
    LockedModel,
    LockedPack,
    WorkflowLock,
)
from comfydock_core.validation.lock_comparison import compare_locks

from .test_workflow_lock import LOCKS

A, B = "a" * 64, "b" * 64
PACK = LockedPack("fancy", "ComfyUI-Fancy", "registry", "1.0.0", None, A, "https://github.com/alice/Fancy")
LOCK = WorkflowLock(
    "portrait",
    LockedComfyUI("v0.3.60", "c" * 40),
    (PACK,),
    (LockedClass("Blur", "fancy", "installed"), LockedClass("KSampler", None, "built-in")),
    (LockedModel("vae", "a.safetensors", 1500, A, B),),
    (LockedInput("face.png", 3, A, B),),
)


def messages(now: WorkflowLock, locked: WorkflowLock = LOCK) -> list[str]:
    return [one.message for one in compare_locks(locked, now)]


def model(now: LockedModel, locked: LockedModel = LOCK.models[0]) -> list[str]:
    return messages(replace(LOCK, models=(now,)), replace(LOCK, models=(locked,)))


def pack(now: LockedPack, locked: LockedPack = PACK) -> list[str]:
    classes = (LockedClass("Blur", now.id, "installed"), LOCK.classes[1])
    return messages(replace(LOCK, packs=(now,), classes=classes), replace(LOCK, packs=(locked,)))


@given(LOCKS)
def test_a_lock_made_twice_differs_in_nothing_but_what_was_never_known(lock: WorkflowLock) -> None:
    assert all("was not here when it was locked" in one.message for one in compare_locks(lock, lock))


def test_packs_that_share_a_name_are_told_apart() -> None:
    fork = LockedPack("fork", "fancy", "git", None, "d" * 40)
    assert messages(replace(LOCK, packs=(fork, PACK)), replace(LOCK, packs=(fork, PACK))) == []
    newer = replace(PACK, version="1.1.0")
    (message,) = messages(replace(LOCK, packs=(fork, newer)), replace(LOCK, packs=(fork, PACK)))
    assert "`fancy` is at" in message


@given(LOCKS, LOCKS)
def test_any_two_locks_are_compared(one: WorkflowLock, other: WorkflowLock) -> None:
    assert all(difference.message for difference in compare_locks(one, other))


def test_digests_that_nobody_knows_now_are_no_difference() -> None:
    assert model(LockedModel("vae", "a.safetensors", 1500)) == []
    assert model(LockedModel("vae", "a.safetensors", 1500, A)) == []


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (LockedModel("vae", "a.safetensors"), "is not here"),
        (LockedModel("vae", "a.safetensors", 1501), "1.5 kB (1501 bytes), locked with 1.5 kB (1500 bytes)"),
        (LockedModel("vae", "a.safetensors", 1500, B), "another content: bbbbbbbbbb, locked as aaaaaaaaaa"),
        (LockedModel("vae", "a.safetensors", 1500, None, A), "another content"),
        (LockedModel("loras", "a.safetensors", 1500, A, B), "not use"),
    ],
)
def test_another_file_is_a_difference(now: LockedModel, words: str) -> None:
    assert words in " ".join(model(now))


def test_a_model_that_was_missing_is_compared_by_the_digest_that_was_known() -> None:
    missing = LockedModel("vae", "a.safetensors", sha256=B, problem="it is not here")
    assert model(LockedModel("vae", "a.safetensors", 7, A, B), missing) == []
    assert "another content" in model(LockedModel("vae", "a.safetensors", 7, B, A), missing)[0]
    assert model(missing, missing) == []
    assert "was not here" in model(LOCK.models[0], replace(missing, sha256=None))[0]


def test_a_pack_is_the_same_whatever_its_directory_and_identifier_are() -> None:
    assert pack(replace(PACK, id="fancy2", directory="other")) == []
    assert pack(replace(PACK, directory="other", repository=None)) == []
    assert pack(replace(PACK, id="ComfyUI-Fancy", repository="git@github.com:alice/fancy.git")) == []
    another = replace(PACK, id="another", directory="another", repository="https://github.com/bob/Fancy")
    assert pack(another) == ["`Blur` is from `another`, locked from `fancy`"]


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (replace(PACK, version="2.0.0"), "`fancy` is at 2.0.0, locked at 1.0.0"),
        (replace(PACK, archive_sha256=B), "locked at 1.0.0"),
        (replace(PACK, version=None, archive_sha256=None, commit="d" * 40), "is at dddddddddd, locked at 1.0.0"),
    ],
)
def test_another_version_of_a_pack_is_a_difference(now: LockedPack, words: str) -> None:
    assert words in " ".join(pack(now))


def test_a_class_that_came_or_went_is_a_difference() -> None:
    gone = replace(LOCK, classes=(LockedClass("Blur", None, problem="nothing here defines it"), LOCK.classes[1]))
    assert messages(gone) == ["nothing here defines `Blur`, locked from `fancy`"]
    assert messages(LOCK, gone) == ["`Blur` was not here when it was locked, and is from `fancy`"]
    assert messages(gone, gone) == []
    assert messages(replace(LOCK, classes=LOCK.classes[:1])) == ["the workflow does not use `KSampler` any more"]
    assert messages(replace(LOCK, classes=(*LOCK.classes, LockedClass("New")))) == ["`New` is not in the lock"]


def test_another_comfyui_is_a_difference_and_an_unknown_one_is_none() -> None:
    other = replace(LOCK, comfyui=LockedComfyUI("v0.4.0", "d" * 40))
    assert messages(other) == ["ComfyUI is at dddddddddd (v0.4.0), locked at cccccccccc (v0.3.60)"]
    assert messages(replace(LOCK, comfyui=LockedComfyUI())) == []
