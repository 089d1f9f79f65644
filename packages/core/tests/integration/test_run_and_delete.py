"""Running ComfyUI with everything passed through, deleting environments, choosing the active one."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from comfydock_core.core.environment import Environment
from comfydock_core.models.exceptions import (
    EnvironmentBroken,
)

PROGRAM = """
import sys
from comfydock_core.core.workspace import Workspace
from comfydock_core.configs.workspace_layout import WorkspaceLayout
environment = Workspace(WorkspaceLayout(sys.argv[1])).open_environment("demo")
print("before", flush=True)
sys.exit(environment.run(sys.argv[3:], replace=sys.argv[2] == "replace"))
"""

REPLACE = pytest.mark.parametrize("how", ["replace", "wait"])


def running(environment: Environment, how: str, *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", PROGRAM, environment.workspace.root, how, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def served(process: "subprocess.Popen[str]") -> str:
    """The address that the running ComfyUI prints."""
    assert process.stdout is not None
    for line in process.stdout:
        match = re.search(r"go to: (\S+)", line)
        if match:
            return match[1]
    raise AssertionError("it never served")


@REPLACE
def test_arguments_directory_and_exit_code_pass_through(demo: Environment, how: str) -> None:
    output, _ = (process := running(demo, how, "--cpu", "--exit-code", "7", "--show", "a b", "")).communicate()
    shown = json.loads(output.splitlines()[-1])
    assert process.returncode == 7
    assert shown["argv"] == ["main.py", "--cpu", "--exit-code", "7", "--show", "a b", ""]
    assert shown["cwd"] == demo.layout.comfyui
    assert shown["prefix"] == demo.layout.venv
    assert output.startswith("before\n")


@REPLACE
def test_it_serves_until_it_is_interrupted_and_ends_in_its_own_way(demo: Environment, how: str) -> None:
    process = running(demo, how, "--port", "0")
    address = served(process)
    with urllib.request.urlopen(f"{address}/models") as answer:
        assert json.load(answer) == {"path": os.path.realpath(demo.workspace.models)}
    with urllib.request.urlopen(f"{address}/system_stats") as answer:
        child = json.load(answer)["system"]["pid"]
    assert (child == process.pid) is (how == "replace")
    for target in {child, process.pid}:  # As the terminal does: everybody in the foreground hears Ctrl-C.
        os.kill(target, signal.SIGINT)
    output, _ = process.communicate()
    assert process.returncode == 0
    assert "Stopped server" in output


@pytest.mark.parametrize(("how", "code"), [("replace", -signal.SIGTERM), ("wait", 128 + signal.SIGTERM)])
def test_termination_reaches_comfyui(demo: Environment, how: str, code: int) -> None:
    process = running(demo, how, "--port", "0")
    served(process)
    process.terminate()
    process.communicate()
    assert process.returncode == code


def test_an_environment_without_python_or_comfyui_cannot_run(demo: Environment) -> None:
    os.rename(f"{demo.layout.comfyui}/main.py", f"{demo.layout.comfyui}/other.py")
    with pytest.raises(EnvironmentBroken, match="ComfyUI"):
        demo.run([])
    os.unlink(f"{demo.layout.venv}/bin/python")
    with pytest.raises(EnvironmentBroken, match="Python"):
        demo.run([])


def test_the_manifest_is_shown_as_it_is_written(demo: Environment) -> None:
    assert demo.manifest_text() == Path(demo.layout.manifest).read_text()
    assert demo.manifest()["tool"]["uv"]["package"] is False  # type: ignore[index]
