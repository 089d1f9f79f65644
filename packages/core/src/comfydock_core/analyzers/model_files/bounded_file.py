"""A file of which only so much can be read, whatever its content asks for."""

from typing import BinaryIO

from comfydock_core.analyzers.model_files.content import BeyondLimits, Damaged

_LONGEST_LINE = 65_536
_SMALL = 4096


class BoundedFile:
    """A file opened for reading that gives out at most `budget` bytes in all; more raises `BeyondLimits`.

    Has what `zipfile` and `pickletools` ask of a file. `end` is where the file ends.
    """

    def __init__(self, file: BinaryIO, end: int, budget: int) -> None:
        self._file = file
        self._left = budget
        self.end = end

    def read(self, count: int = -1) -> bytes:
        if not 0 <= count <= _SMALL:  # Only then is it worth knowing what is there: no more is set aside than that.
            there = max(0, self.end - self._file.tell())
            count = there if count < 0 else min(count, there)
        if count > self._left:
            raise BeyondLimits("its header is larger than that of any model")
        return self._spend(self._file.read(count))

    def readline(self) -> bytes:
        return self._spend(self._file.readline(min(_LONGEST_LINE, self._left)))

    def seek(self, offset: int, whence: int = 0) -> int:
        base = {0: 0, 1: self._file.tell(), 2: self.end}[whence]
        if base + offset < 0:
            raise Damaged("it points before its own beginning")
        return self._file.seek(base + offset)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        """The file belongs to whoever opened it."""

    def _spend(self, content: bytes) -> bytes:
        self._left -= len(content)
        return content
