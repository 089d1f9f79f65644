"""ComfyUI in the background, told to every form of the program: started, found again, shown, stopped."""

import json
import os
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from comfydock_core.integrations import process_table
from comfydock_core.repositories import run_state
from tests.support.sessions import Session, envelope_of, stop, wait_for_line

START = ("run", "--background")


@pytest.fixture
def session(workspace: Session) -> Iterator[Session]:
    """A session with an environment, of which nothing runs on afterwards."""
    workspace.ok("create", "work", "--torch-backend", "none", "--use")
    yield workspace
    for one in run_state.recorded(str(workspace.environments / "work")):
        for pid in (one.pid, one.supervisor or one.pid):
            process_table.send(pid, signal.SIGKILL)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def started(session: Session, *arguments: str) -> dict[str, Any]:
    ran = session.run(*START, "--json", *(arguments or ("--port", "0")))
    assert ran.code == 0, ran
    data: dict[str, Any] = envelope_of(ran)["data"]
    return data


def comfyui_version(address: str) -> str:
    with urllib.request.urlopen(f"{address}/system_stats") as answer:
        return str(json.load(answer)["system"]["comfyui_version"])


def test_it_serves_when_the_command_ends_and_is_stopped_by_the_next(session: Session) -> None:
    port = free_port()
    ran = session.ok(*START, "--port", str(port))
    assert ran.out.startswith(f"ComfyUI of work runs at http://127.0.0.1:{port} (process ")
    assert comfyui_version(f"http://127.0.0.1:{port}") == "0.10.0"
    stopped = session.ok("run", "--stop")
    assert stopped.out.startswith("stopped ComfyUI of work (process ")
    assert not process_table.is_taken("127.0.0.1", port)
    again = session.ok("run", "--stop")
    assert (again.out, again.err) == ("no ComfyUI of work is running\n", "")
    assert "Stopped server\n" in session.ok("run", "--logs").out


def test_json_tells_where_it_is(session: Session) -> None:
    data = started(session)
    assert data["environment"] == "work"
    assert data["address"] == f"http://127.0.0.1:{data['port']}"
    assert comfyui_version(data["address"]) == "0.10.0"
    assert data["log"] == str(session.workspace / "logs/work/comfyui.log")
    (stopped,) = session.data("run", "--stop")["stopped"]
    assert stopped["pid"] == data["pid"]
    assert session.data("run", "--stop") == {"environment": "work", "stopped": []}


def test_its_output_is_shown(session: Session) -> None:
    assert "nothing has run in the background yet" in session.ok("run", "--logs").err
    started(session)
    lines = session.data("run", "--logs")["lines"]
    assert lines[0] == "ComfyUI version: 0.10.0"
    assert lines[-1].startswith("To see the GUI go to: ")
    assert session.ok("run", "--logs", "-n", "1").out == f"{lines[-1]}\n"
    assert session.data("run", "--logs", "-n", "0")["lines"] == []


def test_its_output_is_followed_to_its_end(session: Session) -> None:
    data = started(session)
    follower = session.start("run", "--logs", "--follow")
    wait_for_line(follower, "To see the GUI go to")
    os.kill(data["pid"], signal.SIGINT)
    out, err = follower.communicate()
    assert (follower.returncode, out, err) == (0, "\nStopped server\n", "")


def test_following_ends_by_ctrl_c_and_comfyui_does_not(session: Session) -> None:
    data = started(session)
    follower = session.start("run", "--logs", "--follow")
    wait_for_line(follower, "To see the GUI go to")
    assert stop(follower, signal.SIGINT).code == 130
    assert comfyui_version(data["address"])


def test_one_that_ends_early_is_an_error_with_its_last_words(session: Session) -> None:
    ran = session.run(*START, "--json", "--exit-code", "3")
    (error,) = envelope_of(ran)["errors"]
    assert (error["code"], ran.code) == ("comfyui-ended", 6)
    assert "exit code 3\nComfyUI version: 0.10.0\n" in error["message"]
    ran = session.run(*START, "--no-such-option")
    assert (ran.code, "unrecognized arguments: --no-such-option" in ran.err) == (6, True)
    assert session.ok("run", "--stop").out == "no ComfyUI of work is running\n"


def test_only_the_words_of_this_run_are_told(session: Session) -> None:
    session.run(*START, "--exit-code", "3", "--show", "first")
    ran = session.run(*START, "--exit-code", "3", "--show", "second")
    assert ("first" in ran.err, "second" in ran.err) == (False, True)
    assert "first" in session.ok("run", "--logs").out


def test_a_restart_is_one_in_the_background_too(session: Session, tmp_path: Path) -> None:
    data = started(session, "--port", "0", "--restart-once", str(tmp_path / "once"))
    assert comfyui_version(data["address"])
    assert "ComfyUI asks to be restarted (exit code 42)\n" in session.ok("run", "--logs").out


def test_without_waiting_the_command_ends_before_it_serves(session: Session, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    port = free_port()
    ran = session.ok(*START, "--no-wait", "--port", str(port), "--wait-for", str(tmp_path / "pipe"))
    assert ran.out.startswith(f"ComfyUI of work starts at http://127.0.0.1:{port} (process ")
    assert not process_table.is_taken("127.0.0.1", port)
    assert session.ok("run", "--stop").out.startswith("stopped")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_start_leaves_nothing(session: Session, tmp_path: Path, number: signal.Signals) -> None:
    os.mkfifo(tmp_path / "pipe")
    process = session.start(*START, "--port", "0", "--wait-for", str(tmp_path / "pipe"))
    wait_for_line(process, "Starting ComfyUI", errors=True)
    while not (found := run_state.recorded(str(session.environments / "work"))):
        assert process.poll() is None
    ran = stop(process, number)
    assert ran.code == 128 + number
    assert process_table.wait_gone(found[0].pid, found[0].start, 30)
    assert session.data("run", "--stop")["stopped"] == []


def test_a_port_in_use_is_refused_before_anything_starts(session: Session) -> None:
    data = started(session)
    ran = session.run(*START, "--port", str(data["port"]))
    assert ran.code == 7
    assert f"error: port {data['port']} is in use by process {data['pid']} (`" in ran.err
    assert "`comfydock run --stop` stops the one that runs" in ran.err
    assert session.run("run", "--port", str(data["port"])).code == 7


def test_of_several_the_one_on_a_port_is_stopped(session: Session) -> None:
    one, other = started(session), started(session)
    assert one["log"] != other["log"]
    ran = session.ok("run", "--stop", "--json", "--port", str(one["port"]))
    (stopped,) = envelope_of(ran)["data"]["stopped"]
    assert stopped["pid"] == one["pid"]
    assert comfyui_version(other["address"])
    lines = session.ok("run", "--logs", "--port", str(other["port"])).out
    assert str(other["port"]) in lines


def test_one_that_runs_on_a_terminal_is_stopped_too(session: Session) -> None:
    process = session.start("run", "--port", "0")
    wait_for_line(process, "To see the GUI go to")
    assert session.ok("run", "--stop").out.startswith("stopped ComfyUI of work (process ")
    out, _ = process.communicate()
    assert (process.returncode, "Stopped server" in out) == (0, True)


def test_one_whose_watcher_was_killed_is_stopped_by_its_lock(session: Session) -> None:
    process = session.start("run", "--port", "0")
    wait_for_line(process, "To see the GUI go to")
    process.kill()
    process.wait()
    (record,) = (session.environments / "work/.ops/run").iterdir()
    record.unlink()
    assert session.ok("run", "--stop").out.startswith("stopped ComfyUI of work (process ")
    assert session.ok("run", "--stop").out == "no ComfyUI of work is running\n"


def test_one_started_by_hand_is_left_alone(session: Session) -> None:
    root = session.environments / "work"
    command = [str(root / ".venv/bin/python"), "main.py", "--port", "0"]
    process = subprocess.Popen(command, cwd=root / "ComfyUI", stdout=subprocess.PIPE, text=True)
    try:
        wait_for_line(process, "To see the GUI go to")
        ran = session.ok("run", "--stop")
        assert ran.out == "no ComfyUI of work is running\n"
        assert f"warning: process {process.pid}" in ran.err
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


def test_ctrl_c_ignored_by_the_shell_still_stops_it(session: Session) -> None:
    """A script's `comfydock run --background &` starts with Ctrl-C ignored."""
    command = [*session.program.command, *START, "--port", "0"]
    script = "trap '' INT; exec \"$@\""
    subprocess.run(["sh", "-c", script, "sh", *command], env=session.environment(), check=True, capture_output=True)
    session.ok("run", "--stop")
    assert "Stopped server" in session.ok("run", "--logs").out


def test_a_big_log_is_put_aside(session: Session) -> None:
    log = session.workspace / "logs/work/comfyui.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    for number in range(5):
        with log.open("wb") as file:
            file.truncate(11 * 1024 * 1024)
            file.write(str(number).encode())
        session.run(*START, "--exit-code", "3")
    names = sorted(path.name for path in log.parent.iterdir() if path.name.startswith("comfyui"))
    assert names == ["comfyui.log", "comfyui.log.1", "comfyui.log.2", "comfyui.log.3"]
    assert (log.parent / "comfyui.log.1").read_bytes()[:1] == b"4"
    assert log.stat().st_size < 1000


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "--background", "--stop"), "`--background` and `--stop` cannot be combined"),
        (("run", "--no-wait"), "`--no-wait` belongs to `--background`"),
        (("run", "--stop", "--follow"), "`--follow` belongs to `--logs`"),
        (("run", "-n", "5"), "`--lines` belongs to `--logs`"),
        (("run", "--logs", "-n", "x"), "`-n` needs a whole number"),
        (("run", "--stop", "--listen"), "`comfydock run` cannot use `--listen` here"),
        (("run", "--logs", "--follow", "--json"), "it has no `--json`"),
    ],
)
def test_what_does_not_go_together_is_refused(source: Session, words: tuple[str, ...], said: str) -> None:
    source.ok("create", "work", "--torch-backend", "none", "--use")
    ran = source.run(*words)
    assert (ran.code, said in ran.err + ran.out) == (2, True), ran
