"""Starting ComfyUI."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.exceptions import EnvironmentBroken, FileSystemError
from comfydock_core.utils import native
from comfydock_core.utils.child_environment import child_environment


def run_comfyui(layout: EnvironmentLayout, arguments: Sequence[str], *, replace: bool) -> int:
    """Run `main.py` with the environment's Python in ComfyUI's directory, on this terminal.

    With `replace` this process *becomes* ComfyUI where the system can do that (POSIX): nothing stands between it and
    the terminal, signals and the exit code, and nothing of ComfyDock stays in memory. Otherwise the result is the
    child's exit code, 128+N when signal N ended it. Raises `EnvironmentBroken`.
    """
    command = _command(layout, arguments)
    environment = child_environment()
    if replace and sys.platform != "win32":
        _become(command, layout.comfyui, environment)
    with _forwarded_signals() as children:
        child = subprocess.Popen(command, cwd=layout.comfyui, env=environment)
        children.append(child)
        code = child.wait()
    return 128 - code if code < 0 else code


def _command(layout: EnvironmentLayout, arguments: Sequence[str]) -> list[str]:
    python = f"{layout.venv}/Scripts/python.exe" if native.WINDOWS else f"{layout.venv}/bin/python"
    for path, what in ((python, "Python"), (f"{layout.comfyui}/main.py", "ComfyUI")):
        if not native.is_file(path):
            shown = f"'{layout.name}'" if " " in layout.name else layout.name
            raise EnvironmentBroken(
                f"the environment `{layout.name}` has no {what}: there is no file `{path}`",
                hint=f"`comfydock status -e {shown}` tells its state; `comfydock create NAME` makes a new environment",
                context={"environment": layout.name, "path": path},
            )
    return [python, "main.py", *arguments]


def _become(command: list[str], directory: str, environment: dict[str, str]) -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    try:
        os.chdir(directory)
        os.execve(command[0], command, environment)
    except OSError as error:
        raise FileSystemError(f"cannot start `{command[0]}`: {error.strerror}", context={"path": command[0]}) from error


@contextmanager
def _forwarded_signals() -> "Iterator[list[subprocess.Popen[bytes]]]":
    """Send what we are told on to the child. Ctrl-C reaches it by the terminal already, so we only survive it."""
    children: list[subprocess.Popen[bytes]] = []

    def forward(number: int, frame: FrameType | None) -> None:
        for child in children:
            child.send_signal(number)

    def survive(number: int, frame: FrameType | None) -> None:
        """The child has heard it too and decides."""

    before = {signal.SIGINT: signal.signal(signal.SIGINT, survive)}
    for number in () if sys.platform == "win32" else (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        before[number] = signal.signal(number, forward)
    try:
        yield children
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
