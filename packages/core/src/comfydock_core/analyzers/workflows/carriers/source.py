"""Reading single places of a file that a stranger made."""

import io
from dataclasses import dataclass
from typing import BinaryIO

from comfydock_core.analyzers.workflows.refusals import DamagedCarrier, TooMuchCarried

LARGEST = 64 * 1024 * 1024
_MOST_STEPS = 200_000  # Chunks, boxes, pages: a video of hours has some ten thousand.


@dataclass(slots=True)
class _Spent:
    memory: int = 0
    steps: int = 0


class Source:
    """A file of `size` bytes, of which little is read.

    All that is read, or unpacked, of one file together is limited, as is the number of pieces that are looked at.
    """

    __slots__ = ("_spent", "_stream", "size")

    def __init__(self, stream: BinaryIO, size: int, spent: "_Spent | None" = None) -> None:
        self._stream = stream
        self._spent = spent or _Spent()
        self.size = size

    def at(self, offset: int, count: int, end: int | None = None) -> bytes:
        """Exactly `count` bytes. Raises `DamagedCarrier` when the file, or the piece up to `end`, has fewer."""
        if offset + count > (self.size if end is None else min(end, self.size)):
            raise DamagedCarrier("it breaks off", min(offset, self.size))
        self.spend(count)
        self._stream.seek(offset)
        content = self._stream.read(count)
        if len(content) != count:
            raise DamagedCarrier("it breaks off", offset + len(content))
        return content

    def head(self, count: int) -> bytes:
        """The first bytes, fewer of a shorter file."""
        return self.at(0, min(count, self.size))

    def step(self) -> None:
        """One more piece is looked at."""
        self._spent.steps += 1
        if self._spent.steps > _MOST_STEPS:
            raise TooMuchCarried(f"it is in more than {_MOST_STEPS:,} pieces")

    def spend(self, count: int) -> None:
        """So many bytes more are held in memory."""
        self._spent.memory += count
        if self._spent.memory > LARGEST:
            raise TooMuchCarried(f"what it says about itself is larger than {LARGEST // 1024**2} MiB")

    @property
    def left(self) -> int:
        return LARGEST - self._spent.memory

    def part(self, content: bytes) -> "Source":
        """Bytes that were read already, or unpacked, read as a file of their own within the same limits."""
        return Source(io.BytesIO(content), len(content), self._spent)
