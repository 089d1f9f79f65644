"""What cannot be done is refused before anything takes time, and what is refused names the way on."""

import os
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.nodes import failure
from tests.support.miniature import NOWHERE
from tests.support.node_lists import write_lists
from tests.support.sessions import Session, envelope_of


def test_the_version_is_json_where_json_is_wanted(session: Session) -> None:
    for words in (("--version", "--json"), ("--json", "--version")):
        ran = session.run(*words)
        assert (ran.code, envelope_of(ran)["data"]) == (0, {"version": session.run("--version").out.split()[1]})


@pytest.mark.parametrize("words", [(), ("--models-dir", "here")])
def test_a_workspace_is_not_made_at_a_path_that_no_file_can_name(session: Session, words: tuple[str, ...]) -> None:
    odd = Path(os.fsdecode(os.fsencode(session.workspace.parent) + b"/a\xff\xfeb"))
    odd.mkdir()
    place = [os.fspath(odd / "ws")] if not words else [os.fspath(session.workspace), words[0], os.fspath(odd)]
    error = session.error("init", *place)
    assert (error["code"], "is not UTF-8" in error["message"]) == ("invalid-setting", True)
    assert not (odd / "ws").exists()
    assert not session.workspace.exists()


def test_deleting_is_refused_before_files_are_counted_when_nobody_can_answer(work: Session) -> None:
    """The question has no count in it."""
    ran = work.run("delete", "work")
    assert (ran.code, "there is no terminal to answer: delete the environment `work`?\n" in ran.err) == (2, True)
    assert work.error("delete", "wrok")["code"] == "environment-not-found"


def test_a_workspace_without_environments_advises_to_make_one(workspace: Session) -> None:
    error = workspace.error("status")
    assert error["code"] == "no-active-environment"
    assert "`comfydock create NAME" in error["hint"]


def test_an_environment_that_runs_is_told_before_packages_are_resolved(work: Session) -> None:
    """The index is nowhere: who began to resolve would fail for that."""
    python = next((work.environments / "work" / ".venv" / "bin").glob("python"))
    running = subprocess.Popen([python, "-c", "print(flush=True); input()"], stdin=-1, stdout=-1)
    try:
        assert running.stdout is not None
        running.stdout.readline()
        ran = work.run(
            "constraint", "add", "mini-base<99", UV_INDEX_URL=NOWHERE, UV_DEFAULT_INDEX=NOWHERE, UV_NO_CACHE="1"
        )
    finally:
        running.kill()
        running.communicate()
    assert (ran.code, "is running" in ran.err) == (7, True), ran


@pytest.mark.parametrize("words", [("--background",), ()])
def test_the_way_around_a_taken_port_keeps_what_else_was_asked_for(work: Session, words: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = work.run("run", *words, "-e", "work", "--", "--cpu", "--port", str(port))
    hint = ran.err.partition("hint: ")[2]
    command = shlex.split(hint.split("`")[1])
    assert command[:-1] == ["comfydock", "run", *words, "-e", "work", "--", "--cpu", "--port"]
    assert command[-1] != str(port)


@pytest.mark.parametrize("part", ["system", "main", "parse", "finding"])
def test_ctrl_c_at_any_moment_of_a_start_shows_no_traceback(source: Session, part: str) -> None:
    """The interrupt comes when a name is imported: two while the program loads, two when its command is at work."""
    code = (
        "import builtins, os, signal, sys\n"
        "part, load = sys.argv.pop(1), builtins.__import__\n"
        "def interrupted(*words, **named):\n"
        "    wanted = words[3] if len(words) > 3 else named.get('fromlist')\n"
        "    if part in (wanted or ()) or words[0].endswith(part): os.kill(os.getpid(), signal.SIGINT)\n"
        "    return load(*words, **named)\n"
        "builtins.__import__ = interrupted\n"
        "__import__('comfydock_cli.__main__', None, None, ('run',), 0).run()\n"
    )
    words = [sys.executable, "-c", code, part, "list"]
    done = subprocess.run(words, env=source.environment(), capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    assert done.returncode == (-signal.SIGINT if part in ("system", "main") else 130)


def test_a_registry_out_of_reach_is_told_with_the_address_that_the_lists_have(work: Session) -> None:
    write_lists(work.workspace / "comfydock_cache" / "custom_nodes")
    error = failure(work, "network-unavailable", "node", "add", "masks", COMFYDOCK_REGISTRY_URL=NOWHERE)
    assert "`comfydock node add https://github.com/carol/masks`" in error["hint"]
