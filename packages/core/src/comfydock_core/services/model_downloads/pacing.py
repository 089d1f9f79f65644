"""How fast and how wide: a limit of bytes a second for everything, and one of connections for each host."""

import contextlib
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from comfydock_core.clients.watching import Stopped

_LOOK_SECONDS = 0.2


class Pace:
    """Shares the limits among all threads that download."""

    def __init__(self, bytes_a_second: int | None, connections_a_host: int) -> None:
        self._speed = bytes_a_second
        self._most = connections_a_host
        self._lock = threading.Lock()
        self._hosts: dict[str, threading.Semaphore] = {}
        self._free_at = time.monotonic()

    def take(self, size: int, stop: threading.Event) -> None:
        """Wait until so many bytes are due. Raises `Stopped`."""
        if self._speed is None:
            return
        with self._lock:
            now = time.monotonic()
            self._free_at = max(self._free_at, now) + size / self._speed
            wait = self._free_at - now
        if stop.wait(wait):
            raise Stopped

    @contextlib.contextmanager
    def connection(self, url: str, stop: threading.Event) -> Iterator[None]:
        """One of the connections that a host is asked for at once. Raises `Stopped`."""
        host = urlsplit(url).netloc.rpartition("@")[2]
        with self._lock:
            slots = self._hosts.setdefault(host, threading.Semaphore(self._most))
        while not slots.acquire(timeout=_LOOK_SECONDS):
            if stop.is_set():
                raise Stopped
        try:
            yield
        finally:
            slots.release()
