"""Running ComfyUI on this terminal, watched over: signals go in, the exit code comes out, a restart is a restart."""

import contextlib
import os
import shlex
import signal
from collections.abc import Sequence
from datetime import datetime

from comfydock_core.analyzers.packages.virtual_environment import venv_python
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.running import comfyui_arguments
from comfydock_core.core.usecases.running.start_listening import StartListener
from comfydock_core.integrations import process_table
from comfydock_core.integrations.attached import Attached, SignalRelay, signals_relayed
from comfydock_core.integrations.stderr_tap import stderr_tapped
from comfydock_core.models.exceptions import EnvironmentBroken, PortInUse
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.running import RunningComfyUI
from comfydock_core.repositories import run_state
from comfydock_core.repositories.definition.backend_choice import read_choice
from comfydock_core.utils import native, processes
from comfydock_core.utils.child_environment import child_environment, without_python_settings
from comfydock_core.utils.files.disk_errors import disk_errors

RESTART = 42
_PORTS_TRIED = 200


def run_comfyui(
    layout: EnvironmentLayout,
    workspace: WorkspaceLayout,
    arguments: Sequence[str],
    reporter: Reporter,
    *,
    log: str | None = None,
) -> int:
    """Run `main.py` with the environment's Python in ComfyUI's directory until it ends; again when it asks for that.

    The result is its exit code, 128+N when signal N ended it. `log` is the file that its output goes to, if it goes
    to one; elsewhere what ComfyUI says of its node packs is kept. Raises `EnvironmentBroken`, `EnvironmentChanging`,
    `PortInUse`, `FileSystemError`.
    """
    command = comfyui_command(layout, arguments)
    variables, dropped = without_python_settings(child_environment())
    if dropped:
        reporter.warn(f"ComfyUI runs without {' and '.join(dropped)} of this shell: it has packages of its own")
    if log is not None:
        _hear_interrupts()
    with disk_errors("start ComfyUI"), run_state.held(layout.root) as lock:
        refuse_taken_port(layout, arguments)
        with signals_relayed() as relay:
            while True:
                listener = StartListener(layout, workspace, reporter)
                code = _run_once(layout, command, variables, arguments, relay, lock, log, listener)
                advice = listener.ended(code)
                if advice is not None:
                    reporter.warn(advice)
                if code != RESTART or relay.told_to_end is not None:
                    return code
                reporter.phase(f"ComfyUI asks to be restarted (exit code {RESTART})")


def _run_once(
    layout: EnvironmentLayout,
    command: list[str],
    variables: dict[str, str],
    arguments: Sequence[str],
    relay: SignalRelay,
    lock: int | None,
    log: str | None,
    listener: StartListener,
) -> int:
    keep = () if lock is None else (lock,)
    # What goes to a file goes there without us: ComfyUI can write on when we are killed.
    with stderr_tapped(listener.line) if log is None else contextlib.nullcontext() as stderr:
        child = relay.run(command, cwd=layout.comfyui, env=variables, keep=keep, stderr=stderr)
        try:
            if lock is not None:
                run_state.write_record(layout.root, _running(child, arguments, log))
            return child.wait()
        except BaseException:
            child.kill()
            raise
        finally:
            if lock is not None:
                run_state.remove_record(layout.root, os.getpid())


def _hear_interrupts() -> None:
    """Scripts start what is in the background with Ctrl-C ignored, and ComfyUI would inherit that."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _running(child: Attached, arguments: Sequence[str], log: str | None) -> RunningComfyUI:
    return RunningComfyUI(
        pid=child.pid,
        start=processes.start_of(child.pid) or "",
        supervisor=os.getpid(),
        host=comfyui_arguments.hosts(arguments)[0],
        port=comfyui_arguments.port(arguments),
        started=datetime.now().isoformat(timespec="seconds"),
        log=log,
    )


def comfyui_command(layout: EnvironmentLayout, arguments: Sequence[str]) -> list[str]:
    """The words that start it. Raises `EnvironmentBroken` without a Python or a ComfyUI."""
    python = venv_python(layout.venv)
    for path, what in ((python, "Python"), (f"{layout.comfyui}/main.py", "ComfyUI")):
        if not native.is_file(path):
            shown = shlex.quote(layout.name)
            raise EnvironmentBroken(
                f"the environment `{layout.name}` has no {what}: there is no file `{path}`",
                hint=f"`comfydock doctor -e {shown}` says what is wrong and what to do",
                context={"environment": layout.name, "path": path},
            )
    return [python, "main.py", *_device(layout, arguments), *arguments]


def _device(layout: EnvironmentLayout, arguments: Sequence[str]) -> list[str]:
    """`--cpu` where this machine's PyTorch can do nothing else and nobody said otherwise."""
    chosen = read_choice(layout.definition)
    return ["--cpu"] if chosen == "cpu" and not comfyui_arguments.names_device(arguments) else []


def refuse_taken_port(layout: EnvironmentLayout, arguments: Sequence[str]) -> None:
    """Raise `PortInUse`, naming who listens there, when ComfyUI could not."""
    port, hosts = comfyui_arguments.port(arguments), comfyui_arguments.hosts(arguments)
    if port is None or not comfyui_arguments.serves(arguments):
        return
    if not any(process_table.is_taken(host, port) for host in hosts):
        return
    holder = process_table.port_holder(port)
    free = _free_port(hosts, port)
    hint = "choose another port: `comfydock run --port N`"
    if free is not None:
        hint = f"port {free} is free: `comfydock run --port {free}`"
    if any(one.port == port for one in run_state.recorded(layout.root)):
        hint += "; `comfydock run --stop` stops the one that runs"
    raise PortInUse(
        f"port {port} is in use{_told(holder)}",
        hint=hint,
        context={"port": port, "free_port": free, "pid": holder, "hosts": hosts},
    )


def _told(holder: int | None) -> str:
    if holder is None:
        return ""
    words = " ".join(process_table.words_of(holder))
    where = process_table.directory_of(holder)
    return f" by process {holder}" + (f" (`{words}` in `{where}`)" if words and where else "")


def _free_port(hosts: Sequence[str], port: int) -> int | None:
    candidates = range(port + 1, min(port + _PORTS_TRIED, 65536))
    return next((one for one in candidates if not any(process_table.is_taken(host, one) for host in hosts)), None)
