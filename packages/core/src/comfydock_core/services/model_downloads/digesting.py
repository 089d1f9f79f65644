"""Digests of a file while it comes: behind the bytes from the beginning on of which none is missing."""

import threading
from collections import deque

from comfydock_core.services.model_downloads.part import Part
from comfydock_core.utils.files.digests import Digests, Hasher

_PIECE = 1 << 20
_MOST_HELD = 16 << 20
_LOOK_SECONDS = 0.1


class Digesting:
    """One thread that digests a file in order: what came in order as it came, everything else as it was written."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._lock = threading.Lock()  # Around the hasher, which `restart` replaces.
        self._changed = threading.Condition()
        self._begin()
        self._whole = False
        self._over = False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def came(self, offset: int, content: bytes) -> None:
        """Bytes were written there. They are taken as they are where all before them are, and not many wait."""
        with self._changed:
            if offset == self._known and self._known - self._at < _MOST_HELD:
                self._held.append(content)
                self._known += len(content)
            self._changed.notify()

    def restart(self) -> None:
        """Begin anew: what comes is another file."""
        with self._lock:
            self._hasher.close()
            self._begin()

    def result(self) -> Digests:
        """The digests, once every byte was written. Raises `OSError`."""
        with self._changed:
            self._whole = True
            self._changed.notify()
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._hasher.result()

    def close(self) -> None:
        """End the thread; nobody wants digests any more."""
        with self._changed:
            self._over = self._whole = True
            self._changed.notify()
        self._thread.join()
        self._hasher.close()

    def _begin(self) -> None:
        self._hasher = Hasher()
        with self._changed:
            self._held: deque[bytes] = deque()
            self._at = 0  # Up to here it is digested,
            self._known = 0  # and from here to there it is held.

    def _run(self) -> None:
        try:
            while not self._over:
                if self._digest_some():
                    continue
                with self._changed:
                    if not self._held and self._part.frontier <= self._at:
                        if self._whole:
                            return
                        self._changed.wait(_LOOK_SECONDS)
        except OSError as error:
            self._error = error

    def _digest_some(self) -> bool:
        with self._lock:
            piece = self._next()
            if not piece:
                return False
            self._hasher.update(piece)
            with self._changed:
                self._at += len(piece)
            return True

    def _next(self) -> bytes:
        """What comes next: from memory, or else from the file."""
        with self._changed:
            if self._held:
                return self._held.popleft()
            size = min(_PIECE, self._part.frontier - self._at)
            if size <= 0:
                return b""
            self._known = self._at + size
        piece = self._part.read(self._at, size)
        if len(piece) < size:
            raise OSError("the file became shorter while it was downloaded")
        return piece
