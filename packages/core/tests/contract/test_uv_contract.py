"""What ComfyDock relies on in uv, tried with the real program."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from comfydock_core.analyzers.packages.package_dry_run import judge_dry_run
from comfydock_core.analyzers.packages.virtual_environment import check_contents, quick_check
from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.integrations.uv_environment import REVIEWED
from comfydock_core.models.exceptions import NetworkUnavailable, PythonNotFound, RequirementsConflict
from comfydock_core.utils.files.tree_copy import link_tree
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


def test_a_linked_copy_works_and_so_does_the_original(project: Path) -> None:
    build(uv_for(project), project)
    venv, copy = project.parent / "venv", project.parent / "copy"
    link_tree(str(venv), str(copy))
    for place in (venv, copy):
        script = subprocess.run([str(place / "bin/mini-imaging")], capture_output=True, text=True)
        assert script.stdout == "mini-imaging 1.1\n"
        command = [str(place / "bin/python"), "-c", "import mini_imaging; print(mini_imaging.__file__)"]
        assert subprocess.run(command, capture_output=True, text=True).stdout.startswith(str(place))


def of_files(root: Path) -> dict[str, tuple[int, int, int]]:
    """What tells that a file was written to: its number, size and time."""
    found = {}
    for path in root.rglob("*"):
        known = path.lstat()
        if not path.is_dir():
            found[str(path.relative_to(root))] = (known.st_ino, known.st_size, known.st_mtime_ns)
    return found


def test_a_sync_of_a_linked_copy_writes_into_no_file_of_the_original(project: Path) -> None:
    build(uv_for(project, '"mini-imaging==1.0", "mini-base"'), project)
    venv, copy = project.parent / "venv", project.parent / "copy"
    before = of_files(venv)
    link_tree(str(venv), str(copy))
    newer = uv_for(project, '"mini-imaging==1.1", "mini-windows"')
    newer.lock(unheard)
    arguments = {"cache": str(project.parent / "cache"), "python_installs": "/x"}
    sync(UVCommand(project=str(project), venv=str(copy), **arguments), project)
    assert of_files(venv) == before
    assert quick_check(str(copy)).can_be_copied
    names = [path.name for path in copy.glob("lib/*/site-packages/*.dist-info")]
    assert sorted(names) == ["mini_imaging-1.1.dist-info", "mini_windows-1.0.dist-info"]
    script = subprocess.run([str(copy / "bin/mini-imaging")], capture_output=True, text=True)
    assert script.stdout == "mini-imaging 1.1\n"


def test_what_uv_installs_is_recorded_truly_scripts_included(project: Path) -> None:
    build(uv_for(project), project)
    assert check_contents(str(project.parent / "venv")) == ()
    (record,) = project.parent.glob("venv/lib/*/site-packages/mini_imaging-1.1.dist-info/RECORD")
    assert "../../../bin/mini-imaging,sha256=" in record.read_text()


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        ("mini_imaging/__init__.py", lambda path: path.write_bytes(b"")),
        ("mini_imaging/__init__.py", Path.unlink),
        ("mini_imaging-1.1.dist-info/RECORD", lambda path: path.write_bytes(b"")),
        ("mini_imaging-1.1.dist-info/RECORD", Path.unlink),
        ("mini_imaging-1.1.dist-info/METADATA", lambda path: path.write_bytes(b"")),
    ],
    ids=["module emptied", "module deleted", "record emptied", "record deleted", "metadata emptied"],
)
def test_a_sync_does_not_see_what_a_killed_one_left_broken(
    project: Path, file: str, damage: Callable[[Path], None]
) -> None:
    """Why an environment is checked by us, and why a live one is never synced."""
    uv = uv_for(project)
    build(uv, project)
    (path,) = project.parent.glob(f"venv/lib/*/site-packages/{file}")
    path.rename(path.with_name("aside"))  # The cache shares the file; only the environment is to be damaged.
    path.write_bytes(b"broken")
    (path.with_name("aside")).unlink()
    damage(path)
    sync(uv, project)
    assert not path.exists() or path.read_bytes() == b""


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


@pytest.mark.parametrize(
    "command",
    ["lock", "add", "remove", "export", "sync", "venv", "pip sync", "pip compile", "pip check", "cache clean"],
)
def test_every_variable_that_uv_knows_for_a_command_of_ours_was_reviewed(project: Path, command: str) -> None:
    uv = uv_for(project)
    told = subprocess.run([uv.program, "help", *command.split()], capture_output=True, text=True, check=True).stdout
    known = set(re.findall(r"\[env: (UV_\w+)", told))
    assert known
    assert known <= REVIEWED
