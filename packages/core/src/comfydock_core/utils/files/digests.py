"""BLAKE3 and SHA-256 of a file in one pass over it, beside a program that works with the same files."""

import hashlib
import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import TracebackType

from blake3 import blake3

from comfydock_core.records import record
from comfydock_core.utils.files import page_cache

CHUNK = 1 << 23
_PART = 5 * 1024 * 1024
_SAMPLED_ABOVE = 30 * 1024 * 1024


@record
class Digests:
    """Two digests of the same bytes, in hexadecimal, and how many bytes they were."""

    blake3: str
    sha256: str
    size: int


class Hasher:
    """Digests of bytes as they come. SHA-256, the slower of the two, is made beside, in a thread of its own."""

    def __init__(self) -> None:
        self._blake3 = blake3()
        self._sha256 = hashlib.sha256()
        self._size = 0
        self._given: SimpleQueue[bytes | bytearray | memoryview | None] = SimpleQueue()
        self._taken: SimpleQueue[None] = SimpleQueue()
        self._is_pending = False
        self._beside = threading.Thread(target=self._work, daemon=True)
        self._beside.start()

    def __enter__(self) -> "Hasher":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def update(self, data: bytes | bytearray | memoryview) -> None:
        """Take more bytes in; the caller may reuse the buffer after the next call of anything here."""
        self._settle()
        self._given.put(data)
        self._is_pending = True
        self._blake3.update(data)
        self._size += len(data)

    def result(self) -> Digests:
        """The digests of everything until now."""
        self._settle()
        return Digests(self._blake3.hexdigest(), self._sha256.hexdigest(), self._size)

    def close(self) -> None:
        """End the thread."""
        self._given.put(None)
        self._beside.join()

    def _settle(self) -> None:
        if self._is_pending:
            self._taken.get()
            self._is_pending = False

    def _work(self) -> None:
        while (data := self._given.get()) is not None:
            self._sha256.update(data)
            self._taken.put(None)


def digests_of(path: str, on_progress: Callable[[int, int | None], None] | None = None) -> Digests:
    """Both digests of a whole file. Raises `OSError`, also for a file that grows while it is read.

    What the system's cache did not hold before is dropped from it again, so that other programs keep what they have
    there. `on_progress` hears the bytes that are done and all of them.
    """
    with open(path, "rb", buffering=0) as file, Hasher() as hasher:
        size = os.fstat(file.fileno()).st_size
        cached = page_cache.cached_parts(file.fileno(), size, CHUNK)
        # Whole chunks would be filled with zeros first, which takes far longer than reading a small file.
        length = min(CHUNK, max(size, 1))
        buffers = (bytearray(length), bytearray(length))
        done = number = 0
        while True:
            buffer = buffers[number % 2]  # The other one may still be on its way into the slower digest.
            read = _fill(file.readinto, buffer)
            if not read:
                return hasher.result()
            hasher.update(memoryview(buffer)[:read])
            if not cached.holds(number):
                page_cache.drop(file.fileno(), number * CHUNK, read)
            done, number = done + read, number + 1
            if done > size:  # Who writes to it may be faster than we read.
                raise OSError("it grew while it was read")
            if on_progress is not None:
                on_progress(done, size)


def _fill(read_into: Callable[[memoryview], int | None], buffer: bytearray) -> int:
    """Read until the buffer is full or the file ends."""
    view, filled = memoryview(buffer), 0
    while filled < len(buffer):
        read = read_into(view[filled:])
        if not read:
            break
        filled += read
    return filled


def sampled_hash(path: str) -> str:
    """The short hash by which ComfyDock 1.x names models in manifests. It proves nothing: files of one may differ.

    Format: BLAKE3 over the size in decimal digits and up to three parts of the file, the first 16 digits of it. At most
    15 MiB are read. Raises `OSError`.
    """
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        hasher = blake3(str(size).encode())
        hasher.update(file.read(_PART))
        if size > _SAMPLED_ABOVE:
            for start in (size // 2 - _PART // 2, size - _PART):
                file.seek(start)
                hasher.update(file.read(_PART))
    return hasher.hexdigest()[:16]
