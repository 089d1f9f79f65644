"""ComfyUI in the background: started, found again, stopped, and what it wrote."""

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.running.running import comfyui_command, refuse_taken_port
from comfydock_core.core.usecases.running.start_listening import StartListener, missing_module, told_of_missing
from comfydock_core.integrations import process_table
from comfydock_core.integrations.own_program import own_command
from comfydock_core.models.exceptions import ComfyUIEnded
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.running import RunningComfyUI
from comfydock_core.repositories import run_state
from comfydock_core.repositories.run_log import RunLog, new_log, newest_log
from comfydock_core.utils import interruption, processes
from comfydock_core.utils.child_environment import child_environment
from comfydock_core.utils.files.disk_errors import disk_errors

_LINES_TOLD = 15
_LOOK_SECONDS = 0.1
_PATIENCE_SECONDS = 10.0  # How long ComfyUI may take to end after being asked.


def start_in_background(
    layout: EnvironmentLayout,
    workspace: WorkspaceLayout,
    arguments: Sequence[str],
    *,
    wait: bool,
    reporter: Reporter,
) -> RunningComfyUI:
    """Start ComfyUI in a session of its own, its output in the environment's log, and wait until it serves.

    Another ComfyDock runs it there and watches over it. Without `wait` the answer comes as soon as ComfyUI is started.
    When waiting is interrupted nothing is left running. Raises `ComfyUIEnded` and what `run_comfyui` raises.
    """
    comfyui_command(layout, arguments)
    refuse_taken_port(layout, arguments)
    with interruption.termination_raises(), disk_errors("start ComfyUI in the background"):
        log = RunLog(new_log(_log_directory(layout, workspace), {one.log for one in run_state.recorded(layout.root)}))
        log.tail(0)
        child = None
        try:
            with interruption.deferred():
                watcher = [*own_command(), "-e", layout.name, "__run", "--", log.path, *arguments]
                child = _start(watcher, workspace, log.path)
            running = _await(layout, child, log, wait, reporter)
            _keep_imports(layout, workspace, log, reporter)
            return running
        except BaseException:
            if child is not None:
                _end(layout, child)
            raise


def stop(
    layout: EnvironmentLayout, port: int | None, reporter: Reporter, *, patience: float = _PATIENCE_SECONDS
) -> list[RunningComfyUI]:
    """Stop every ComfyUI of the environment that ComfyDock started, or the one on `port`; those that were stopped.

    Each is asked as Ctrl-C asks, then told to end, then made to, which is said. One started by hand is left alone.
    """
    running = run_state.running_processes(layout.root, layout.comfyui, layout.venv)
    wanted = [one for one in running if not one.by_hand and port in (None, one.port)]
    for one in running:
        if one.by_hand:
            reporter.warn(f"{one} was started by hand, and is left alone")
    return [one for one in wanted if _stop_one(one, patience, reporter)]


def run_log(layout: EnvironmentLayout, workspace: WorkspaceLayout, port: int | None) -> RunLog:
    """What the ComfyUI in the background writes; of the one on `port`, or of the last one when none runs."""
    running = [one.log for one in run_state.recorded(layout.root) if one.log and port in (None, one.port)]
    return RunLog(running[-1] if running else newest_log(_log_directory(layout, workspace)))


def follow(layout: EnvironmentLayout, log: RunLog) -> Iterator[str]:
    """What is written from now on, as it comes, until the ComfyUI that writes it has ended."""

    def wait() -> bool:
        writer = next((one for one in run_state.recorded(layout.root) if one.log == log.path), None)
        return writer is not None and not process_table.wait_gone(writer.pid, writer.start, _LOOK_SECONDS)

    return log.follow(wait)


# Starting


def _log_directory(layout: EnvironmentLayout, workspace: WorkspaceLayout) -> str:
    return os.path.dirname(workspace.log_file(layout.name))


def _start(command: list[str], workspace: WorkspaceLayout, log: str) -> "subprocess.Popen[bytes]":
    with open(log, "ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**child_environment(), "COMFYDOCK_HOME": workspace.root},
            cwd=workspace.root,
            start_new_session=True,
        )


def _await(
    layout: EnvironmentLayout, child: "subprocess.Popen[bytes]", log: RunLog, wait: bool, reporter: Reporter
) -> RunningComfyUI:
    """Look again and again at the process, what it noted, and its port; each look waits a moment for its end."""
    reporter.phase("Starting ComfyUI")
    while True:
        found = next((one for one in run_state.recorded(layout.root) if one.supervisor == child.pid), None)
        if found is not None and (not wait or _serves(found)):
            return found
        try:
            code = child.wait(_LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        raise _ended_early(layout, log, code)


def _keep_imports(layout: EnvironmentLayout, workspace: WorkspaceLayout, log: RunLog, reporter: Reporter) -> None:
    """Keep what it said of its node packs until now."""
    listener = StartListener(layout, workspace, reporter)
    for line in _lines(log):
        listener.line(line)
    listener.ended(0)


def _lines(log: RunLog) -> list[str]:
    """What was written since the log was looked at last."""
    return [line for text in log.follow(lambda: False) for line in text.splitlines()]


def _serves(running: RunningComfyUI) -> bool:
    return running.port is not None and process_table.answers(running.reached_at, running.port)


def _ended_early(layout: EnvironmentLayout, log: RunLog, code: int) -> ComfyUIEnded:
    lines = _lines(log)[-_LINES_TOLD:]
    told, module = "\n".join(lines), missing_module(lines)
    return ComfyUIEnded(
        f"ComfyUI ended before it was ready, with exit code {128 - code if code < 0 else code}\n{told}".rstrip(),
        hint=told_of_missing(module, layout.name) if module else "`comfydock run --logs` shows all of its output",
        context={"exit_code": code, "log": log.path, "output": lines},
    )


def _end(layout: EnvironmentLayout, child: "subprocess.Popen[bytes]") -> None:
    """Leave nothing of a start that was interrupted: its whole session goes."""
    if child.poll() is None:
        process_table.send(child.pid, signal.SIGTERM, group=True)
        try:
            child.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process_table.send(child.pid, signal.SIGKILL, group=True)
            child.wait()
    run_state.remove_record(layout.root, child.pid)


# Stopping


def _stop_one(running: RunningComfyUI, patience: float, reporter: Reporter) -> bool:
    reporter.phase(f"Stopping ComfyUI ({running})")
    for number, seconds in ((signal.SIGINT, patience), (signal.SIGTERM, patience / 2)):
        process_table.send(running.pid, number)
        if process_table.wait_gone(running.pid, running.start, seconds):
            break
    else:
        reporter.warn(f"ComfyUI ({running}) did not end within {patience * 1.5:.0f} s and is killed")
        process_table.send(running.pid, signal.SIGKILL)
        if not process_table.wait_gone(running.pid, running.start, patience):
            reporter.warn(f"ComfyUI ({running}) could not be ended")
            return False
    if running.supervisor is not None:
        start = processes.start_of(running.supervisor)
        if start is not None:
            process_table.wait_gone(running.supervisor, start, patience)
    return True
