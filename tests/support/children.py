"""Forked processes under a test's control: either side can wait for a word of the other, so nothing is timed."""

import contextlib
import os
import shutil
import signal
import socket
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

_NOBODY = 65534


class Side:
    """One end of the line between a test and its child."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._file = line.makefile("rw", encoding="utf-8", newline="\n")

    def say(self, word: str = "") -> None:
        self._file.write(f"{word}\n")
        self._file.flush()

    def hear(self) -> str:
        """The other side's next word. Raises `EOFError` when it is gone."""
        word = self._file.readline()
        if not word.endswith("\n"):
            raise EOFError("the other side is gone")
        return word[:-1]

    def close(self) -> None:
        self._file.close()
        self._line.close()


class Child(Side):
    """A child doing `work(side)`. Left, it must have ended by itself with success, or been killed before."""

    def __init__(self, work: Callable[[Side], None]) -> None:
        ours, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            ours.close()
            _do(work, Side(theirs))
        theirs.close()
        super().__init__(ours)
        self.code: int | None = None

    def kill(self) -> None:
        """SIGKILL, and wait for the end."""
        os.kill(self.pid, signal.SIGKILL)
        self.wait()

    def wait(self) -> int:
        """The exit code; -N after a signal."""
        if self.code is None:
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            self.close()
        return self.code

    def __enter__(self) -> "Child":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if kind is not None and self.code is None:
            self.kill()
        code = self.wait()
        assert kind is not None or code in (0, -signal.SIGKILL), f"the child ended with {code}"


def _do(work: Callable[[Side], None], side: Side) -> None:
    code = 1
    try:
        work(side)
        code = 0
    except BaseException:  # noqa: BLE001 - a child must never go on as a second test
        traceback.print_exc()
    finally:
        os._exit(code)


def without_privileges(work: Callable[[], None]) -> None:
    """Do the work in a child that is not a superuser, whom permissions do not stop. It must succeed."""

    def as_nobody(side: Side) -> None:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(_NOBODY)
            os.setuid(_NOBODY)
        work()

    with Child(as_nobody):
        pass


@contextlib.contextmanager
def open_directory() -> Iterator[Path]:
    """A directory that everybody reaches and may write to; those of pytest are for their owner alone."""
    directory = Path(tempfile.mkdtemp(prefix="comfydock-tests-", dir="/tmp"))
    directory.chmod(0o777)
    try:
        yield directory
    finally:
        shutil.rmtree(directory)
