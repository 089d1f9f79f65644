"""Streams, exit codes and the envelope, seen from outside."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.source import clean_environment, make_workspace, run_source

PROGRAM = [sys.executable, "-m", "comfydock_cli"]


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in which `comfydock` is the program."""
    script = f'comfydock() {{ "{sys.executable}" -m comfydock_cli "$@"; }}\n{command}'
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=clean_environment(**environment))


def test_data_goes_to_standard_output_and_everything_else_to_standard_error(tmp_path: Path):
    home = make_workspace(tmp_path / "ws", "a", "b", active="b")
    ran = run_source("list", COMFYDOCK_HOME=str(home))
    assert (ran.code, ran.out, ran.err) == (0, "  a\n* b\n", "")
    empty = run_source("list", COMFYDOCK_HOME=str(make_workspace(tmp_path / "empty")))
    assert (empty.code, empty.out) == (0, "")
    assert "`comfydock create NAME`" in empty.err


def test_quiet_keeps_notes_back(tmp_path: Path):
    ran = run_source("list", "-q", COMFYDOCK_HOME=str(make_workspace(tmp_path / "empty")))
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_a_missing_workspace_is_not_found_with_a_hint(tmp_path: Path):
    ran = run_source("list", COMFYDOCK_HOME=str(tmp_path / "none"))
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith(f"error: there is no workspace at `{tmp_path}/none`\n\nhint: ")
    assert "`comfydock init`" in ran.err


@pytest.mark.parametrize(
    ("words", "code"), [(("list",), 3), (("lst",), 2), (("use", "x"), 3), (("create",), 2), (("--jsn",), 2)]
)
def test_every_error_has_an_envelope(tmp_path: Path, words: tuple[str, ...], code: int):
    ran = run_source(*words, "--json", COMFYDOCK_HOME=str(tmp_path / "none"))
    envelope = ran.envelope()
    assert (ran.code, ran.err) == (code, "")
    assert list(envelope) == ["version", "command", "status", "exit_code", "data", "errors"]
    assert (envelope["status"], envelope["exit_code"]) == ("error", code)
    assert list(envelope["errors"][0]) == ["code", "message", "hint", "context"]


def test_a_pipe_that_is_closed_at_once_gives_141():
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*PROGRAM, "--help"], stdout=writing, stderr=subprocess.PIPE, env=clean_environment())
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_full_device_is_an_error_that_is_told():
    for unbuffered in ("", "1"):
        done = shell("comfydock --help > /dev/full", PYTHONUNBUFFERED=unbuffered)
        assert done.returncode == 6
        assert done.stderr.startswith("error: cannot write the output: No space left on device\n")


def test_closed_standard_streams_are_survived(tmp_path: Path):
    home = str(make_workspace(tmp_path / "ws", "a"))
    assert shell("comfydock list <&-", COMFYDOCK_HOME=home).stdout == "  a\n"
    closed = shell("comfydock list >&-", COMFYDOCK_HOME=home)
    assert closed.returncode == 6
    assert "standard output is closed" in closed.stderr
    assert shell("comfydock nonsense 2>&-").returncode == 2
    assert shell("comfydock list <&- 2>&-", COMFYDOCK_HOME=home).stdout == "  a\n"


def test_a_closed_standard_output_is_no_file_that_is_written_later(tmp_path: Path):
    """Without its place taken, descriptor 1 would be the next file opened."""
    home = make_workspace(tmp_path / "ws", "a")
    shell("comfydock config --registry-cache off >&-", COMFYDOCK_HOME=str(home))
    assert json.loads((home / ".metadata" / "workspace.json").read_text())["prefer_registry_cache"] is False


def test_names_that_the_output_cannot_show_are_escaped(tmp_path: Path):
    home = make_workspace(tmp_path / "ws", "prüfung")
    ran = run_source("list", COMFYDOCK_HOME=str(home), PYTHONIOENCODING="ascii")
    assert (ran.code, ran.out) == (0, "  pr\\xfcfung\n")


def test_a_mistyped_environment_is_answered_with_the_nearest_one(tmp_path: Path):
    ran = run_source("use", "wrok", COMFYDOCK_HOME=str(make_workspace(tmp_path / "ws", "work")))
    assert (ran.code, "hint: did you mean `work`?" in ran.err) == (3, True)


DAMAGED = (
    "",
    "{",
    "[]",
    "nul",
    '{"active_environment": 5}',
    '{"global_model_directory": "x"}',
    "[" * 100_000,
    '{"active_environment": "a"} x',
    "\udcff",
)


@pytest.mark.parametrize("content", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_configuration_is_refused_and_kept(tmp_path: Path, content: str):
    home = make_workspace(tmp_path / "ws", "a")
    file = home / ".metadata" / "workspace.json"
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    for words in (["list"], ["config", "--registry-cache", "off"]):
        if words == ["list"] and "global_model" in content:
            continue  # It asks for the active environment alone, which is as it should be.
        ran = run_source(*words, COMFYDOCK_HOME=str(home))
        assert ran.code == 8, ran
        assert str(file) in ran.err
    assert file.read_bytes() == content.encode("utf-8", "surrogateescape")


def test_an_unreadable_configuration_is_refused(tmp_path: Path):
    home = make_workspace(tmp_path / "ws", "a")
    (home / ".metadata" / "workspace.json").unlink()
    (home / ".metadata" / "workspace.json").mkdir()
    ran = run_source("list", COMFYDOCK_HOME=str(home))
    assert (ran.code, "Is a directory" in ran.err) == (8, True)


def test_unfinished_environments_are_not_listed(tmp_path: Path):
    home = make_workspace(tmp_path / "ws", "done")
    (home / "environments" / "half" / ".cec").mkdir(parents=True)
    (home / "environments" / "empty").mkdir()
    assert run_source("list", COMFYDOCK_HOME=str(home)).out == "  done\n"
