"""What node packs find that run pip, in an environment of real uv."""

import subprocess
from pathlib import Path

import pytest

from tests.support.machines import Machine
from tests.support.wheels import add_to_index, write_index


@pytest.fixture
def installed(machine: Machine) -> Machine:
    machine.write("einops")
    machine.lock("none").install("none")
    return machine


def run(machine: Machine, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([machine.venv / "bin/python", *words], capture_output=True, text=True, cwd=machine.place)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("install", "mypkg>=1", "--quiet"), "`comfydock py add mypkg>=1 -e here`"),
        (("install", "-r", "requirements.txt"), "`comfydock py add PACKAGE -e here`"),
        (("uninstall", "-y", "einops"), "`comfydock py remove einops -e here`"),
    ],
)
def test_pip_changes_nothing_and_says_what_does(installed: Machine, words: tuple[str, ...], told: str) -> None:
    done = run(installed, "-m", "pip", *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"`pip {words[0]}` changes nothing here" in done.stderr
    assert told in done.stderr
    assert installed.installed() == {"einops==0.8"}


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        (
            "import runpy, sys; sys.argv = ['pip', 'freeze']; runpy.run_module('pip', run_name='__main__')",
            "einops==0.8",
        ),
        ("import pip; pip.main(['list', '--format=json'])", '[{"name": "einops", "version": "0.8"}]'),
        ("from pip._internal import main; main(['show', 'einops'])", "Name: einops\nVersion: 0.8"),
    ],
)
def test_pip_answers_what_is_installed(installed: Machine, code: str, answer: str) -> None:
    done = run(installed, "-c", code)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, answer, "")


def test_the_stand_in_is_no_package(installed: Machine) -> None:
    state = installed.state("none")
    assert state is not None
    assert (state.state, state.extra, state.installed) == ("in-sync", [], 1)
    assert installed.uv.check().returncode == 0


def test_a_real_pip_that_is_asked_for_takes_its_place_and_leaves_it_again(
    installed: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_to_index(tmp_path / "real", "pip", "99.0", files={"pip/__main__.py": 'print("the real one")\n'})
    write_index(tmp_path / "real")
    monkeypatch.setenv("UV_INDEX", (tmp_path / "real").as_uri())
    installed.write("einops", "pip")
    installed.lock("none").install("none")
    assert run(installed, "-m", "pip", "list").stdout == "the real one\n"
    installed.write("einops")
    installed.lock("none").install("none")
    assert "changes nothing here" in run(installed, "-m", "pip", "install", "x").stderr
