"""Deleting environments, choosing the active one."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from comfydock_core.core.environment import Environment
from comfydock_core.core.workspace import Workspace
from comfydock_core.models.deletion import DeletionPlan
from comfydock_core.models.exceptions import (
    EnvironmentIncomplete,
    EnvironmentNotFound,
    NoActiveEnvironment,
)
from comfydock_core.utils.interruption import Terminated
from comfydock_core.utils.reporting import SilentReporter
from tests.support.reporters import RecordingReporter


def test_the_plan_of_a_deletion_counts_and_deletes_nothing(workspace: Workspace, demo: Environment) -> None:
    workspace.use("demo")
    plan = workspace.plan_deletion("demo")
    assert (plan.name, plan.path, plan.active) == ("demo", demo.layout.root, True)
    assert plan.files > 100
    assert plan.bytes > 10_000
    assert [step.action for step in plan.steps()] == ["delete", "unuse"]
    assert workspace.environment_names() == ["demo"]


def delete(workspace: Workspace, name: str = "demo") -> DeletionPlan:
    plan = workspace.plan_deletion(name)
    workspace.delete_environment(plan, SilentReporter())
    return plan


def test_a_deleted_environment_is_gone_and_models_stay(workspace: Workspace, demo: Environment) -> None:
    Path(workspace.layout.models, "m.safetensors").write_text("weights")
    read_only = Path(demo.layout.root, "locked")
    read_only.mkdir()
    (read_only / "file").write_text("")
    read_only.chmod(0o500)
    workspace.use("demo")
    delete(workspace)
    assert os.listdir(workspace.layout.environments) == []
    assert workspace.config().active_environment is None
    assert Path(workspace.layout.models, "m.safetensors").read_text() == "weights"
    with pytest.raises(EnvironmentNotFound):
        workspace.open_environment("demo")


def test_deleting_one_leaves_the_others_and_the_active_one(
    workspace: Workspace, make_environment: Callable[..., Environment]
) -> None:
    make_environment("one", torch_backend="none")
    make_environment("two", torch_backend="none", use=True)
    delete(workspace, "one")
    assert workspace.environment_names() == ["two"]
    assert workspace.config().active_environment == "two"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_deletion_is_finished_by_the_next_command(
    workspace: Workspace, demo: Environment, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    real = os.unlink

    def interrupted(path: str, *, dir_fd: int | None = None) -> None:
        monkeypatch.setattr(os, "unlink", real)
        os.kill(os.getpid(), number)
        real(path, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", interrupted)
    with pytest.raises((KeyboardInterrupt, Terminated)):
        delete(workspace)
    (left,) = os.listdir(workspace.layout.environments)
    assert left.startswith(".deleted-demo-")
    assert workspace.environment_names() == []
    os.makedirs(f"{workspace.layout.environments}/other/.cec")
    delete(workspace, "other")
    assert os.listdir(workspace.layout.environments) == []


def test_what_is_no_environment_is_not_deleted(workspace: Workspace) -> None:
    os.mkdir(f"{workspace.layout.environments}/mine")
    with pytest.raises(EnvironmentIncomplete):
        workspace.plan_deletion("mine")
    with pytest.raises(EnvironmentNotFound):
        workspace.plan_deletion("..")
    assert os.listdir(workspace.layout.environments) == ["mine"]


def test_leftovers_that_are_links_or_others_stay(workspace: Workspace, tmp_path: Path, demo: Environment) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    os.symlink(outside, f"{workspace.layout.environments}/.deleted-link")
    os.mkdir(f"{workspace.layout.environments}/.ops")
    reporter = RecordingReporter()
    workspace.delete_environment(workspace.plan_deletion("demo"), reporter)
    assert sorted(os.listdir(workspace.layout.environments)) == [".deleted-link", ".ops"]
    assert outside.is_dir()
    assert reporter.warnings == []


def test_use_chooses_and_refuses_what_does_not_exist(workspace: Workspace, demo: Environment) -> None:
    with pytest.raises(NoActiveEnvironment):
        workspace.open_environment(None)
    workspace.use("demo")
    assert workspace.open_environment(None).name == "demo"
    with pytest.raises(EnvironmentNotFound):
        workspace.use("nothing")
    assert workspace.config().active_environment == "demo"


def test_the_manifest_is_shown_as_it_is_written(demo: Environment) -> None:
    assert demo.manifest_text() == Path(demo.layout.manifest).read_text()
    assert demo.manifest()["tool"]["uv"]["package"] is False  # type: ignore[index]
