"""Making workspaces."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from comfydock_core.core.usecases.workspace import initialising
from comfydock_core.core.workspace import Workspace
from comfydock_core.models.exceptions import FileSystemError, InvalidSetting, WorkspaceExists

DIRECTORIES = [".metadata", "comfydock_cache", "environments", "logs", "models"]


def test_a_new_workspace_has_its_directories_and_its_configuration(tmp_path: Path) -> None:
    plan = Workspace.plan_initialisation(str(tmp_path / "new" / "workspace"))
    assert not (tmp_path / "new").exists()
    workspace = Workspace.initialise(plan)
    assert sorted(os.listdir(workspace.layout.root)) == DIRECTORIES
    config = json.loads(Path(workspace.layout.config_file).read_text())
    assert config["version"] == 1
    assert config["global_model_directory"]["path"] == workspace.layout.models
    assert workspace.config().active_environment is None
    assert [step.action for step in plan.steps()] == ["create"] * 6 + ["write"]


def test_links_in_the_path_are_resolved(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    plan = Workspace.plan_initialisation(str(tmp_path / "link" / "w"), str(tmp_path / "link"))
    assert (plan.root, plan.models_directory) == (str(tmp_path / "real" / "w"), str(tmp_path / "real"))


def test_a_workspace_or_anything_else_in_the_way_is_refused(tmp_path: Path) -> None:
    Workspace.initialise(Workspace.plan_initialisation(str(tmp_path / "w")))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("keep")
    (tmp_path / "file").write_text("keep")
    for name in ("w", "mine", "file"):
        with pytest.raises(WorkspaceExists):
            Workspace.plan_initialisation(str(tmp_path / name))
    assert (tmp_path / "mine" / "file").read_text() == "keep"


def test_an_empty_directory_and_what_a_killed_init_left_are_taken(tmp_path: Path) -> None:
    for name in ("environments", "logs", ".metadata.12345678"):
        (tmp_path / "w" / name).mkdir(parents=True)
    workspace = Workspace.initialise(Workspace.plan_initialisation(str(tmp_path / "w")))
    assert sorted(os.listdir(workspace.layout.root)) == DIRECTORIES


def test_a_models_directory_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name in ("nothing", "file"):
        with pytest.raises(InvalidSetting):
            Workspace.plan_initialisation(str(tmp_path / "w"), str(tmp_path / name))


def test_what_is_interrupted_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    plan = Workspace.plan_initialisation(str(tmp_path / "w"))
    monkeypatch.setattr(initialising, "_write_configuration", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Workspace.initialise(plan)
    assert os.listdir(tmp_path) == []


def test_a_full_disk_is_told_and_leaves_nothing(small_disk: Callable[[str], Path]) -> None:
    disk = small_disk("size=1m,nr_inodes=5")
    with pytest.raises(FileSystemError) as caught:
        Workspace.initialise(Workspace.plan_initialisation(str(disk / "w")))
    assert caught.value.context["errno"] == "ENOSPC"
    assert os.listdir(disk) == []
