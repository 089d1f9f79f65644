"""A child on this terminal: it gets the signals that we get, and we outlive it to tell how it ended.

The child stays in our process group, so the terminal treats both as one: Ctrl-C reaches it directly, Ctrl-Z stops and
`fg` resumes both. What somebody sends to us alone is passed on; the two are distinguished by who sent the signal.
"""

import contextlib
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType

_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")
_PASSED_ON = (*_ENDING, "SIGUSR1", "SIGUSR2")


class SignalRelay:
    """While entered, signals go to the child that is started, or wait for one to be."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._waiting: list[int] = []
        self._numbers: set[int] = set()
        self.told_to_end: int | None = None

    def run(
        self,
        command: Sequence[str],
        *,
        cwd: str,
        env: Mapping[str, str],
        keep: Sequence[int],
        stderr: int | None = None,
    ) -> "Attached":
        """Start a child that inherits the descriptors `keep`, and `stderr` as its own. Raises `OSError`."""
        passed = tuple(keep) if sys.platform != "win32" else ()
        child = subprocess.Popen(list(command), cwd=cwd, env=dict(env), pass_fds=passed, stderr=stderr)
        self._child = child
        return Attached(child, self)

    def wait(self, child: "subprocess.Popen[bytes]") -> int:
        """Wait for the child's end, passing on what arrives; its exit code, -N after signal N."""
        if sys.platform == "win32" or not self._numbers or not hasattr(signal, "sigwaitinfo"):
            for number in self._waiting:
                child.send_signal(number)
            return child.wait()
        return self._wait_for_signals(child)

    if sys.platform != "win32":

        def _wait_for_signals(self, child: "subprocess.Popen[bytes]") -> int:
            awaited = {*self._numbers, signal.SIGCHLD}
            before = signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
            try:
                for number in self._waiting:
                    child.send_signal(number)
                self._waiting.clear()
                while child.poll() is None:
                    arrived = signal.sigwaitinfo(awaited)
                    if arrived.si_signo == signal.SIGCHLD:
                        continue
                    self._note(arrived.si_signo)
                    if arrived.si_code <= 0:  # From a process; the terminal's own signals have reached the child too.
                        child.send_signal(arrived.si_signo)
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
            return child.returncode

    def hear(self, number: int, frame: FrameType | None) -> None:
        """A signal outside of `wait`: before the child is there, or where the system cannot say who sent it."""
        self._note(number)
        if hasattr(signal, "sigwaitinfo") or self._child is None:
            self._waiting.append(number)
        elif number != signal.SIGINT:  # Nearly always from the terminal, and then the child has it.
            self._child.send_signal(number)

    def _note(self, number: int) -> None:
        if signal.Signals(number).name in _ENDING:
            self.told_to_end = number

    def watch(self, numbers: set[int]) -> None:
        self._numbers = numbers


class Attached:
    """A started child."""

    def __init__(self, child: "subprocess.Popen[bytes]", relay: SignalRelay) -> None:
        self._child = child
        self._relay = relay

    @property
    def pid(self) -> int:
        return self._child.pid

    def wait(self) -> int:
        """Its exit code, 128+N after signal N."""
        code = self._relay.wait(self._child)
        return 128 - code if code < 0 else code

    def kill(self) -> None:
        """End it at once and wait for that."""
        self._child.kill()
        self._child.wait()


@contextlib.contextmanager
def signals_relayed() -> Iterator[SignalRelay]:
    """While inside, no signal of those that are passed on ends or interrupts us. Ignored ones stay ignored (`nohup`).

    Outside the main thread nothing changes, because Python handles signals there only.
    """
    relay = SignalRelay()
    if threading.current_thread() is not threading.main_thread():
        yield relay
        return
    known = (getattr(signal, name, None) for name in _PASSED_ON)
    numbers = {number for number in known if number is not None and signal.getsignal(number) != signal.SIG_IGN}
    relay.watch(numbers)
    before = {number: signal.signal(number, relay.hear) for number in numbers}
    if sys.platform != "win32":  # Without a handler its arrival might go unnoticed.
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda number, frame: None)
    try:
        yield relay
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
