"""Running programs: live output, cancellation, structured failure.

Children get their own session, away from the terminal: Ctrl-C reaches ComfyDock alone, which then stops the whole
group, and no child can wait unseen for an answer from the keyboard.
"""

import codecs
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from comfydock_core.models.exceptions import ToolMissing
from comfydock_core.utils import interruption

_GRACE_SECONDS = 5.0
_CHUNK = 65536

_inherited: set[int] = set()


@dataclass(frozen=True, slots=True)
class Completed:
    """How a program ended and what it wrote. `errors` is empty when both streams were read as one."""

    returncode: int
    output: str
    errors: str = ""

    @property
    def text(self) -> str:
        """Everything it wrote, for messages."""
        return "\n".join(part for part in (self.errors.strip(), self.output.strip()) if part)

    def ending(self, program: str) -> str:
        """How it ended, for messages."""
        code = self.returncode
        return f"{program} was ended by signal {-code}" if code < 0 else f"{program} ended with exit code {code}"


@contextlib.contextmanager
def inherited(descriptor: int) -> Iterator[None]:
    """Children started inside inherit `descriptor`: a lock on it lasts until they are gone, even if we are killed."""
    _inherited.add(descriptor)
    try:
        yield
    finally:
        _inherited.discard(descriptor)


def stream(
    command: Sequence[str], *, cwd: str, env: Mapping[str, str], on_line: Callable[[str], None], hint: str | None = None
) -> Completed:
    """Run a program and pass on each line it writes, on either stream, as it comes. Raises `ToolMissing`."""
    with _running(command, cwd, env, subprocess.STDOUT, hint) as process:
        lines: list[str] = []
        for line in _lines(process):
            lines.append(line)
            on_line(line)
        return Completed(process.wait(), "\n".join(lines))


def capture(command: Sequence[str], *, cwd: str, env: Mapping[str, str], hint: str | None = None) -> Completed:
    """Run a program and collect its streams apart. Raises `ToolMissing`."""
    with _running(command, cwd, env, subprocess.PIPE, hint) as process:
        return _collected(process, None)


@contextlib.contextmanager
def alongside(
    command: Sequence[str],
    *,
    cwd: str,
    env: Mapping[str, str],
    judge: Callable[[Completed], None],
    hint: str | None = None,
) -> Iterator[None]:
    """Run a program while the block is at work; at its end `judge` gets how the program ended.

    When the block is left by an exception the program is stopped. Raises `ToolMissing` and what `judge` raises.
    """
    with _running(command, cwd, env, subprocess.STDOUT, hint) as process:
        yield
        judge(_collected(process, None))


def capture_within(seconds: float, command: Sequence[str], *, cwd: str, env: Mapping[str, str]) -> Completed | None:
    """Like `capture`, but a program that takes longer is stopped, and the answer is `None`. Raises `ToolMissing`."""
    with _running(command, cwd, env, subprocess.PIPE, None) as process:
        try:
            return _collected(process, seconds)
        except subprocess.TimeoutExpired:
            _stop(process)
            return None


def _collected(process: "subprocess.Popen[bytes]", seconds: float | None) -> Completed:
    output, errors = process.communicate(timeout=seconds)
    return Completed(process.returncode, output.decode("utf-8", "replace"), (errors or b"").decode("utf-8", "replace"))


@contextlib.contextmanager
def _running(
    command: Sequence[str], cwd: str, env: Mapping[str, str], stderr: int, hint: str | None
) -> Iterator["subprocess.Popen[bytes]"]:
    """A started program that is stopped when the block is left by an exception, Ctrl-C included."""
    process = None
    try:
        with interruption.deferred():  # An interrupt while the child starts would leave it running unknown to us.
            process = _start(command, cwd, env, stderr, hint)
        yield process
    except BaseException:
        if process is not None:
            _stop(process)
        raise
    finally:
        for pipe in (process.stdout, process.stderr) if process is not None else ():
            if pipe is not None:
                pipe.close()


def _start(
    command: Sequence[str], cwd: str, env: Mapping[str, str], stderr: int, hint: str | None
) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(
            list(command),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
            pass_fds=tuple(_inherited) if sys.platform != "win32" else (),
        )
    except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
        if error.filename not in (command[0], None):
            raise
        raise ToolMissing(
            f"cannot start `{command[0]}`: {error.strerror}", hint=hint, context={"program": command[0]}
        ) from error


def _lines(process: "subprocess.Popen[bytes]") -> Iterator[str]:
    """Lines as they come; a carriage return ends one too, as in progress displays."""
    assert process.stdout is not None
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    pending = ""
    while chunk := os.read(process.stdout.fileno(), _CHUNK):
        *whole, pending = (pending + decoder.decode(chunk)).replace("\r", "\n").split("\n")
        yield from (line for line in whole if line)
    if pending:
        yield pending


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Ask the group to stop as Ctrl-C would, then make it. A second Ctrl-C cuts the waiting short."""
    try:
        _signal_group(process, signal.SIGINT)
        process.wait(_GRACE_SECONDS)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        pass  # It had its chance; what follows is for all of the group that is left.
    finally:
        _kill_group(process)
        process.wait()


def _kill_group(process: "subprocess.Popen[bytes]") -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        _signal_group(process, signal.SIGKILL)


def _signal_group(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    if sys.platform == "win32":
        process.terminate()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):  # The group is gone already.
        os.killpg(process.pid, number)
