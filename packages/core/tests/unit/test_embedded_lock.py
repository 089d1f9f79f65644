"""What a lock in a workflow's own file tells of its models."""

from dataclasses import replace

import pytest

from comfydock_core.analyzers.workflows.embedded_lock import LockedModels, embedded_lock, with_lock
from comfydock_core.models.workflow.dependencies import ModelReference, WorkflowDependencies
from comfydock_core.models.workflow.lock import LockedModel, WorkflowLock
from comfydock_core.models.workflow.lock_text import lock_values
from comfydock_core.models.workflow.prompt_view import NamedModel

A, B = "a" * 64, "b" * 64
LOCKED = LockedModel("vae", "x.safetensors", 5, A, B, sources=("https://example.com/x",))
USE = ModelReference("1", "VAELoader", "vae_name", "x.safetensors", ("vae",))


def told(reference: ModelReference, *models: LockedModel) -> ModelReference:
    needs = WorkflowDependencies(models=(reference,))
    return with_lock(needs, WorkflowLock("w", models=models)).models[0]


def test_a_model_that_the_workflow_says_nothing_of_gets_address_and_digest() -> None:
    assert told(USE, LOCKED).named == NamedModel(
        "x.safetensors", "vae", "https://example.com/x", hash=B, hash_type="SHA256"
    )


def test_what_the_workflow_says_itself_stays() -> None:
    own = NamedModel("x.safetensors", "vae", "https://example.com/own", "c" * 64, "BLAKE3", "/nodes/0")
    assert told(replace(USE, named=own), LOCKED).named == own
    assert told(replace(USE, named=replace(own, url=None)), LOCKED).named == replace(own, url=LOCKED.sources[0])


def test_a_lock_that_knows_nothing_of_a_model_adds_nothing() -> None:
    assert told(USE, LockedModel("vae", "x.safetensors", problem="it is not here")) == USE
    assert told(USE, replace(LOCKED, name="y.safetensors")) == USE


def test_the_folder_decides_between_entries_of_one_name() -> None:
    other = replace(LOCKED, folder="loras")
    models = LockedModels(WorkflowLock("w", models=(other, LOCKED)))
    assert models.of(USE) == LOCKED
    assert models.of(replace(USE, folders=("checkpoints",))) is None
    assert LockedModels(WorkflowLock("w", models=(other,))).of(USE) == other


def test_where_a_class_is_not_known_the_lock_tells_the_folder() -> None:
    assert told(replace(USE, folders=()), LOCKED).folders == ("vae",)


@pytest.mark.parametrize("raw", [{}, {"extra": None}, {"extra": []}, {"extra": {"ds": 1}}])
def test_most_workflows_carry_none(raw: dict[str, object]) -> None:
    found = embedded_lock(raw)
    assert (found.lock, found.problem) == (None, None)


@pytest.mark.parametrize("value", [None, 1, "x", [], {}, {"schema": 99}, {"schema": 1, "workflow": "w"}])
def test_what_is_no_lock_is_told_with_its_place(value: object) -> None:
    found = embedded_lock({"extra": {"comfydock": value}})
    assert found.lock is None
    assert found.problem is not None
    assert found.problem.place == "/extra/comfydock"


def test_a_lock_is_read() -> None:
    lock = WorkflowLock("w", models=(LOCKED,))
    assert embedded_lock({"extra": {"comfydock": lock_values(lock)}}).lock == lock
