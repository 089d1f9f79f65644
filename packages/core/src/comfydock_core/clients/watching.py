"""What an answer may cost: bytes, seconds and patience by its kind, watched wherever bytes come in.

A server may stall, send a byte a second, or begin for ever to answer. All of that is seen in one place, below
everything that reads: each read from the network asks the watch of its request first, and tells it what came.
"""

import contextlib
import http.client
import io
import math
import socket
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from urllib.parse import urlsplit

import urllib3
from urllib3.util import wait_for_read

from comfydock_core.integrations.git_options import stalled_seconds
from comfydock_core.records import record
from comfydock_core.utils.text import size_text
from comfydock_core.utils.waiting import Waiting

_STOPPED_WITHIN_SECONDS = 0.2


@record
class Limits:
    """What answers of one kind may cost: bytes after decompression, seconds with all that is tried again and led
    elsewhere, seconds without a byte, and bytes a second.

    `shown` are those whose progress the caller shows; of others it is told that they are waited for.
    """

    most: int
    seconds: float
    stalled: float
    speed: int
    shown: bool = False


def limits_of_answers() -> Limits:
    """For what programs answer to questions: read whole into memory, and a person waits for it."""
    return Limits(16 << 20, 2.0 * stalled_seconds(), stalled_seconds(), 100)


def limits_of_lists() -> Limits:
    """For the lists of all node packs, which go into files."""
    return Limits(512 << 20, 20.0 * stalled_seconds(), stalled_seconds(), 1000)


def limits_of_archives() -> Limits:
    """For code and packages: large, but no faster than somebody's line."""
    return Limits(64 << 30, 240.0 * stalled_seconds(), stalled_seconds(), 1000, shown=True)


def limits_of_models() -> Limits:
    """For model files, which may be on their way for days, as long as something comes."""
    return Limits(1 << 60, math.inf, stalled_seconds(), 1000, shown=True)


class TooSlow(Exception):
    """An answer costs more time than those of its kind may. The text says how, after "it"."""


class Stopped(Exception):
    """Whoever asked does not want the answer any more."""


class Watch:
    """One question and everything that is done to get its answer."""

    def __init__(self, limits: Limits, stop: threading.Event | None = None) -> None:
        """Once `stop` is set, whatever waits raises `Stopped`."""
        self.limits = limits
        self._stop = stop
        self._end = time.monotonic() + limits.seconds
        self._head_end = self._end
        self._host = ""
        self._waiting = self._new_waiting()
        self._measured_since: float | None = None
        self._measured = 0

    def begin(self, url: str) -> None:
        """A request goes out. Its answer has to begin as soon as a small one has to be whole."""
        self._host = urlsplit(url).hostname or url
        self._head_end = time.monotonic() + 2 * self.limits.stalled
        self._measured_since, self._measured = None, 0

    def head_came(self) -> None:
        """The answer has begun: only its body is waited for."""
        self._head_end = self._end

    def has_time_for(self, seconds: float) -> bool:
        """Whether there is time left after waiting so long."""
        return time.monotonic() + seconds < self._end

    def sleep(self, seconds: float) -> None:
        """Wait before trying again, if there is time left to. Raises `TooSlow`."""
        if not self.has_time_for(seconds):
            raise TooSlow(f"gave no answer within {self.limits.seconds:g} seconds")
        if self._stop is None:
            time.sleep(seconds)
        elif self._stop.wait(seconds):
            raise Stopped

    def wait_for(self, line: socket.socket) -> None:
        """Return when there is something to read. Raises `TooSlow`, or `TimeoutError` when nothing came for long."""
        if getattr(line, "pending", int)():  # Decrypted, and not to be seen at the socket.
            self._refuse_late()
            return
        if self.limits.shown:
            self._waiting = self._new_waiting()
        began = time.monotonic()
        while True:
            self._refuse_late()
            left = self.limits.stalled - (time.monotonic() - began)
            if left <= 0:
                raise TimeoutError("timed out")
            if wait_for_read(line, min(left, self._waiting.look(), self._left(), self._heed_stop())):
                return

    def came(self, size: int) -> None:
        """Something was read. Raises `TooSlow` when too little comes."""
        now = time.monotonic()
        if self._measured_since is None:
            self._measured_since = now
        self._measured += size
        if now - self._measured_since >= self.limits.stalled:
            if self._measured < self.limits.speed * self.limits.stalled:
                raise TooSlow(f"sends less than {size_text(self.limits.speed)} a second")
            self._measured_since, self._measured = now, 0

    def _heed_stop(self) -> float:
        """The seconds until it is worth asking again. Raises `Stopped`."""
        if self._stop is None:
            return math.inf
        if self._stop.is_set():
            raise Stopped
        return _STOPPED_WITHIN_SECONDS

    def _left(self) -> float:
        return max(0.0, min(self._end, self._head_end) - time.monotonic())

    def _refuse_late(self) -> None:
        now = time.monotonic()
        if now >= self._end:
            raise TooSlow(f"gave no whole answer within {self.limits.seconds:g} seconds")
        if now >= self._head_end:
            raise TooSlow(f"did not begin to answer within {2 * self.limits.stalled:g} seconds")

    def _new_waiting(self) -> Waiting:
        return Waiting(lambda: f"`{self._host}` to answer")


_present: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextlib.contextmanager
def watching(limits: Limits, stop: threading.Event | None = None) -> Iterator[Watch]:
    """Everything that this thread reads from servers inside is watched together."""
    watch = Watch(limits, stop)
    token = _present.set(watch)
    try:
        yield watch
    finally:
        _present.reset(token)


def present_watch() -> Watch:
    """The watch of the question that this thread asks. Raises `LookupError` outside of `watching`."""
    watch = _present.get()
    if watch is None:
        raise LookupError("nothing is read from servers unwatched")
    return watch


def watched_pools(manager: urllib3.PoolManager) -> urllib3.PoolManager:
    """The manager, with connections whose reads are watched."""
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return manager


class _Reads(io.RawIOBase):
    """The bytes of a connection, each read of which is watched."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        # It keeps the socket open for as long as an answer is read, also when the connection is let go of before.
        self._file = line.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]") -> int | None:  # type: ignore[override]
        watch = _present.get()
        if watch is not None:
            watch.wait_for(self._line)
        size = self._file.readinto(buffer)
        if watch is not None:
            watch.came(size or 0)
        return size

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: object, **named: object) -> None:
        super().__init__(sock, *args, **named)  # type: ignore[arg-type]
        unwatched, self.fp = self.fp, io.BufferedReader(_Reads(sock))
        unwatched.close()


class _Connection(urllib3.connection.HTTPConnection):
    response_class = _Response


class _SecureConnection(urllib3.connection.HTTPSConnection):
    response_class = _Response


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection
