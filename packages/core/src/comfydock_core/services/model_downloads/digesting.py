"""Digests of a file while it comes: behind the bytes from the beginning on of which none is missing."""

import threading

from comfydock_core.services.model_downloads.part import Part
from comfydock_core.utils.files.digests import Digests, Hasher

_PIECE = 1 << 20
_LOOK_SECONDS = 0.1


class Digesting:
    """One thread that reads what was written and digests it in order."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._lock = threading.Lock()
        self._begin()
        self._whole = threading.Event()
        self._over = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def restart(self) -> None:
        """Begin anew: what comes is another file."""
        with self._lock:
            self._hasher.close()
            self._begin()

    def result(self) -> Digests:
        """The digests, once every byte was written. Raises `OSError`."""
        self._whole.set()
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._hasher.result()

    def close(self) -> None:
        """End the thread; nobody wants digests any more."""
        self._over.set()
        self._whole.set()
        self._thread.join()
        self._hasher.close()

    def _begin(self) -> None:
        self._hasher = Hasher()
        self._at = 0

    def _run(self) -> None:
        try:
            while not self._over.is_set():
                if self._digest_some():
                    continue
                if self._whole.is_set():
                    return
                self._whole.wait(_LOOK_SECONDS)
        except OSError as error:
            self._error = error

    def _digest_some(self) -> bool:
        with self._lock:
            size = min(_PIECE, self._part.frontier - self._at)
            if size <= 0:
                return False
            piece = self._part.read(self._at, size)
            if not piece:
                raise OSError("the file became shorter while it was downloaded")
            self._hasher.update(piece)
            self._at += len(piece)
            return True
