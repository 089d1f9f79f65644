"""Reading large files without pushing others out of the system's cache of file contents.

What was cached before stays, whatever else was read is dropped behind the reader. Where a system cannot be asked, all
of it counts as not cached; where it cannot drop anything, nothing is dropped.
"""

import ctypes
import mmap
import os
import sys

_WINDOW = 1 << 30


class CachedParts:
    """Which parts of a file, of one size each, were in the cache when it was looked at."""

    def __init__(self, held: bytearray) -> None:
        self._held = held

    def holds(self, number: int) -> bool:
        """Whether most of a part was there."""
        return number < len(self._held) and bool(self._held[number])


def cached_parts(descriptor: int, size: int, part: int) -> CachedParts:
    """Look which parts of `part` bytes are cached, without reading any of them; `part` divides a gibibyte."""
    held = bytearray(-(-size // part))
    mincore = getattr(ctypes.CDLL(None), "mincore", None) if sys.platform == "linux" else None
    if mincore is None:
        return CachedParts(held)
    pages = part // mmap.PAGESIZE
    for start in range(0, size, _WINDOW):
        length = min(_WINDOW, size - start)
        for number, resident in enumerate(_residence(mincore, descriptor, start, length, pages), start // part):
            held[number] = resident
    return CachedParts(held)


def _residence(mincore: "ctypes._NamedFuncPointer", descriptor: int, start: int, length: int, pages: int) -> list[bool]:
    vector = (ctypes.c_ubyte * -(-length // mmap.PAGESIZE))()
    try:
        # A private mapping that may be written is what the call takes the address of; nothing is written to it.
        mapped = mmap.mmap(descriptor, length, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE, offset=start)
    except (OSError, ValueError):
        return []
    with mapped:
        address = ctypes.c_char.from_buffer(mapped)
        failed = mincore(ctypes.byref(address), ctypes.c_size_t(length), vector)
        del address  # The mapping cannot be closed while something points into it.
    if failed:
        return []
    known = bytes(vector).translate(_LOWEST_BIT)
    return [2 * known.count(1, at, at + pages) > min(pages, len(known) - at) for at in range(0, len(known), pages)]


def drop(descriptor: int, start: int, length: int) -> None:
    """Let the system forget a part of a file that was read."""
    advise = getattr(os, "posix_fadvise", None)
    if advise is not None:
        advise(descriptor, start, length, os.POSIX_FADV_DONTNEED)


_LOWEST_BIT = bytes(number & 1 for number in range(256))
