"""Running programs: live output, cancellation, structured failure.

Children get their own session, away from the terminal: Ctrl-C reaches ComfyDock alone, which then stops the whole
group, and no child can wait unseen for an answer from the keyboard. They die with us (`guard`), and inherit nothing of
ours but their streams.
"""

import codecs
import contextlib
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO

from comfydock_core.integrations import guard
from comfydock_core.models.exceptions import ToolMissing
from comfydock_core.records import record
from comfydock_core.utils import interruption
from comfydock_core.utils.waiting import Waiting

_GRACE_SECONDS = 5.0
_CHUNK = 65536


class FellSilent(Exception):
    """A program wrote nothing for longer than it may, and was stopped."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"nothing came for {seconds:g} seconds")
        self.seconds = seconds


@record
class Silence:
    """How long a program may write nothing, and whom it waits for meanwhile, in words."""

    seconds: float
    whom: str


@record
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


def stream(
    command: Sequence[str],
    *,
    cwd: str,
    env: Mapping[str, str],
    on_line: Callable[[str], None],
    hint: str | None = None,
    silence: Silence | None = None,
) -> Completed:
    """Run a program and pass on each line it writes, on either stream, as it comes.

    Raises `ToolMissing`, and `FellSilent` when it writes nothing for longer than `silence` allows.
    """
    with _running(command, cwd, env, subprocess.STDOUT, hint) as process:
        lines: list[str] = []
        for line in _lines(process.stdout, silence):
            lines.append(line)
            on_line(line)
        return Completed(process.wait(), "\n".join(lines))


def stream_errors(
    command: Sequence[str],
    *,
    cwd: str,
    env: Mapping[str, str],
    on_line: Callable[[str], None],
    hint: str | None = None,
    silence: Silence | None = None,
) -> Completed:
    """Like `stream`, with the streams apart: lines of errors and progress are passed on, output is collected whole.

    Raises what `stream` raises; it is the errors that may not be silent for longer.
    """
    with (
        tempfile.TemporaryFile() as output,
        _running(command, cwd, env, subprocess.PIPE, hint, stdout=output.fileno()) as process,
    ):
        assert process.stderr is not None
        lines = []
        for line in _lines(process.stderr, silence):
            lines.append(line)
            on_line(line)
        code = process.wait()
        output.seek(0)
        return Completed(code, output.read().decode("utf-8", "replace"), "\n".join(lines))


def capture(
    command: Sequence[str],
    *,
    cwd: str,
    env: Mapping[str, str],
    hint: str | None = None,
    silence: Silence | None = None,
    given: bytes | None = None,
) -> Completed:
    """Run a program and collect its streams apart; all it says comes at its end, so `silence` is for the whole.

    It reads what is `given`, else nothing. Raises `ToolMissing`, `FellSilent`.
    """
    if given is not None:
        with _running(command, cwd, env, subprocess.PIPE, hint, subprocess.PIPE) as process:
            return _collected(process, None, given)
    with _running(command, cwd, env, subprocess.PIPE, hint) as process:
        return _collected(process, None) if silence is None else _collected_soon(process, silence)


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


@contextlib.contextmanager
def piped(
    command: Sequence[str],
    *,
    cwd: str,
    env: Mapping[str, str],
    judge: Callable[[Completed], None],
    hint: str | None = None,
    given: bytes = b"",
) -> Iterator[IO[bytes]]:
    """Run a program whose output, which may be of any size, is read by the block; `judge` gets how it ended.

    The program reads what is `given`. What the block did not read is dropped at its end. `judge` is not asked when the
    block is left by an exception. Raises `ToolMissing` and what `judge` raises.
    """
    with (
        tempfile.TemporaryFile() as errors,  # A pipe that nobody reads from would fill up and stop the program.
        _input(given) as stdin,
        _running(command, cwd, env, errors.fileno(), hint, stdin) as process,
    ):
        assert process.stdout is not None
        yield process.stdout
        while process.stdout.read(_CHUNK):
            pass
        code = process.wait()
        errors.seek(0)
        judge(Completed(code, "", errors.read(_CHUNK).decode("utf-8", "replace")))


@contextlib.contextmanager
def _input(given: bytes) -> Iterator[int]:
    """Where a program reads what it is given: a file, as a pipe would have to be filled while the answer is read."""
    if not given:
        yield subprocess.DEVNULL
        return
    with tempfile.TemporaryFile() as file:
        file.write(given)
        file.seek(0)
        yield file.fileno()


def capture_within(seconds: float, command: Sequence[str], *, cwd: str, env: Mapping[str, str]) -> Completed | None:
    """Like `capture`, but a program that takes longer is stopped, and the answer is `None`. Raises `ToolMissing`."""
    with _running(command, cwd, env, subprocess.PIPE, None) as process:
        try:
            return _collected(process, seconds)
        except subprocess.TimeoutExpired:
            _stop(process)
            return None


def _collected(process: "subprocess.Popen[bytes]", seconds: float | None, given: bytes | None = None) -> Completed:
    output, errors = process.communicate(given, timeout=seconds)
    return Completed(process.returncode, output.decode("utf-8", "replace"), (errors or b"").decode("utf-8", "replace"))


def _collected_soon(process: "subprocess.Popen[bytes]", silence: Silence) -> Completed:
    waiting = Waiting(lambda: silence.whom)
    while True:
        try:
            return _collected(process, min(waiting.look(), silence.seconds - waiting.seconds))
        except subprocess.TimeoutExpired:
            if waiting.seconds >= silence.seconds:
                raise FellSilent(silence.seconds) from None


@contextlib.contextmanager
def _running(
    command: Sequence[str],
    cwd: str,
    env: Mapping[str, str],
    stderr: int,
    hint: str | None,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.PIPE,
) -> Iterator["subprocess.Popen[bytes]"]:
    """A started program that is stopped when the block is left by an exception, Ctrl-C included."""
    process = None
    try:
        with interruption.deferred():  # An interrupt while the child starts would leave it running unknown to us.
            process = _start(command, cwd, env, stderr, hint, stdin, stdout)
            guard.watch(process.pid)
        yield process
    except BaseException:
        if process is not None:
            _stop(process)
        raise
    finally:
        if process is not None:
            guard.forget(process.pid)
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()


def _start(
    command: Sequence[str], cwd: str, env: Mapping[str, str], stderr: int, hint: str | None, stdin: int, stdout: int
) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(
            list(command),
            cwd=cwd,
            env=dict(env),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
    except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
        if error.filename not in (command[0], None):
            raise
        raise ToolMissing(
            f"cannot start `{command[0]}`: {error.strerror}", hint=hint, context={"program": command[0]}
        ) from error


def _lines(stream: IO[bytes] | None, silence: Silence | None) -> Iterator[str]:
    """Lines as they come; a carriage return ends one too, as in progress displays. Raises `FellSilent`."""
    assert stream is not None
    output = stream.fileno()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    pending = ""
    while chunk := _next_chunk(output, silence):
        *whole, pending = (pending + decoder.decode(chunk)).replace("\r", "\n").split("\n")
        yield from (line for line in whole if line)
    if pending:
        yield pending


def _next_chunk(output: int, silence: Silence | None) -> bytes:
    if silence is not None and sys.platform != "win32":  # Pipes cannot be waited for there.
        waiting = Waiting(lambda: silence.whom)
        while not _has_come(output, min(waiting.look(), silence.seconds - waiting.seconds)):
            if waiting.seconds >= silence.seconds:
                raise FellSilent(silence.seconds)
    return os.read(output, _CHUNK)


if sys.platform != "win32":

    def _has_come(output: int, seconds: float) -> bool:
        poll = select.poll()  # `select.select` knows small descriptors only.
        poll.register(output, select.POLLIN)
        return bool(poll.poll(max(0.0, seconds) * 1000))


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
