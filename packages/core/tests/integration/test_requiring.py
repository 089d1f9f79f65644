"""Requirements that uv writes into a manifest, with real uv and real indexes."""

import pytest

from comfydock_core.models.exceptions import RequirementsConflict
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.uv_lock import read_lock
from tests.support.indexes import OLD, ORDINARY, Indexes
from tests.support.machines import Machine, files_of


def test_back_ends_are_locked_again_when_something_changes_that_pytorch_requires(machine: Machine) -> None:
    machine.write()
    machine.lock(ORDINARY)
    machine.project.add(["einops>=0.1"], machine.reporter)
    assert machine.project.relock(ORDINARY, machine.reporter).locked == ()
    machine.project.add(["older-numpy"], machine.reporter)  # Asks for an older numpy, which torchvision requires.
    assert machine.project.relock(ORDINARY, machine.reporter).locked == (ORDINARY,)


def test_only_the_manifest_changes_until_the_locks_are_made(machine: Machine) -> None:
    machine.write()
    machine.lock(ORDINARY)
    before = files_of(machine.definition)
    machine.project.add(["kornia"], machine.reporter, bounds="exact")
    after = files_of(machine.definition)
    assert {path for path in after if after[path] != before.get(path)} == {"pyproject.toml"}
    assert "kornia==0.8.2" in read_manifest(f"{machine.definition}/pyproject.toml")["project"]["dependencies"]  # type: ignore[index, operator]
    machine.project.remove(["kornia"], machine.reporter)
    assert files_of(machine.definition) == before


def test_what_does_not_fit_changes_nothing(machine: Machine) -> None:
    machine.write()
    machine.lock(ORDINARY)
    before = files_of(machine.definition)
    with pytest.raises(RequirementsConflict):
        machine.project.add(["numpy>99"], machine.reporter)
    assert files_of(machine.definition) == before


def test_without_resolving_the_indexes_are_asked_nothing(machine: Machine, indexes: Indexes) -> None:
    machine.write()
    machine.lock(OLD)
    indexes.requests.clear()
    machine.project.add(["kornia", "never-heard-of"], machine.reporter, resolve=False)
    machine.project.remove(["never-heard-of"], machine.reporter)
    assert indexes.requests == []
    assert "kornia" in read_manifest(f"{machine.definition}/pyproject.toml")["project"]["dependencies"]  # type: ignore[index, operator]


def test_what_is_resolved_for_the_bounds_is_not_resolved_again_for_the_lock(
    machine: Machine, indexes: Indexes, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.write()
    project = machine.project
    machine.lock(ORDINARY)
    monkeypatch.setenv("UV_NO_CACHE", "1")  # Whatever is resolved asks the indexes then.
    project.add(["kornia"], machine.reporter)
    assert any("kornia" in path for path in indexes.requests)
    indexes.requests.clear()
    project.relock(ORDINARY, machine.reporter)
    assert read_lock(f"{machine.definition}/uv.lock").versions()["kornia"] == {"0.8.2"}
    assert [path for path in indexes.requests if "kornia" in path] == []


def test_what_was_taken_back_is_not_locked_although_it_was_resolved(machine: Machine) -> None:
    machine.write()
    project = machine.project
    machine.lock(ORDINARY)
    project.add(["kornia"], machine.reporter)
    project.remove(["kornia"], machine.reporter)
    project.relock(ORDINARY, machine.reporter)
    assert "kornia" not in read_lock(f"{machine.definition}/uv.lock").versions()
