"""Writing a pack, the file in which git keeps many objects: a file for each takes longer than all else of a commit."""

import hashlib
import os
import zlib
from collections.abc import Iterable

_BLOB = 3
_HEADER = b"PACK\0\0\0\2"
_COUNT_AT = 8


def write_pack(path: str, contents: Iterable[bytes], algorithm: str) -> int:
    """Write contents of files into a new pack; how many there were. Raises `OSError`.

    `algorithm` is what the repository names its objects by, `sha1` or `sha256`.
    """
    count = 0
    with open(path, "x+b") as file:
        file.write(_HEADER + bytes(4))
        for content in contents:
            count += 1
            file.write(_head(len(content)) + zlib.compress(content, 1))
        file.seek(_COUNT_AT)
        file.write(count.to_bytes(4, "big"))
        file.seek(0)
        digest = hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).digest()
        file.seek(0, os.SEEK_END)
        file.write(digest)
    return count


def _head(size: int) -> bytes:
    """What an object begins with: its kind, and its size in sevens of bits after the first four."""
    first, size = _BLOB << 4 | size & 0x0F, size >> 4
    head = bytearray()
    while size:
        head.append(first | 0x80)
        first, size = size & 0x7F, size >> 7
    head.append(first)
    return bytes(head)
