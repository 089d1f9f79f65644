"""Which bytes of a file are there: spans in order that neither touch nor overlap."""

import bisect
from collections.abc import Iterable, Iterator

Span = tuple[int, int]  # From the first byte to the one behind the last.


class Spans:
    """A set of bytes."""

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self._spans: list[Span] = []
        for first, end in spans:
            self.add(first, end)

    def __iter__(self) -> Iterator[Span]:
        return iter(self._spans)

    @property
    def total(self) -> int:
        """How many bytes are there."""
        return sum(end - first for first, end in self._spans)

    def add(self, first: int, end: int) -> None:
        """These bytes are there now."""
        if first >= end:
            return
        low = bisect.bisect_left(self._spans, first, key=lambda span: span[1])
        high = bisect.bisect_right(self._spans, end, key=lambda span: span[0])
        if low < high:
            first, end = min(first, self._spans[low][0]), max(end, self._spans[high - 1][1])
        self._spans[low:high] = [(first, end)]

    @property
    def frontier(self) -> int:
        """Up to where nothing is missing."""
        return self._spans[0][1] if self._spans and self._spans[0][0] == 0 else 0

    def missing(self, size: int, piece: int) -> list[Span]:
        """What is missing of a file of so many bytes, in spans of at most `piece` bytes."""
        gaps: list[Span] = []
        at = 0
        for first, end in [*self._spans, (size, size)]:
            while at < min(first, size):
                gaps.append((at, min(at + piece, first, size)))
                at = gaps[-1][1]
            at = max(at, end)
        return gaps
