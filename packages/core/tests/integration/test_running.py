"""Running ComfyUI on the terminal: arguments, signals, exit codes, restarts, ports, and who runs."""

import contextlib
import fcntl
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from comfydock_core.core.environment import Environment
from comfydock_core.integrations import process_table
from comfydock_core.models.exceptions import EnvironmentBroken, EnvironmentChanging, EnvironmentInUse, PortInUse
from comfydock_core.models.running import RunningComfyUI
from comfydock_core.repositories import run_state
from comfydock_core.utils.reporting import SilentReporter

PROGRAM = """
import sys
from comfydock_core.core.workspace import Workspace
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.utils.reporting import SilentReporter
class Reporter(SilentReporter):
    def phase(self, text):
        print(text, file=sys.stderr, flush=True)
environment = Workspace(WorkspaceLayout(sys.argv[1])).open_environment("demo")
sys.exit(environment.run(sys.argv[2:], Reporter()))
"""
SILENT = SilentReporter()


def command_of(environment: Environment, *arguments: str) -> list[str]:
    return [sys.executable, "-c", PROGRAM, environment.workspace.root, *arguments]


class Run:
    """ComfyDock at work, with what it says."""

    def __init__(self, environment: Environment, *arguments: str, **options: object) -> None:
        command = command_of(environment, *arguments)
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, **options)  # type: ignore[call-overload]

    def heard(self, words: str) -> str:
        """Read up to the line that has `words`."""
        for line in self.process.stdout:
            if words in line:
                return str(line)
        raise AssertionError(f"it never said {words!r}: {self.process.communicate()}")

    def address(self) -> str:
        found = re.search(r"go to: (\S+)", self.heard("go to"))
        assert found is not None
        return found[1]

    def end(self) -> tuple[int, str, str]:
        out, err = self.process.communicate()
        return self.process.returncode, out, err


@contextlib.contextmanager
def running(environment: Environment, *arguments: str, **options: object) -> Iterator[Run]:
    run = Run(environment, *arguments, **options)
    try:
        yield run
    finally:
        for one in run_state.recorded(environment.layout.root):
            process_table.send(one.pid, signal.SIGKILL)
            assert process_table.wait_gone(one.pid, one.start, 60)
        run.process.kill()
        run.process.communicate()


def answer(address: str, path: str) -> dict[str, object]:
    with urllib.request.urlopen(f"{address}{path}") as got:
        answered: dict[str, object] = json.load(got)
        return answered


def records(environment: Environment) -> list[str]:
    directory = Path(environment.layout.root, ".ops/run")
    return os.listdir(directory) if directory.exists() else []


def test_arguments_directory_and_exit_code_pass_through(demo: Environment) -> None:
    code, out, err = Run(demo, "--cpu", "--exit-code", "7", "--show", "a b", "").end()
    shown = json.loads(out.splitlines()[-1])
    assert (code, err) == (7, "")
    assert shown["argv"] == ["main.py", "--cpu", "--exit-code", "7", "--show", "a b", ""]
    assert (shown["cwd"], shown["prefix"]) == (demo.layout.comfyui, demo.layout.venv)
    assert records(demo) == []


def test_standard_input_reaches_comfyui(demo: Environment) -> None:
    run = Run(demo, "--wait-for", "/dev/stdin", "--exit-code", "3")
    assert run.process.communicate("something")[0]
    assert run.process.returncode == 3


def test_it_serves_until_it_is_interrupted_and_ends_in_its_own_way(demo: Environment) -> None:
    with running(demo, "--port", "0") as run:
        address = run.address()
        assert answer(address, "/models") == {"path": os.path.realpath(demo.workspace.models)}
        run.process.send_signal(signal.SIGINT)
        code, out, _ = run.end()
    assert (code, "Stopped server" in out) == (0, True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2])
def test_a_signal_that_ends_comfyui_is_its_exit_code(demo: Environment, number: signal.Signals) -> None:
    with running(demo, "--port", "0") as run:
        run.address()
        run.process.send_signal(number)
        assert run.end()[0] == 128 + number
    assert records(demo) == []


def test_each_signal_is_passed_on_once_in_its_order(demo: Environment) -> None:
    numbers = [signal.SIGUSR1, signal.SIGINT, signal.SIGHUP, signal.SIGUSR2, signal.SIGINT]
    with running(demo, "--port", "0", "--tell-signals") as run:
        run.address()
        for number in numbers:
            run.process.send_signal(number)
            assert run.heard("heard") == f"heard {number.name}\n"
        run.process.send_signal(signal.SIGTERM)
        code, out, _ = run.end()
    assert (code, out) == (5, "heard SIGTERM\n")


def test_ctrl_c_at_a_terminal_arrives_once(demo: Environment) -> None:
    """We are held until ComfyUI has heard it, so that a second one could not melt into the first."""
    words = command_of(demo, "--port", "0", "--tell-signals")
    terminal = pexpect.spawn(words[0], words[1:], encoding="utf-8", timeout=60)
    terminal.delaybeforesend = None
    terminal.expect("go to: ")
    os.kill(terminal.pid, signal.SIGSTOP)
    terminal.sendintr()
    terminal.expect("heard SIGINT\r\n")
    os.kill(terminal.pid, signal.SIGCONT)
    os.kill(terminal.pid, signal.SIGUSR1)
    terminal.expect("heard (SIG[A-Z0-9]+)\r\n")
    assert terminal.match.group(1) == "SIGUSR1"
    os.kill(terminal.pid, signal.SIGTERM)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 5


def test_a_terminal_with_a_shell_stays_usable(demo: Environment) -> None:
    shell = pexpect.spawn("/bin/sh", encoding="utf-8", timeout=60, env={**os.environ, "PS1": "ready> "})
    shell.delaybeforesend = None
    shell.expect_exact("ready> ")
    words = command_of(demo, "--port", "0", "--tell-signals")
    shell.sendline(" ".join("'" + word.replace("'", "'\\''") + "'" for word in words))
    shell.expect("go to: ")
    shell.sendintr()
    shell.expect("heard SIGINT\r\n")
    shell.sendcontrol("z")
    shell.expect_exact("ready> ")
    assert "heard" not in str(shell.before)
    shell.sendline("kill -USR1 %1; fg")
    shell.expect("heard (SIGUSR1)\r\n")
    os.kill(int(run_state.recorded(demo.layout.root)[0].pid), signal.SIGTERM)
    shell.expect_exact("ready> ")
    shell.sendline("echo code=$?")
    shell.expect("code=5\r\n")
    shell.close(force=True)


def test_the_end_of_the_terminal_reaches_comfyui(demo: Environment) -> None:
    words = command_of(demo, "--port", "0")
    terminal = pexpect.spawn(words[0], words[1:], encoding="utf-8", timeout=60)
    terminal.expect("go to: ")
    (one,) = run_state.recorded(demo.layout.root)
    terminal.close(force=False)
    assert process_table.wait_gone(one.pid, one.start, 30)


def test_what_is_ignored_stays_ignored(demo: Environment) -> None:
    """As `nohup` does."""
    with running(demo, "--port", "0", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as run:
        address = run.address()
        run.process.send_signal(signal.SIGHUP)
        assert answer(address, "/models")
        run.process.send_signal(signal.SIGTERM)
        assert run.end()[0] == 128 + signal.SIGTERM


def test_exit_code_42_starts_it_again_with_the_same_arguments(demo: Environment, tmp_path: Path) -> None:
    once = str(tmp_path / "once")
    code, out, err = Run(demo, "--cpu", "--restart-once", once, "--exit-code", "3", "--show", "x").end()
    assert code == 3
    assert err == "ComfyUI asks to be restarted (exit code 42)\n"
    first, second = (json.loads(line) for line in out.splitlines() if line.startswith("{"))
    assert (
        first["argv"]
        == second["argv"]
        == ["main.py", "--cpu", "--restart-once", once, "--exit-code", "3", "--show", "x"]
    )


def test_a_restart_that_meets_termination_is_none(demo: Environment, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with running(demo, "--wait-for", str(tmp_path / "pipe"), "--exit-code", "42", "--stubborn") as run:
        run.heard("pytorch version")
        run.process.send_signal(signal.SIGTERM)
        (tmp_path / "pipe").write_text("go on")
        assert run.end()[0] == 42


def test_an_environment_without_python_or_comfyui_cannot_run(demo: Environment) -> None:
    os.rename(f"{demo.layout.comfyui}/main.py", f"{demo.layout.comfyui}/other.py")
    with pytest.raises(EnvironmentBroken, match="ComfyUI"):
        demo.run([], SILENT)
    os.unlink(f"{demo.layout.venv}/bin/python")
    with pytest.raises(EnvironmentBroken, match="Python"):
        demo.run([], SILENT)


def shown_arguments(demo: Environment, *arguments: str) -> list[str]:
    _, out, _ = Run(demo, "--exit-code", "0", *arguments, "--show", "x").end()
    found: list[str] = json.loads(out.splitlines()[-1])["argv"]
    return found


@pytest.mark.parametrize(
    ("choice", "arguments", "added"),
    [
        (None, (), False),
        ("cpu\ntorch=2.9.1+cpu\n", (), True),
        ("cpu", ("--cpu",), False),
        ("cpu\n", ("--port", "0"), True),
        ("cu128\n", (), False),
        ("\xff\xfe", (), False),
    ],
)
def test_the_cpu_is_chosen_where_pytorch_knows_nothing_else(
    demo: Environment, choice: str | None, arguments: tuple[str, ...], added: bool
) -> None:
    file = Path(demo.layout.definition, ".pytorch-backend")
    file.unlink() if choice is None else file.write_text(choice, encoding="latin-1")
    argv = shown_arguments(demo, *arguments)
    assert (argv[1] == "--cpu" and argv.count("--cpu") == 1) is added


# Ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_taken_port_is_told_with_who_has_it_and_one_that_is_free(demo: Environment, taken: int) -> None:
    with pytest.raises(PortInUse) as caught:
        demo.run(["--port", str(taken)], SILENT)
    error = caught.value
    assert error.message.startswith(f"port {taken} is in use by process {os.getpid()} (`")
    free = error.context["free_port"]
    assert isinstance(free, int)
    assert error.hint == f"port {free} is free: `comfydock run --port {free}`"
    assert not process_table.is_taken("127.0.0.1", free)
    assert records(demo) == []


@pytest.mark.parametrize("listen", [["--listen"], ["--listen", "0.0.0.0"], ["--listen=127.0.0.1,::1"], []])
def test_a_port_is_taken_for_every_address_that_covers_it(demo: Environment, taken: int, listen: list[str]) -> None:
    with pytest.raises(PortInUse):
        demo.run([f"--port={taken}", *listen], SILENT)


def test_what_never_serves_needs_no_port(demo: Environment, taken: int) -> None:
    assert Run(demo, "--quick-test-for-ci", "--port", str(taken)).end()[0] == 0


def test_a_port_that_was_used_a_moment_ago_is_free(demo: Environment) -> None:
    """Connections that are over linger in the system."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            served, _ = listener.accept()
            served.close()
            client.recv(1)
    assert not process_table.is_taken("127.0.0.1", port)


def test_two_runs_on_different_ports_get_along(demo: Environment) -> None:
    with running(demo, "--port", "0") as one, running(demo, "--port", "0") as other:
        assert answer(one.address(), "/models") == answer(other.address(), "/models")
        assert len(run_state.recorded(demo.layout.root)) == 2


# Who runs


def lock_is_free(demo: Environment) -> bool:
    with open(run_state.lock_path(demo.layout.root)) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_what_runs_is_told_by_its_number_and_its_place(demo: Environment) -> None:
    with running(demo, "--port", "0") as run:
        address = run.address()
        (one,) = demo.running()
        system = answer(address, "/system_stats")["system"]
        assert isinstance(system, dict)
        assert one.pid == system["pid"] != run.process.pid
        assert (one.supervisor, one.by_hand, one.host) == (run.process.pid, False, "127.0.0.1")
        with pytest.raises(EnvironmentInUse, match=str(one.pid)) as caught:
            run_state.refuse_while_running(demo.layout.root, demo.layout.comfyui, demo.layout.venv)
        assert caught.value.hint is not None
        assert "comfydock run --stop" in caught.value.hint
    assert demo.running() == []
    run_state.refuse_while_running(demo.layout.root, demo.layout.comfyui, demo.layout.venv)


def test_the_lock_lives_as_long_as_comfyui_even_without_comfydock(demo: Environment) -> None:
    with running(demo, "--port", "0") as run:
        address = run.address()
        run.process.kill()
        run.process.wait()
        assert answer(address, "/models")
        assert not lock_is_free(demo)
        (one,) = demo.running()
        os.kill(one.pid, signal.SIGKILL)
        assert process_table.wait_gone(one.pid, one.start, 30)
    assert lock_is_free(demo)
    assert demo.running() == []


def test_an_environment_that_is_being_changed_is_not_started(demo: Environment) -> None:
    os.makedirs(f"{demo.layout.root}/.ops")
    with open(run_state.lock_path(demo.layout.root), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(EnvironmentChanging, match="`demo` is being changed"):
            demo.run(["--quick-test-for-ci"], SILENT)
    assert demo.run(["--quick-test-for-ci"], SILENT) == 0


def started(command: list[str], **options: object) -> "subprocess.Popen[str]":
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload]
    assert process.stdout is not None
    for line in process.stdout:
        if "go to" in line or "ready" in line:
            break
    return process  # type: ignore[no-any-return]


def test_one_started_by_hand_is_found(demo: Environment) -> None:
    by_venv = started([f"{demo.layout.venv}/bin/python", f"{demo.layout.comfyui}/main.py", "--port", "0"], cwd="/")
    script = "print('ready', flush=True); input()"
    by_place = started([sys.executable, "-c", script], cwd=demo.layout.comfyui, stdin=subprocess.PIPE)
    standing = started(["sh", "-c", "echo ready; read x"], cwd=demo.layout.comfyui, stdin=subprocess.PIPE)
    try:
        found = {one.pid: one for one in demo.running()}
        assert set(found) == {by_venv.pid, by_place.pid}
        assert all(one.by_hand for one in found.values())
        assert found[by_venv.pid].port in process_table.listened_ports(by_venv.pid)
        with pytest.raises(EnvironmentInUse) as caught:
            run_state.refuse_while_running(demo.layout.root, demo.layout.comfyui, demo.layout.venv)
        assert caught.value.hint == "stop it first, or go on with `--while-running`"
    finally:
        for process in (by_venv, by_place, standing):
            process.kill()
            process.communicate()
    assert demo.running() == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": "x", "start": 1}', '{"unknown": 1}', "[" * 100_000])
def test_a_record_that_is_none_counts_for_nothing(demo: Environment, content: str) -> None:
    directory = Path(demo.layout.root, ".ops/run")
    directory.mkdir(parents=True)
    (directory / "1.json").write_text(content)
    assert demo.running() == []
    assert Run(demo, "--quick-test-for-ci").end()[0] == 0
    assert records(demo) == []


def test_a_number_that_was_given_again_is_not_mistaken(demo: Environment) -> None:
    os.makedirs(f"{demo.layout.root}/.ops")
    run_state.write_record(demo.layout.root, RunningComfyUI(os.getpid(), "1", supervisor=1))
    assert run_state.recorded(demo.layout.root) == []


def test_an_interrupt_while_it_starts_leaves_nothing(demo: Environment, tmp_path: Path) -> None:
    """At whatever moment it comes, ComfyUI hears of it or is never there."""
    hook = tmp_path / "sitecustomize.py"
    code = "import os, signal, subprocess\nreal = subprocess.Popen\n{}\nsubprocess.Popen = interrupted\n"
    before = "def interrupted(*a, **k):\n    os.kill(os.getpid(), signal.SIGINT)\n    return real(*a, **k)"
    after = "def interrupted(*a, **k):\n    p = real(*a, **k)\n    os.kill(os.getpid(), signal.SIGINT)\n    return p"
    for moment in (before, after):
        hook.write_text(code.format(moment))
        environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
        run = Run(demo, "--port", "0", env=environment)
        readable, _, _ = select.select([os.pidfd_open(run.process.pid)], [], [], 60)
        assert readable
        code_given, _, _ = run.end()
        assert code_given in (0, 1, 128 + signal.SIGINT)
        assert (demo.running(), records(demo)) == ([], [])
