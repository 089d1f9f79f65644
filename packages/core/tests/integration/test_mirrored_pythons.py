"""Which Python goes into a mirror, and what of it no mirror has. Real uv."""

import sys
from pathlib import Path

import pytest

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.mirroring.definitions import Definition
from comfydock_core.core.usecases.mirroring.pythons import PythonTaker
from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.repositories.mirrors.store import MirrorWriter
from comfydock_core.utils.reporting import SilentReporter

NAME = "cpython-3.11.9-linux-x86_64-gnu"
MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
NOWHERE = "3.98"


@pytest.fixture
def workspace(tmp_path: Path) -> WorkspaceLayout:
    """A workspace whose environment `work` runs from an installation of uv."""
    layout = WorkspaceLayout(str(tmp_path / "workspace"))
    program = Path(layout.uv_python, NAME, "bin/python3.11")
    program.parent.mkdir(parents=True)
    program.write_bytes(b"")
    settings = Path(layout.environment("work").venv, "pyvenv.cfg")
    settings.parent.mkdir(parents=True)
    settings.write_text(f"home = {program.parent}\n")
    return layout


def definition(python: str, *, is_last: bool = True) -> Definition:
    return Definition("1" * 40, {".python-version": f"{python}\n".encode()}, is_last)


def taken(workspace: WorkspaceLayout, *definitions: Definition) -> tuple[PythonTaker, MirrorWriter]:
    writer = MirrorWriter(f"{workspace.root}-mirror")
    with writer.writing(0):
        taker = PythonTaker(workspace, writer, SilentReporter())
        for one in definitions:
            taker.take(EnvironmentLayout(workspace.environment("work").root), one)
        writer.note()
    return taker, writer


def test_what_the_environment_runs_from_is_taken(workspace: WorkspaceLayout) -> None:
    taker, writer = taken(workspace, definition("3.11"))
    assert (list(writer.now.pythons), taker.missing(), taker.lacking) == ([NAME], [], [])
    assert list(writer.now.files) == [f"python/{NAME}/bin/python3.11"]


def test_a_link_out_of_an_installation_is_told_and_the_rest_is_taken(workspace: WorkspaceLayout) -> None:
    programs = Path(workspace.uv_python, NAME, "bin")
    (programs / "out").symlink_to("/usr/bin/env")
    (programs / "python").symlink_to("python3.11")
    taker, writer = taken(workspace, definition("3.11"))
    assert [what for what, _ in taker.lacking] == [f"python/{NAME}/bin/out"]
    assert writer.now.pythons[NAME].links == {"bin/python": "python3.11"}


def test_a_version_that_is_not_here_is_told(workspace: WorkspaceLayout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    taker, _ = taken(workspace, definition("3.11"), definition(NOWHERE, is_last=False))
    assert taker.missing() == [NOWHERE]


def test_another_version_than_the_environment_has_is_not_taken_for_it(workspace: WorkspaceLayout) -> None:
    taker, writer = taken(workspace, definition(NOWHERE))
    assert (list(writer.now.pythons), taker.missing()) == ([], [NOWHERE])


def test_a_python_of_the_system_is_told(workspace: WorkspaceLayout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_NO_MANAGED_PYTHON", "1")
    taker, writer = taken(workspace, definition(MINOR, is_last=False))
    assert (list(writer.now.pythons), taker.missing()) == ([], [MINOR])


def test_uv_finds_what_it_makes_environments_with(workspace: WorkspaceLayout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_NO_MANAGED_PYTHON", "1")
    monkeypatch.setenv("PATH", str(Path(sys.executable).resolve().parent))
    uv = UVCommand.of_workspace(workspace)
    found = uv.find_python(MINOR)
    assert found is not None
    assert Path(found).resolve() == Path(sys.executable).resolve()
    assert uv.find_python(NOWHERE) is None
