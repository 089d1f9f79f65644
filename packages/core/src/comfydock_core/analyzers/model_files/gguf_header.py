"""The header of a GGUF file: key-value pairs, a list of tensors, and where each one's bytes are."""

import math
import struct
from typing import BinaryIO

from comfydock_core.analyzers.model_files.bounded_file import BoundedFile
from comfydock_core.analyzers.model_files.content import Content, Damaged, Tensor, quoted
from comfydock_core.models.model_files.header import GGUF

MAGIC = b"GGUF"
_LARGEST_HEADER = 256 * 1024 * 1024  # Vocabularies of language models make up some ten megabytes.
_MOST_TENSORS = 200_000
_MOST_PAIRS = 100_000
_MOST_DIMENSIONS = 4
_LONGEST_NAME = 65_535
_MOST_ITEMS = 8_000_000
_MOST_KEPT = 16_384  # Longer texts are passed over: templates, licences, vocabularies.
_LARGEST_NUMBER = 2**63
_CHUNK = 1024 * 1024

_STRING, _ARRAY = 8, 9
# Types of values: the letter of `struct`. Texts and arrays have none.
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}

# Types of tensors: our name, the elements of a block and its bytes.
_TYPES = {
    0: ("fp32", 1, 4),
    1: ("fp16", 1, 2),
    2: ("q4_0", 32, 18),
    3: ("q4_1", 32, 20),
    6: ("q5_0", 32, 22),
    7: ("q5_1", 32, 24),
    8: ("q8_0", 32, 34),
    9: ("q8_1", 32, 40),
    10: ("q2_k", 256, 84),
    11: ("q3_k", 256, 110),
    12: ("q4_k", 256, 144),
    13: ("q5_k", 256, 176),
    14: ("q6_k", 256, 210),
    15: ("q8_k", 256, 292),
    16: ("iq2_xxs", 256, 66),
    17: ("iq2_xs", 256, 74),
    18: ("iq3_xxs", 256, 98),
    19: ("iq1_s", 256, 50),
    20: ("iq4_nl", 32, 18),
    21: ("iq3_s", 256, 110),
    22: ("iq2_s", 256, 82),
    23: ("iq4_xs", 256, 136),
    24: ("int8", 1, 1),
    25: ("int16", 1, 2),
    26: ("int32", 1, 4),
    27: ("int64", 1, 8),
    28: ("fp64", 1, 8),
    29: ("iq1_m", 256, 56),
    30: ("bf16", 1, 2),
    34: ("tq1_0", 256, 54),
    35: ("tq2_0", 256, 66),
    39: ("mxfp4", 32, 17),
    40: ("nvfp4", 64, 36),
    41: ("q1_0", 128, 18),
}

# `general.file_type`: what most of the tensors are.
_FILE_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S",
    12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS",
    20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M",
    28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4",
    39: "NVFP4", 40: "Q1_0",
}  # fmt: skip

Value = str | int | float | bool | None


def read_gguf(file: BinaryIO, size: int) -> Content:
    """What the header says. Shapes come as PyTorch gives them, which is the other way round than in the file."""
    content = Content(GGUF)
    try:
        _read(_Cursor(BoundedFile(file, size, _LARGEST_HEADER)), size, content)
    except Damaged as damage:
        content.note(damage)
    return content


def _read(cursor: "_Cursor", size: int, content: Content) -> None:
    cursor.take(len(MAGIC))
    version = cursor.version()
    if version == 1:
        content.problem = "it is of version 1 of the format, which programs have given up"
        return
    if version not in (2, 3):
        raise Damaged(f"it claims version {version} of the format, which is unknown")
    count, pairs = cursor.number("Q"), cursor.number("Q")
    if count > _MOST_TENSORS or pairs > _MOST_PAIRS:
        raise Damaged(f"it claims {count:,} tensors and {pairs:,} values, more than any model")
    values = _values(cursor, pairs)
    _note(values, content)
    places = _places(cursor, count)
    content.tensors = {name: tensor for name, tensor, _, _ in places}
    _check_data(content, places, values, cursor.at, size)


def _note(values: dict[str, Value], content: Content) -> None:
    content.metadata = {key: value for key, value in values.items() if isinstance(value, str)}
    file_type = values.get("general.file_type")
    if isinstance(file_type, int) and file_type in _FILE_TYPES:
        content.details["quantisation"] = _FILE_TYPES[file_type]
    parts = values.get("split.count")
    if isinstance(parts, int) and parts > 1:
        number = values.get("split.no")
        content.details["part"] = f"{number + 1} of {parts}" if isinstance(number, int) else f"one of {parts}"


def _values(cursor: "_Cursor", pairs: int) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for _ in range(pairs):
        key = cursor.text(_LONGEST_NAME, "a key")
        if key in values:
            raise Damaged(f"it has {quoted(key)} twice")
        values[key] = _value(cursor, cursor.number("I"), key)
    return values


def _value(cursor: "_Cursor", kind: int, key: str) -> Value:
    if kind == _STRING:
        return cursor.short_text()
    if kind == _ARRAY:
        _pass_array(cursor, key)
        return None
    if kind not in _SCALARS:
        raise Damaged(f"its value {quoted(key)} is of the unknown type {kind}")
    return cursor.number(_SCALARS[kind])


def _pass_array(cursor: "_Cursor", key: str) -> None:
    kind, count = cursor.number("I"), cursor.number("Q")
    if count > _MOST_ITEMS:
        raise Damaged(f"its value {quoted(key)} claims {count:,} items, more than any model")
    if kind == _STRING:
        cursor.pass_texts(count)
    elif kind in _SCALARS:
        cursor.skip(count * struct.calcsize(_SCALARS[kind]))
    else:
        raise Damaged(f"its value {quoted(key)} is a list of the unsupported type {kind}")


Place = tuple[str, Tensor, int, int | None]  # Name, tensor, offset of its data, and how many bytes they are.


def _places(cursor: "_Cursor", count: int) -> list[Place]:
    places: dict[str, Place] = {}
    for _ in range(count):
        name = cursor.text(_LONGEST_NAME, "the name of a tensor")
        dimensions = cursor.number("I")
        if name in places or dimensions > _MOST_DIMENSIONS:
            what = "is there twice" if name in places else f"claims {dimensions:,} dimensions"
            raise Damaged(f"its tensor {quoted(name)} {what}")
        shape = tuple(cursor.number("Q") for _ in range(dimensions))
        places[name] = _place(name, shape, cursor.number("I"), cursor.number("Q"))
    return list(places.values())


def _place(name: str, shape: tuple[int, ...], kind: int, offset: int) -> Place:
    elements = math.prod(shape)
    if elements >= _LARGEST_NUMBER or offset >= _LARGEST_NUMBER:
        raise Damaged(f"its tensor {quoted(name)} is impossibly large")
    if kind not in _TYPES:
        return name, Tensor(f"type {kind}", shape[::-1], elements), offset, None
    dtype, block, bytes_of_block = _TYPES[kind]
    if shape and shape[0] % block:
        raise Damaged(f"rows of {shape[0]:,} elements in its tensor {quoted(name)} do not fit {dtype}")
    return name, Tensor(dtype, shape[::-1], elements), offset, elements // block * bytes_of_block


def _check_data(content: Content, places: list[Place], values: dict[str, Value], at: int, size: int) -> None:
    alignment = values.get("general.alignment", 32)
    if not isinstance(alignment, int) or isinstance(alignment, bool) or alignment <= 0 or alignment & (alignment - 1):
        raise Damaged("its alignment is not a power of two")
    unknown = sorted({tensor.dtype for _, tensor, _, length in places if length is None})
    if unknown:
        content.problem = f"it has tensors of {quoted(unknown[0])}, which is unknown"
        return
    reached = 0
    for name, _, offset, length in sorted(places, key=_by_offset):
        if offset % alignment or offset < reached:
            what = "overlaps another tensor" if offset < reached else "is not aligned"
            raise Damaged(f"the data of its tensor {quoted(name)} {what}")
        reached = offset + (length or 0)
    expected = _aligned(at, alignment) + reached if places else at
    if size < expected:
        raise Damaged(f"it is truncated: {size:,} of {expected:,} bytes")
    if size > _aligned(expected, alignment):
        content.problem = f"{size - expected:,} bytes follow its last tensor"
        return
    content.whole = True


def _by_offset(place: Place) -> tuple[int, int]:
    return place[2], place[3] or 0


def _aligned(offset: int, alignment: int) -> int:
    return -(-offset // alignment) * alignment


class _Cursor:
    """Reads forward through the header, in chunks. `at` is where in the file it is."""

    def __init__(self, file: BoundedFile) -> None:
        self._file = file
        self._buffer = b""
        self._next = 0
        self._passed = 0
        self._order = "<"

    @property
    def at(self) -> int:
        return self._passed + self._next

    def take(self, count: int) -> bytes:
        """The next bytes, of which at most the last chunk is kept."""
        if count > len(self._buffer) - self._next:
            self._fill(count)
        self._next += count
        return self._buffer[self._next - count : self._next]

    def skip(self, count: int) -> None:
        """Past some bytes, without reading those that are not here yet."""
        if self.at + count > self._file.end:
            raise self._truncated()
        if count <= len(self._buffer) - self._next:
            self._next += count
            return
        self._passed = self._file.seek(self.at + count)
        self._buffer, self._next = b"", 0

    def _fill(self, count: int) -> None:
        if self.at + count > self._file.end:
            raise self._truncated()
        rest = self._buffer[self._next :]
        self._passed += self._next
        self._next = 0
        self._buffer = rest + self._file.read(max(_CHUNK, count - len(rest)))
        if len(self._buffer) < count:
            raise self._truncated()

    def _truncated(self) -> Damaged:
        return Damaged(f"it is truncated within its header, after {self._file.end:,} bytes")

    def version(self) -> int:
        """Also finds out in which order the bytes of numbers are."""
        content = self.take(4)
        little = int.from_bytes(content, "little")
        if little & 0xFFFF == 0:
            self._order = ">"
            return int.from_bytes(content, "big")
        return little

    def number(self, letter: str) -> int:
        form = self._order + letter
        value: int = struct.unpack(form, self.take(struct.calcsize(form)))[0]
        return value

    def text(self, longest: int, what: str) -> str:
        length = self.number("Q")
        if length > longest:
            raise Damaged(f"{what} claims {length:,} bytes")
        return self.take(length).decode("utf-8", "replace")

    def short_text(self) -> str | None:
        length = self.number("Q")
        if length > _MOST_KEPT:
            self.skip(length)
            return None
        return self.take(length).decode("utf-8", "replace")

    def pass_texts(self, count: int) -> None:
        """Past a list of texts: there are hundreds of thousands in a vocabulary, so this loop is a tight one."""
        length_of = struct.Struct(self._order + "Q").unpack_from
        while count:
            buffer, at = self._buffer, self._next
            last = len(buffer) - 8
            while count and at <= last:
                after = at + 8 + length_of(buffer, at)[0]
                if after > last + 8:
                    break
                at = after
                count -= 1
            self._next = at
            if count:
                self.skip(self.number("Q"))
                count -= 1
