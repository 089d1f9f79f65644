"""The beginning of an ONNX file: a message of Protocol Buffers whose last large field is the graph."""

from typing import BinaryIO

from comfydock_core.analyzers.model_files.content import Content, Damaged, plain
from comfydock_core.models.model_files.header import ONNX

_LATEST = 64  # Versions of the format: 13 in 2026.
_MOST_FIELDS = 1000
_LONGEST_TEXT = 1024
_NUMBER, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5
_VERSION, _PRODUCER, _PRODUCER_VERSION, _GRAPH = 1, 2, 3, 7
_SHOWN = {_PRODUCER: "producer", _PRODUCER_VERSION: "producer version"}


def begins_like_onnx(first: bytes) -> bool:
    """Whether the first bytes are a version of the format, followed by a field that may come after it."""
    return len(first) > 2 and first[0] == _VERSION << 3 and 0 < first[1] < _LATEST and first[2] in (0x12, 0x3A)


def read_onnx(file: BinaryIO, size: int) -> Content:
    """Who made it, and whether its fields end where the file does. The graph is passed over unread."""
    content = Content(ONNX)
    try:
        _read(file, size, content)
    except Damaged as damage:
        content.note(damage)
    return content


def _read(file: BinaryIO, size: int, content: Content) -> None:
    has_graph = False
    for _ in range(_MOST_FIELDS):
        if file.tell() == size:
            break
        tag = _number(file)
        field, kind = tag >> 3, tag & 7
        has_graph = has_graph or field == _GRAPH
        if kind == _LENGTH:
            _read_text_or_pass(file, size, field, content)
        elif kind == _NUMBER:
            _number(file)
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            _pass(file, size, 8 if kind == _EIGHT_BYTES else 4)
        else:
            raise Damaged("it is damaged: it has a field of no known type")
    else:
        raise Damaged("it has more fields than any model")
    if not has_graph:
        raise Damaged("it is truncated: it has no graph")
    content.whole = True


def _read_text_or_pass(file: BinaryIO, size: int, field: int, content: Content) -> None:
    length = _number(file)
    if field in _SHOWN and length <= _LONGEST_TEXT:
        content.details[_SHOWN[field]] = plain(file.read(length).decode("utf-8", "replace"))
    else:
        _pass(file, size, length)


def _pass(file: BinaryIO, size: int, length: int) -> None:
    end = file.tell() + length
    if end > size:
        raise Damaged(f"it is truncated: {size:,} of at least {end:,} bytes")
    file.seek(end)


def _number(file: BinaryIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            raise Damaged("it is truncated within a field")
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise Damaged("it is damaged: it has a number that does not end")
