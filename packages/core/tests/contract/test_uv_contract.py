"""What ComfyDock relies on in uv, tried with the real program."""

import os
import subprocess
from pathlib import Path

import pytest

from comfydock_core.analyzers.package_dry_run import judge_dry_run
from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.models.exceptions import NetworkUnavailable, PythonNotFound, RequirementsConflict
from tests.support.miniature import Miniature

MANIFEST = """[project]
name = "comfydock-env-contract"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = [{dependencies}]
[tool.uv]
package = false
{more}
"""


def unheard(line: str) -> None:
    """Lines do not matter here."""


@pytest.fixture
def project(tmp_path: Path, local: Miniature) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def uv_for(project: Path, dependencies: str = '"mini-imaging"', more: str = "", *, offline: bool = False) -> UVCommand:
    (project / "pyproject.toml").write_text(MANIFEST.format(dependencies=dependencies, more=more))
    return UVCommand(
        project=str(project),
        venv=str(project.parent / "venv"),
        cache=str(project.parent / "cache"),
        python_installs=str(project.parent / "pythons"),
        offline=offline,
    )


def sync(uv: UVCommand, project: Path) -> None:
    """Install what is locked, in the two steps that ComfyDock takes."""
    pylock = project.parent / "pylock.toml"
    pylock.write_text(uv.export_pylock(()))
    uv.sync_pylock(str(pylock), unheard)


def build(uv: UVCommand, project: Path) -> None:
    uv.create_venv("3.11", unheard)
    uv.lock(unheard)
    sync(uv, project)


def test_a_relocatable_environment_works_after_a_rename_and_syncs_there(project: Path) -> None:
    build(uv_for(project), project)
    moved = project.parent / "moved"
    (project.parent / "venv").rename(moved)
    script = subprocess.run([str(moved / "bin/mini-imaging")], capture_output=True, text=True)
    assert script.stdout == "mini-imaging 1.1\n"
    prefix = subprocess.run([str(moved / "bin/python"), "-c", "import sys; print(sys.prefix)"], capture_output=True)
    assert prefix.stdout.decode().strip() == str(moved)
    again = UVCommand(project=str(project), venv=str(moved), cache=str(project.parent / "cache"), python_installs="/x")
    assert judge_dry_run(again.dry_run()).state == "in-sync"


def test_a_dry_run_says_in_known_words_what_would_change(project: Path) -> None:
    uv = uv_for(project, '"mini-imaging==1.0", "mini-base"')
    build(uv, project)
    assert judge_dry_run(uv.dry_run()).state == "in-sync"
    newer = uv_for(project, '"mini-imaging==1.1", "mini-windows"')
    newer.lock(unheard)
    state = judge_dry_run(newer.dry_run())
    assert (state.state, state.missing, state.extra) == ("out-of-sync", ["mini-windows 1.0"], ["mini-base 1.5"])
    assert [(c.name, c.found, c.expected) for c in state.changed] == [("mini-imaging", "1.0", "1.1")]


def test_a_dry_run_without_an_environment_says_that_it_would_make_one(project: Path) -> None:
    uv = uv_for(project)
    uv.lock(unheard)
    assert judge_dry_run(uv.dry_run()).state == "not-installed"
    assert not (project.parent / "venv").exists()


def test_excluded_dependencies_are_dropped_wherever_they_are_demanded(project: Path) -> None:
    build(uv_for(project, '"torch", "mini-sampling"', 'exclude-dependencies = ["torch"]'), project)
    names = os.listdir(project.parent / "venv/lib/python3.11/site-packages")
    assert "mini_sampling-0.3.dist-info" in names
    assert not [name for name in names if name.startswith("torch")]


def test_failures_are_recognised(project: Path) -> None:
    with pytest.raises(RequirementsConflict):
        uv_for(project, '"mini-imaging>9"').lock(unheard)
    with pytest.raises(PythonNotFound):
        uv_for(project).create_venv("3.99", unheard)


def test_an_index_out_of_reach_is_recognised(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(NetworkUnavailable):
        uv_for(project).lock(unheard)
