"""A workspace that was moved: one command makes everything work at its new place, and says what it linked."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.environment import Environment
from comfydock_core.core.workspace import Workspace
from comfydock_core.factories.workspace_factory import open_workspace
from comfydock_core.models.doctor import PROBLEM
from comfydock_core.models.operation import Initiator
from comfydock_core.utils.reporting import SilentReporter
from tests.support.reporters import RecordingReporter

INITIATOR = Initiator(("doctor", "--fix"))
SILENT = SilentReporter()
Make = Callable[..., Environment]


def keep_python_inside(workspace: Workspace, environment: Environment) -> None:
    """As uv does when it installs the interpreter itself: its home is in the workspace, and links lead there."""
    home = Path(workspace.layout.uv_python, "cpython-3.11", "bin")
    home.mkdir(parents=True, exist_ok=True)
    link, settings = Path(environment.layout.venv, "bin", "python"), Path(environment.layout.venv, "pyvenv.cfg")
    if not (home / "python3.11").exists():
        (home / "python3.11").symlink_to(os.path.realpath(link))
    link.unlink()
    link.symlink_to(home / "python3.11")
    lines = [f"home = {home}" if line.startswith("home") else line for line in settings.read_text().splitlines()]
    settings.unlink()
    settings.write_text("\n".join(lines) + "\n")


def move(workspace: Workspace, place: Path) -> Workspace:
    os.rename(workspace.layout.root, place)
    return open_workspace(WorkspaceLayout(str(place)))


def problems(workspace: Workspace) -> set[str]:
    return {
        finding.code for finding in workspace.health.examine(None, SILENT, deep=False) if finding.severity == PROBLEM
    }


def mend(workspace: Workspace, reporter: SilentReporter = SILENT) -> None:
    workspace.health.mend(workspace.health.examine(None, SILENT, deep=False), INITIATOR, reporter)


@pytest.fixture
def moved(workspace: Workspace, make_environment: Make, tmp_path: Path) -> Workspace:
    for name in ("one", "two"):
        keep_python_inside(workspace, make_environment(name, torch_backend="none"))
    return move(workspace, tmp_path / "new place ☃")


def test_a_moved_workspace_works_again_after_one_command_that_says_what_it_linked(moved: Workspace) -> None:
    assert "workspace-moved" in problems(moved)
    reporter = RecordingReporter()
    mend(moved, reporter)  # type: ignore[arg-type]
    assert problems(moved) == set()
    assert moved.config().models_directory == moved.layout.models
    for name in ("one", "two"):
        environment = moved.open_environment(name)
        assert environment.status().in_sync
        assert environment.run(["--quick-test-for-ci"], SILENT) == 0
        assert any(f"{name}/ComfyUI/models" in phase for phase in reporter.phases)
    assert not any(str(path) for path in Path(moved.layout.environments).glob("*/.venv/bin/*") if not path.exists())


def test_it_is_one_operation_that_can_be_undone(moved: Workspace) -> None:
    before = moved.config().models_directory
    mend(moved)
    operations = moved.operations(None)
    operations.undo(operations.plan_undo(None), INITIATOR, SILENT)
    assert moved.config().models_directory == before
    assert "workspace-moved" in problems(moved)


def test_models_of_ones_own_elsewhere_are_not_taken_for_a_move(workspace: Workspace, tmp_path: Path) -> None:
    models = tmp_path / "disk" / "models"
    models.mkdir(parents=True)
    settings = Path(workspace.layout.config_file)
    settings.write_text(settings.read_text().replace(workspace.layout.models, str(models)))
    assert "workspace-moved" not in problems(workspace)
    models.rmdir()  # A disk that is not mounted looks like this: nothing may be linked elsewhere then.
    os.makedirs(tmp_path / "disk" / ".metadata")
    assert problems(workspace) == {"models-missing"}


def test_a_copy_beside_the_first_is_not_linked_to_it(workspace: Workspace, tmp_path: Path) -> None:
    """Both are there: which models the copy is to use is its owner's to say."""
    shutil.copytree(workspace.layout.root, tmp_path / "copy", symlinks=True)
    copy = open_workspace(WorkspaceLayout(str(tmp_path / "copy")))
    assert "workspace-moved" not in problems(copy)
