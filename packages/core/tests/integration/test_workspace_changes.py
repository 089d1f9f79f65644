"""Deleting, renaming and choosing environments, and taking that back."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from comfydock_core.core.environment import Environment
from comfydock_core.core.usecases.workspace.operations import find_operation
from comfydock_core.core.workspace import Workspace
from comfydock_core.models.environments.deletion import DeletionPlan
from comfydock_core.models.exceptions import (
    AcrossFileSystems,
    EnvironmentExists,
    EnvironmentIncomplete,
    EnvironmentNotFound,
    InvalidName,
    NoActiveEnvironment,
    NotUndoable,
    OperationNotFound,
)
from comfydock_core.models.operation import Initiator, Swap
from comfydock_core.models.packages.python_packages import PackageRequest
from comfydock_core.utils.interruption import Terminated
from comfydock_core.utils.reporting import SilentReporter
from tests.support.sessions import names_in, tree

Make = Callable[..., Environment]

INITIATOR = Initiator(("test",))
SILENT = SilentReporter()


def names(workspace: Workspace) -> list[str]:
    return names_in(Path(workspace.layout.environments))


def use(workspace: Workspace, name: str) -> None:
    workspace.environments.use(name, workspace.environments.plan_use(name), INITIATOR, SILENT)


def delete(workspace: Workspace, name: str = "demo", *, purge: bool = False) -> DeletionPlan:
    plan = workspace.environments.plan_deletion(name, purge=purge)
    workspace.environments.delete(plan, INITIATOR, SILENT)
    return plan


def rename(workspace: Workspace, name: str, new_name: str) -> None:
    workspace.environments.rename(workspace.environments.plan_renaming(name, new_name), INITIATOR, SILENT)


def undo(workspace: Workspace, wanted: str | None = None) -> None:
    operations = workspace.operations(None)
    operations.undo(operations.plan_undo(wanted), INITIATOR, SILENT)


def test_the_plan_of_a_deletion_counts_and_deletes_nothing(workspace: Workspace, demo: Environment) -> None:
    use(workspace, "demo")
    plan = workspace.environments.plan_deletion("demo")
    assert (plan.name, plan.path, plan.active) == ("demo", demo.layout.root, True)
    assert plan.files > 100
    assert plan.bytes > 10_000
    assert plan.freed > 0
    assert [step.action for step in plan.change.work] == ["delete", "unuse"]
    assert [step.sign for step in plan.change.steps if isinstance(step, Swap)] == ["-", "~"]
    assert workspace.environment_names() == ["demo"]


def test_a_deleted_environment_is_gone_and_models_stay(workspace: Workspace, demo: Environment) -> None:
    Path(workspace.layout.models, "m.safetensors").write_text("weights")
    read_only = Path(demo.layout.root, "locked")
    read_only.mkdir()
    (read_only / "file").write_text("")
    read_only.chmod(0o500)
    use(workspace, "demo")
    delete(workspace)
    assert names(workspace) == []
    assert workspace.config().active_environment is None
    assert Path(workspace.layout.models, "m.safetensors").read_text() == "weights"
    with pytest.raises(EnvironmentNotFound):
        workspace.open_environment("demo")


def test_undoing_a_deletion_brings_everything_back_and_undoing_that_takes_it_away(
    workspace: Workspace, demo: Environment
) -> None:
    use(workspace, "demo")
    before = tree(Path(demo.layout.root))
    delete(workspace)
    undo(workspace)
    assert tree(Path(demo.layout.root)) == before
    assert workspace.config().active_environment == "demo"
    assert demo.status().in_sync
    undo(workspace)
    assert (names(workspace), workspace.config().active_environment) == ([], None)
    undo(workspace)
    assert tree(Path(demo.layout.root)) == before


def test_a_purged_environment_is_gone_for_good(workspace: Workspace, demo: Environment) -> None:
    delete(workspace, purge=True)
    kept = [path for path in Path(workspace.layout.environments).rglob("*") if path.is_file()]
    assert {path.name for path in kept} == {
        "lock",
        "number",
        "reserve",
        "journal",
    }  # Of the creation, and nothing of `demo`.
    with pytest.raises(NotUndoable):
        undo(workspace)


def test_deleting_one_leaves_the_others_and_the_active_one(workspace: Workspace, make_environment: Make) -> None:
    make_environment("one", torch_backend="none")
    make_environment("two", torch_backend="none", use=True)
    delete(workspace, "one")
    assert workspace.environment_names() == ["two"]
    assert workspace.config().active_environment == "two"


def test_a_deleted_environment_outlives_many_small_changes_and_goes_after_three_large_ones(
    workspace: Workspace, make_environment: Make
) -> None:
    make_environment("one", torch_backend="none")
    make_environment("two", torch_backend="none")
    delete(workspace, "one")
    for _ in range(5):
        use(workspace, "two")
    number = next(record.id for record in workspace.operations(None).all() if record.steps[0].before is not None)  # type: ignore[union-attr]
    undo(workspace, number)
    assert names(workspace) == ["one", "two"]
    for name in ("one", "two"):
        delete(workspace, name)
    make_environment("three", torch_backend="none")
    delete(workspace, "three")
    make_environment("four", torch_backend="none")
    with pytest.raises(OperationNotFound):
        undo(workspace, number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_purge_is_finished_by_the_next_command(
    workspace: Workspace, demo: Environment, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    real = os.rmdir

    def interrupted(path: str, *, dir_fd: int | None = None) -> None:
        monkeypatch.setattr(os, "rmdir", real)
        os.kill(os.getpid(), number)
        real(path, dir_fd=dir_fd)

    monkeypatch.setattr(os, "rmdir", interrupted)
    with pytest.raises((KeyboardInterrupt, Terminated)):
        delete(workspace, purge=True)
    trash = Path(workspace.layout.environments, ".ops", ".trash")
    assert len(list(trash.iterdir())) == 1
    assert workspace.environment_names() == []
    os.makedirs(f"{workspace.layout.environments}/other/.cec")
    delete(workspace, "other")
    assert list(trash.iterdir()) == []


def test_what_is_no_environment_is_not_deleted(workspace: Workspace) -> None:
    os.mkdir(f"{workspace.layout.environments}/mine")
    with pytest.raises(EnvironmentIncomplete):
        workspace.environments.plan_deletion("mine")
    with pytest.raises(EnvironmentNotFound):
        workspace.environments.plan_deletion("..")
    assert names(workspace) == ["mine"]


def test_an_environment_that_is_a_link_elsewhere_loses_the_link_only(
    workspace: Workspace, demo: Environment, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    os.rename(demo.layout.root, outside)
    os.symlink(outside, demo.layout.root)
    before = tree(outside)
    delete(workspace, purge=True)
    assert (names(workspace), tree(outside)) == ([], before)


def test_use_chooses_and_refuses_what_does_not_exist(workspace: Workspace, demo: Environment) -> None:
    with pytest.raises(NoActiveEnvironment):
        workspace.open_environment(None)
    use(workspace, "demo")
    assert workspace.open_environment(None).name == "demo"
    with pytest.raises(EnvironmentNotFound):
        use(workspace, "nothing")
    assert workspace.config().active_environment == "demo"


def test_undoing_a_choice_gives_the_one_before(workspace: Workspace, make_environment: Make) -> None:
    make_environment("one", torch_backend="none", use=True)
    make_environment("two", torch_backend="none")
    use(workspace, "two")
    undo(workspace)
    assert workspace.config().active_environment == "one"


def test_a_renamed_environment_works_under_its_new_name_with_its_log(workspace: Workspace, demo: Environment) -> None:
    use(workspace, "demo")
    log = Path(workspace.layout.log_file("demo"))
    log.parent.mkdir(parents=True)
    log.write_text("before\n")
    rename(workspace, "demo", "other")
    assert names(workspace) == ["other"]
    assert workspace.config().active_environment == "other"
    assert Path(workspace.layout.log_file("other")).read_text() == "before\n"
    other = workspace.open_environment("other")
    assert other.status().in_sync
    assert other.run(["--quick-test-for-ci"], SILENT) == 0
    undo(workspace)
    assert names(workspace) == ["demo"]
    assert log.read_text() == "before\n"


@pytest.mark.parametrize(
    ("new_name", "error"), [("two", EnvironmentExists), ("../x", InvalidName), ("models", InvalidName)]
)
def test_a_name_that_cannot_be_taken_is_refused(
    workspace: Workspace, make_environment: Make, new_name: str, error: type[Exception]
) -> None:
    make_environment("one", torch_backend="none")
    make_environment("two", torch_backend="none")
    with pytest.raises(error):
        workspace.environments.plan_renaming("one", new_name)
    assert names(workspace) == ["one", "two"]


def test_what_was_changed_since_is_not_undone(workspace: Workspace, demo: Environment) -> None:
    delete(workspace)
    os.mkdir(demo.layout.root)
    with pytest.raises(NotUndoable, match="again"):
        undo(workspace)
    os.rmdir(demo.layout.root)
    undo(workspace)
    assert names(workspace) == ["demo"]


def test_settings_on_another_disk_are_refused_with_a_reason(
    workspace: Workspace, demo: Environment, small_disk: Callable[[str], Path]
) -> None:
    disk = small_disk("size=1m")
    metadata = Path(workspace.layout.metadata)
    content = (metadata / "workspace.json").read_text()
    shutil.rmtree(metadata)
    metadata.symlink_to(disk)
    (disk / "workspace.json").write_text(content)
    with pytest.raises(AcrossFileSystems, match="another file system"):
        use(workspace, "demo")


def test_the_last_change_is_undone_although_the_clock_went_back(
    workspace: Workspace, make_environment: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_environment("one", torch_backend="none")
    make_environment("two", torch_backend="none", use=True)
    monkeypatch.setattr("comfydock_core.repositories.operation_log._now", lambda: "1999-12-31T23:59:59+00:00")
    delete(workspace, "one")
    monkeypatch.undo()
    undo(workspace)
    assert workspace.environment_names() == ["one", "two"]


@pytest.mark.parametrize("last", ["environment", "workspace"])
def test_of_two_scopes_the_last_change_is_undone_although_the_clock_went_back(
    workspace: Workspace, make_environment: Make, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    make_environment("one", torch_backend="none")
    two = make_environment("two", torch_backend="none", use=True)

    def change() -> None:
        plan = workspace.packages.plan("two", PackageRequest("constrain", ("mini-math<3",)), SilentReporter())
        workspace.packages.change(plan, INITIATOR, SilentReporter())

    def remove() -> None:
        delete(workspace, "one")

    first, second = (remove, change) if last == "environment" else (change, remove)
    first()
    monkeypatch.setattr("comfydock_core.repositories.operation_log._now", lambda: "1999-12-31T23:59:59+00:00")
    second()
    monkeypatch.undo()
    scopes = (workspace.layout.environments, two.layout.root)
    undone = find_operation(scopes, None)
    assert undone.scope == (two.layout.root if last == "environment" else workspace.layout.environments)
