"""Being asked to stop: termination as an exception, and short sections that are not interrupted."""

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP arrived. Like Ctrl-C, so that everything that cleans up after the one does for the other."""

    def __init__(self, number: int) -> None:
        super().__init__(f"terminated by signal {number}")
        self.signal = number


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated(number)


def _termination_signals() -> list[signal.Signals]:
    return [signal.SIGTERM] if sys.platform == "win32" else [signal.SIGTERM, signal.SIGHUP]


@contextlib.contextmanager
def termination_raises() -> Iterator[None]:
    """While inside, SIGTERM and SIGHUP raise `Terminated`, so that unfinished work is removed.

    Ignored signals stay ignored (`nohup`), and so do handlers that a program using the library set. Outside the main
    thread nothing changes, because Python handles signals there only.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    replaced = [number for number in _termination_signals() if signal.getsignal(number) is signal.SIG_DFL]
    for number in replaced:
        signal.signal(number, _terminate)
    try:
        yield
    finally:
        for number in replaced:
            signal.signal(number, signal.SIG_DFL)


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Hold Ctrl-C and termination back while the few steps inside run; they arrive when it ends."""
    arrived: list[int] = []
    try:
        with held() as arrived:
            yield
    finally:
        if arrived:
            signal.raise_signal(arrived[0])


@contextlib.contextmanager
def held() -> Iterator[list[int]]:
    """Keep Ctrl-C and termination away from the few steps inside; which came is in the list when it ends.

    Handlers are replaced instead of signals being blocked, because children would inherit the blocking.
    """
    arrived: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield arrived
        return
    handled = [number for number in (signal.SIGINT, *_termination_signals()) if callable(signal.getsignal(number))]
    before = {number: signal.signal(number, lambda number, frame: arrived.append(number)) for number in handled}
    try:
        yield arrived
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
