"""Standard error of a child, passed on to ours as it comes, with somebody listening to its lines.

On a terminal the child gets a terminal again, so that its progress bars stay what they are. Not on Windows, where
nobody listens.
"""

import codecs
import contextlib
import os
import selectors
import signal
import sys
import threading
from collections.abc import Callable, Iterator

if sys.platform != "win32":
    import termios

_STDERR = 2
_CHUNK = 1 << 16
_LONGEST_LINE = 1 << 16


@contextlib.contextmanager
def stderr_tapped(on_line: Callable[[str], None]) -> Iterator[int | None]:
    """The descriptor for a child that is started inside; `None` where it is to inherit ours.

    `on_line` is called from a thread, without line ends. At the end everything that the child wrote is passed on; what
    its own children may write later is lost. An error of `on_line` ends the listening alone, and is raised at the end.
    """
    if sys.platform == "win32":
        yield None
        return
    try:
        reading, writing = _terminal_like(_STDERR) if os.isatty(_STDERR) else os.pipe()
    except OSError:  # Ours is closed, or there are no terminals to be had.
        yield None
        return
    tap = _Tap(reading, on_line)
    try:
        tap.start()
        yield writing
    finally:
        os.close(writing)
        tap.finish()


def _terminal_like(ours: int) -> tuple[int, int]:
    """A new terminal that neither echoes nor changes what is written: our side, and the child's. Raises `OSError`."""
    reading, writing = os.openpty()
    try:
        settings = termios.tcgetattr(ours)
        settings[1] &= ~termios.OPOST
        settings[3] &= ~termios.ECHO
        termios.tcsetattr(writing, termios.TCSANOW, settings)
        termios.tcsetwinsize(writing, termios.tcgetwinsize(ours))
    except (termios.error, OSError) as error:
        os.close(reading)
        os.close(writing)
        raise OSError(f"no terminal: {error}") from error
    return reading, writing


class _Tap:
    """Copies from a descriptor to our standard error, in a thread that takes no signals."""

    def __init__(self, reading: int, on_line: Callable[[str], None]) -> None:
        self._reading: int | None = reading
        self._on_line = on_line
        self._ended, self._end = os.pipe()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._line = ""
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._copy, daemon=True)

    def start(self) -> None:
        """Signals are for the main thread: whoever waits there for one must not miss it."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            self._thread.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def finish(self) -> None:
        """Pass on what is there, and end; the child has ended."""
        os.close(self._end)
        self._thread.join()
        os.close(self._ended)
        self._stop_reading()
        if self._failure is not None:
            raise self._failure
        if self._line:
            self._on_line(self._line)

    def _copy(self) -> None:
        assert self._reading is not None
        with selectors.DefaultSelector() as waiting:  # `select.select` knows small descriptors only.
            waiting.register(self._reading, selectors.EVENT_READ)
            waiting.register(self._ended, selectors.EVENT_READ)
            while content := _next(waiting, self._reading):
                if not _written(content):
                    self._stop_reading()  # The child learns it as it would by itself: it cannot write any more.
                    return
                self._hear(content)

    def _stop_reading(self) -> None:
        if self._reading is not None:
            os.close(self._reading)
            self._reading = None

    def _hear(self, content: bytes) -> None:
        if self._failure is not None:
            return
        *lines, self._line = (self._line + self._decoder.decode(content)).split("\n")
        try:
            for line in lines:
                self._on_line(line.rstrip("\r"))
        except Exception as error:  # noqa: BLE001 - a child whose output nobody takes would wait for us for ever.
            self._failure = error
        if len(self._line) > _LONGEST_LINE:
            self._line = self._line.rpartition("\r")[2][-_LONGEST_LINE:]


def _next(waiting: selectors.BaseSelector, reading: int) -> bytes:
    """What the child wrote, as soon as there is some; nothing when it has ended and nothing is left."""
    if all(key.fd != reading for key, _ in waiting.select()):
        return b""
    try:
        return os.read(reading, _CHUNK)
    except OSError:  # What a terminal answers once nobody has its other side any more.
        return b""


def _written(content: bytes) -> bool:
    """Whether our own standard error took it all."""
    view = memoryview(content)
    try:
        while view:
            view = view[os.write(_STDERR, view) :]
    except OSError:
        return False
    return True
