"""The headers of PyTorch's files: a ZIP archive with a pickle in it, or one pickle after the other before 1.6.

Pickles can run any code when they are loaded; here they are only walked through.
"""

import io
import struct
import zipfile
import zlib
from typing import BinaryIO, cast

from comfydock_core.analyzers.model_files.bounded_file import BoundedFile
from comfydock_core.analyzers.model_files.content import BeyondLimits, Content, Damaged, plain, quoted
from comfydock_core.analyzers.model_files.pickle_globals import BYTES_OF
from comfydock_core.analyzers.model_files.pickle_walking import Storage, Walked, walk
from comfydock_core.models.model_files.header import LEGACY_PICKLE, PICKLE, UNKNOWN
from comfydock_core.utils.text import some

ZIP_MAGIC = b"PK\x03\x04"
_LARGEST_PICKLE = 32 * 1024 * 1024
_LARGEST_DIRECTORY = 8 * 1024 * 1024
_MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
_COUNT = 8  # Bytes before the data of each storage.
_ENTRY = struct.Struct("<26xHH")  # Before a file in an archive: the lengths of its name and of its extra field.


def begins_like_pickle(first: bytes) -> bool:
    """Whether the first bytes are those of a pickle of protocol 2 or later."""
    return len(first) > 1 and first[0] == 0x80 and 2 <= first[1] <= 5


def read_zip(file: BinaryIO, size: int) -> Content:
    """What a ZIP archive of PyTorch says: its directory and its pickle are read, and no tensor's data."""
    content = Content(PICKLE)
    try:
        _read_archive(file, size, content)
    except Damaged as damage:
        content.note(damage)
    return content


def _read_archive(file: BinaryIO, size: int, content: Content) -> None:
    entries = _directory(file, size)
    pickles = sorted((name for name in entries if name.split("/")[1:] == ["data.pkl"]), key=len)
    if not pickles:
        content.format, content.problem = UNKNOWN, "it is a ZIP archive, but not one of PyTorch's"
        return
    root = pickles[0].removesuffix("data.pkl")
    if any(name.startswith(f"{root}code/") for name in entries):
        content.details["contains"] = "TorchScript"
    walked = walk(io.BytesIO(_content_of(file, entries[pickles[0]])))
    _note(walked, content)
    for storage in walked.storages.values():
        _check_storage(storage, entries.get(f"{root}data/{storage.key}"))
    content.whole = True


def _directory(file: BinaryIO, size: int) -> dict[str, zipfile.ZipInfo]:
    try:
        archive = zipfile.ZipFile(cast(BinaryIO, BoundedFile(file, size, _LARGEST_DIRECTORY)))
    except Damaged:
        raise
    except (zipfile.BadZipFile, ValueError, struct.error, NotImplementedError, OverflowError):
        raise Damaged("it is truncated: the directory at the archive's end is missing or damaged") from None
    reached = 0
    for entry in sorted(archive.infolist(), key=_by_offset):
        if entry.header_offset < reached:
            raise Damaged(f"it is damaged: {quoted(entry.filename)} in the archive overlaps what is before it")
        reached = entry.header_offset + _ENTRY.size + len(entry.filename) + entry.compress_size
    if reached > archive.start_dir:
        raise Damaged("it is damaged: what the archive lists is longer than the file")
    return {entry.filename: entry for entry in archive.infolist()}


def _by_offset(entry: zipfile.ZipInfo) -> int:
    return entry.header_offset


def _content_of(file: BinaryIO, entry: zipfile.ZipInfo) -> bytes:
    if max(entry.file_size, entry.compress_size) > _LARGEST_PICKLE:
        raise BeyondLimits("its pickle is larger than that of any model")
    file.seek(entry.header_offset)
    first = file.read(_ENTRY.size)
    if len(first) < _ENTRY.size or not first.startswith(ZIP_MAGIC):
        raise Damaged("it is damaged: its pickle is not where the archive says")
    name_length, extra_length = _ENTRY.unpack(first)
    file.seek(name_length + extra_length, io.SEEK_CUR)
    content = file.read(entry.compress_size)
    if entry.compress_type == zipfile.ZIP_DEFLATED:
        try:
            content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(content, _LARGEST_PICKLE)
        except zlib.error:
            raise Damaged("it is damaged: its pickle cannot be unpacked") from None
    if zlib.crc32(content) != entry.CRC:
        raise Damaged("it is damaged: its pickle does not have the checksum that the archive says")
    return content


def _check_storage(storage: Storage, entry: zipfile.ZipInfo | None) -> None:
    if entry is None:
        raise Damaged(f"it is damaged: the data {quoted(storage.key)} is missing")
    width = BYTES_OF.get(storage.dtype)
    if width is not None and entry.file_size != storage.elements * width:
        raise Damaged(
            f"it is damaged: the data {quoted(storage.key)} has {entry.file_size:,} bytes, "
            f"and {storage.elements * width:,} belong to it"
        )


def read_legacy_pickle(file: BinaryIO, size: int) -> Content:
    """What a pickle says that is no archive: one of PyTorch before 1.6, or any other."""
    content = Content(LEGACY_PICKLE)
    bounded = BoundedFile(file, size, _LARGEST_PICKLE)
    try:
        first = walk(bounded)
        if first.value == _MAGIC_NUMBER:
            _read_legacy(bounded, content)
        else:
            _note(first, content)
            content.whole = True if bounded.tell() == size else None
    except Damaged as damage:
        content.note(damage)
    return content


def _read_legacy(file: BoundedFile, content: Content) -> None:
    """After the magic number: a version, facts about the machine, the object, the keys of its data, and the data."""
    walk(file)
    walk(file)
    walked = walk(file)
    _note(walked, content)
    keys = walk(file).value
    if not isinstance(keys, list) or {key for key in keys if isinstance(key, str)} != set(walked.storages):
        raise Damaged("its list of data does not fit its tensors")
    widths = [BYTES_OF.get(storage.dtype) for storage in walked.storages.values()]
    if None in widths:
        content.problem = "its length cannot be told: it has tensors of an unknown data type"
        return
    data = sum(_COUNT + storage.elements * (BYTES_OF[storage.dtype]) for storage in walked.storages.values())
    expected = file.tell() + data
    if file.end < expected:
        raise Damaged(f"it is truncated: {file.end:,} of {expected:,} bytes")
    if file.end > expected:
        raise Damaged(f"it is {file.end - expected:,} bytes longer than its header says")
    content.whole = True


def _note(walked: Walked, content: Content) -> None:
    content.tensors = walked.tensors
    if walked.unusual:
        content.details["unusual globals"] = plain(some(list(walked.unusual), most=5))
