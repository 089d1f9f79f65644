"""Locks of workflows as text, and read again."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.exceptions import WorkflowLockDamaged
from comfydock_core.models.workflow.lock import (
    LockedClass,
    LockedComfyUI,
    LockedInput,
    LockedModel,
    LockedPack,
    WorkflowLock,
)
from comfydock_core.models.workflow.lock_text import LockInvalid, LockNewer, lock_of, lock_text, lock_values
from comfydock_core.repositories.workflow_locks import WorkflowLocks

DIGEST = "0123456789abcdef" * 4
LOCK = WorkflowLock(
    "portrait",
    LockedComfyUI("v0.3.60", "c" * 40),
    (LockedPack("fancy", "ComfyUI-Fancy", "registry", "1.0.0", None, DIGEST),),
    (LockedClass("FancyBlur", "fancy", "installed", ("it is installed",)), LockedClass("KSampler")),
    (LockedModel("vae", "a.safetensors", 7, DIGEST, DIGEST, {"kind": "vae"}, ("https://example.com/a",)),),
    (LockedInput("face ☃.png", 3, DIGEST, DIGEST), LockedInput("gone.png", problem="it is not here")),
)

TEXTS = st.text(max_size=8)
MAYBE = st.none() | TEXTS
DIGESTS = st.none() | st.text("0123456789abcdef", min_size=64, max_size=64)
SIZES = st.none() | st.integers(0, (1 << 63) - 1)
FLAGS = st.booleans()
LISTS = st.lists(TEXTS, max_size=3).map(tuple)
HEADERS = st.dictionaries(TEXTS, TEXTS | st.integers(), max_size=3)


def all_of(made):
    return st.lists(made, max_size=4).map(tuple)


LOCKS = st.builds(
    WorkflowLock,
    TEXTS,
    st.builds(LockedComfyUI, MAYBE, MAYBE, MAYBE, MAYBE),
    all_of(st.builds(LockedPack, TEXTS, TEXTS, MAYBE, MAYBE, MAYBE, DIGESTS, MAYBE, MAYBE, FLAGS, MAYBE)),
    all_of(st.builds(LockedClass, TEXTS, MAYBE, MAYBE, LISTS, FLAGS, MAYBE)),
    all_of(st.builds(LockedModel, TEXTS, TEXTS, SIZES, DIGESTS, DIGESTS, HEADERS, LISTS, FLAGS, MAYBE)),
    all_of(st.builds(LockedInput, TEXTS, SIZES, DIGESTS, DIGESTS, MAYBE)),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["schema", "models"]), inner),
)


@given(LOCKS)
def test_a_lock_is_read_as_it_was_written(lock: WorkflowLock) -> None:
    text = lock_text(lock)
    assert text.endswith("}\n")
    assert json.loads(text)["schema"] == 1
    read = lock_of(json.loads(text))
    for part in ("packs", "classes", "models", "inputs"):
        there, wanted = getattr(read, part), getattr(lock, part)
        assert len(there) == len(wanted)
        assert all(one in wanted for one in there)
    assert (read.workflow, read.comfyui) == (lock.workflow, lock.comfyui)
    assert lock_text(read) == text


@given(LOCKS, st.randoms(use_true_random=False))
def test_the_order_of_what_was_found_does_not_change_the_text(lock: WorkflowLock, chance: random.Random) -> None:
    def mixed(entries: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(chance.sample(entries, len(entries)))

    other = replace(lock, packs=mixed(lock.packs), classes=mixed(lock.classes), models=mixed(lock.models))
    assert lock_text(other) == lock_text(lock)


@given(JSON)
def test_anything_else_is_refused_in_words(values: object) -> None:
    try:
        lock_of(values)
    except LockInvalid as error:
        assert str(error)


@given(st.data())
def test_a_lock_with_any_value_replaced_is_read_or_refused(data: st.DataObject) -> None:
    values = json.loads(lock_text(LOCK))
    holder = values
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(holder[key], dict | list) or not holder[key] or data.draw(st.booleans()):
            holder[key] = data.draw(JSON)
            break
        holder = holder[key]
    try:
        lock_of(values)
    except LockInvalid as error:
        assert str(error)


@pytest.mark.parametrize(
    ("part", "value", "words"),
    [
        ("schema", True, "schema"),
        ("comfyui", [], "`comfyui` is not an object"),
        ("models", {}, "`models` is not a list"),
        ("models", [{"name": 1}], "`name` of `models\\[0\\]` is not a text"),
        ("models", [{"name": "a", "size": -1}], "number of bytes"),
        ("models", [{"name": "a", "size": True}], "number of bytes"),
        ("models", [{"name": "a", "blake3": "A" * 64}], "digest of 64 digits"),
        ("models", [{"name": "a", "sources": "x"}], "list of texts"),
        ("models", [{"name": "a", "header": {"a": []}}], "texts and numbers"),
        ("classes", [{"type": "a", "optional": 1}], "neither true nor false"),
    ],
)
def test_what_is_damaged_is_told_by_its_place(part: str, value: object, words: str) -> None:
    with pytest.raises(LockInvalid, match=words):
        lock_of({**lock_values(LOCK), part: value})


def test_a_lock_of_a_newer_comfydock_is_told_apart() -> None:
    with pytest.raises(LockNewer, match="newer ComfyDock"):
        lock_of({**lock_values(LOCK), "schema": 2, "models": "of another form"})


def test_half_a_character_is_written_as_an_escape() -> None:
    lock = replace(LOCK, workflow="\udcff")
    assert lock_of(json.loads(lock_text(lock).encode())).workflow == "\udcff"


def test_entries_with_a_problem_count_unless_they_stop_nothing() -> None:
    optional = LockedModel("embeddings", "x", optional=True, problem="it is not here")
    assert list(replace(LOCK, models=(*LOCK.models, optional)).problems()) == [("input", "gone.png", "it is not here")]


def written(tmp_path: Path, content: bytes) -> WorkflowLocks:
    locks = WorkflowLocks(EnvironmentLayout(str(tmp_path)))
    path = Path(locks.path("deep/er"))
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return locks


def test_a_lock_lies_where_its_workflow_does_below_its_directory(tmp_path: Path) -> None:
    locks = written(tmp_path, lock_text(LOCK).encode())
    assert (tmp_path / ".cec/workflow-locks/deep/er.json").is_file()
    read = locks.read("deep/er")
    assert read is not None
    assert lock_text(read) == lock_text(LOCK)
    assert locks.read("deep") is None
    assert locks.read("deep/er.json/below") is None


@pytest.mark.parametrize("content", [b"", b"\xff", b"[1", b"[" * 100_000, b"{}", b'{"schema": 1}', b"9" * 10_000])
def test_a_damaged_lock_is_an_error_that_names_the_file(tmp_path: Path, content: bytes) -> None:
    locks = written(tmp_path, content)
    with pytest.raises(WorkflowLockDamaged) as caught:
        locks.read("deep/er")
    assert "deep/er.json" in caught.value.message


def test_a_newer_lock_is_an_error_that_leads_to_an_update(tmp_path: Path) -> None:
    locks = written(tmp_path, b'{"schema": 99}')
    with pytest.raises(WorkflowLockDamaged) as caught:
        locks.read("deep/er")
    assert "self update" in (caught.value.hint or "")
