"""Reading git's index, the list of what the next commit holds, without git.

Versions 2 to 4 are understood, with SHA-1 and SHA-256. An index that shares its entries with another file, or that
cannot be read, has no answer here.
"""

import hashlib
import struct
from collections.abc import Sequence
from typing import NamedTuple

_HEADER = struct.Struct(">4sII")
_MODE_AT = 24  # Behind times, device and inode.
_STAT_SIZE = 40
_HASHES = (20, 32)
_SHA1_DIGITS = 40
_STAGE = 0x3000
_EXTENDED = 0x4000
_ASSUME_VALID = 0x8000
_KNOWN_VERSIONS = (2, 3, 4)
_SHARING = b"link"


class IndexEntry(NamedTuple):
    """One file of an index. `stage` is 0 but for what a merge left open; `flags` are what a person set for the file."""

    path: bytes
    mode: int
    object: str
    stage: int
    flags: int


def read_index(content: bytes) -> list[IndexEntry] | None:
    """The entries in their order, `None` for what is no whole index of its own."""
    for size in _HASHES:
        try:
            return _read(content, size)
        except (ValueError, struct.error):
            continue
    return None


def object_name(content: bytes, digits: int = 40) -> str:
    """What git calls a file of that content, in a repository whose names have so many digits."""
    kind = hashlib.sha1 if digits == _SHA1_DIGITS else hashlib.sha256
    return kind(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def digest_of_entries(entries: Sequence[IndexEntry]) -> str:
    """The same for every index that says the same of the same files, whenever git looked at them last."""
    whole = hashlib.sha256()
    for entry in entries:
        whole.update(b"%o %s %d %d %d:%s\n" % (
            entry.mode, entry.object.encode(), entry.stage, entry.flags, len(entry.path), entry.path,
        ))  # fmt: skip
    return whole.hexdigest()


def _read(content: bytes, hash_size: int) -> list[IndexEntry]:
    """Raises `ValueError` and `struct.error` unless everything is where it has to be."""
    sign, version, count = _HEADER.unpack_from(content)
    if sign != b"DIRC" or version not in _KNOWN_VERSIONS:
        raise ValueError(sign)
    entries: list[IndexEntry] = []
    at, path = _HEADER.size, b""
    for _ in range(count):
        start = at
        mode = int.from_bytes(content[at + _MODE_AT : at + _MODE_AT + 4], "big")
        at += _STAT_SIZE
        name = content[at : at + hash_size].hex()
        at += hash_size
        (flags,) = struct.unpack_from(">H", content, at)
        at += 2
        more = 0
        if flags & _EXTENDED:
            (more,) = struct.unpack_from(">H", content, at)
            at += 2
        if version == 4:
            strip, at = _number(content, at)
            end = content.index(b"\0", at)
            path = path[: len(path) - strip] + content[at:end]
            at = end + 1
        else:
            end = content.index(b"\0", at)
            path = content[at:end]
            at = start + (end - start + 8) // 8 * 8
        entries.append(IndexEntry(path, mode, name, (flags & _STAGE) >> 12, (flags & _ASSUME_VALID) | more))
    _refuse_other_end(content, at, hash_size)
    return entries


def _number(content: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, and where it ends."""
    byte = content[at] if at < len(content) else _nothing()
    at += 1
    value = byte & 0x7F
    while byte & 0x80:
        byte = content[at] if at < len(content) else _nothing()
        at += 1
        value = ((value + 1) << 7) | (byte & 0x7F)
    return value, at


def _nothing() -> int:
    raise ValueError("it ends early")


def _refuse_other_end(content: bytes, at: int, hash_size: int) -> None:
    """After the entries come extensions, then a checksum, and nothing else."""
    while at < len(content) - hash_size:
        sign, size = struct.unpack_from(">4sI", content, at)
        if sign == _SHARING:
            raise ValueError("its entries are in another file, too")
        at += 8 + size
    if at != len(content) - hash_size:
        raise ValueError("it ends elsewhere")
