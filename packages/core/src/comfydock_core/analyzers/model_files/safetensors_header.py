"""The header of a safetensors file: its length, a table of tensors as JSON, and where each one's bytes are.

The checks are those of the format's own library, so that what is whole here can be loaded.
"""

import json
import math
from collections.abc import Mapping
from operator import itemgetter
from typing import Any, BinaryIO

from comfydock_core.analyzers.model_files.content import BeyondLimits, Content, Damaged, Tensor, plain, quoted
from comfydock_core.models.model_files.header import SAFETENSORS

LARGEST_HEADER = 100_000_000  # The format's own limit.
_LENGTH = 8
_METADATA = "__metadata__"
_BLANKS = b" \t\n\r"
_MOST_VALUES = 2_000_000  # Of JSON, in a header; the largest real ones have some ten thousand.
_LARGEST_NUMBER = 2**63
_FIELDS = itemgetter("dtype", "shape", "data_offsets")

# Names of the format: our name, and the bits of one element.
_TYPES = {
    "BOOL": ("bool", 8),
    "F4": ("fp4", 4),
    "F6_E2M3": ("fp6_e2m3", 6),
    "F6_E3M2": ("fp6_e3m2", 6),
    "U8": ("uint8", 8),
    "I8": ("int8", 8),
    "F8_E5M2": ("fp8_e5m2", 8),
    "F8_E4M3": ("fp8_e4m3fn", 8),
    "F8_E8M0": ("fp8_e8m0", 8),
    "F8_E4M3FNUZ": ("fp8_e4m3fnuz", 8),
    "F8_E5M2FNUZ": ("fp8_e5m2fnuz", 8),
    "I16": ("int16", 16),
    "U16": ("uint16", 16),
    "F16": ("fp16", 16),
    "BF16": ("bf16", 16),
    "I32": ("int32", 32),
    "U32": ("uint32", 32),
    "F32": ("fp32", 32),
    "C64": ("complex64", 64),
    "F64": ("fp64", 64),
    "I64": ("int64", 64),
    "U64": ("uint64", 64),
}


def begins_like_safetensors(first: bytes) -> bool:
    """Whether the first nine bytes are a length that the format allows and the beginning of a table."""
    return len(first) > _LENGTH and first[8] == 0x7B and int.from_bytes(first[:8], "little") <= LARGEST_HEADER


def read_safetensors(file: BinaryIO, size: int) -> Content:
    """What the header says; reads that and nothing else of the file, which is `size` bytes long."""
    content = Content(SAFETENSORS)
    try:
        length = _header_length(file.read(_LENGTH), size)
        table = _table(file.read(length))
        content.metadata = _metadata(table.pop(_METADATA, None))
        content.tensors, data, unknown = _tensors(table)
    except Damaged as damage:
        content.note(damage)
        return content
    content.problem = _length_problem(size, _LENGTH + length + data)
    content.whole = content.problem is None
    if content.whole and unknown is not None:
        content.whole, content.problem = None, f"it has tensors of the unknown data type {quoted(unknown)}"
    return content


def _header_length(first: bytes, size: int) -> int:
    if len(first) < _LENGTH:
        raise Damaged(f"it is only {size} bytes long, less than any header")
    length = int.from_bytes(first, "little")
    if length > LARGEST_HEADER:
        raise Damaged(f"its header claims {length:,} bytes, and the format allows {LARGEST_HEADER:,}")
    if _LENGTH + length > size:
        raise Damaged(f"it is truncated within its header: {size:,} of at least {_LENGTH + length:,} bytes")
    return length


def _table(header: bytes) -> dict[str, Any]:
    if not header.lstrip(_BLANKS).startswith(b"{"):
        raise Damaged("its header is not a JSON object")
    if len(header) > _MOST_VALUES and sum(map(header.count, (b",", b"[", b"{"))) > _MOST_VALUES:
        raise BeyondLimits("its header lists more than that of any model")
    try:
        whole = json.loads(header.decode(), object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)
    except Damaged:
        raise
    except UnicodeDecodeError:
        raise Damaged("its header is not UTF-8") from None
    except RecursionError:
        raise Damaged("its header is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise Damaged(f"its header is not JSON: {error.msg} at character {error.pos:,}") from None
    except ValueError:  # A number longer than what Python converts.
        raise Damaged("its header has a number that is too large") from None
    assert isinstance(whole, dict)
    return whole


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Damaged(f"its header has {quoted(twice)} twice")
    return table


def _refuse_constant(name: str) -> object:
    raise Damaged(f"its header has {name}, which is not JSON")


def _metadata(value: object) -> Mapping[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise Damaged(f"its {quoted(_METADATA)} is not a table of texts")
    return value


def _tensors(table: Mapping[str, Any]) -> tuple[dict[str, Tensor], int, str | None]:
    """The tensors by name, the bytes of their data, and a data type that is unknown, if one is."""
    tensors: dict[str, Tensor] = {}
    places: list[tuple[int, int, str]] = []
    unknown = None
    for name, dtype, shape, start, end in _entries(table):
        elements = math.prod(shape)
        if elements >= _LARGEST_NUMBER:
            raise Damaged(f"the shape of {quoted(name)} is impossibly large")
        kind = _TYPES.get(dtype)
        if kind is None:
            unknown = dtype
            kind = (plain(dtype.lower(), 20), 0)
        elif elements * kind[1] != (end - start) * 8:
            raise Damaged(f"the shape and type of {quoted(name)} do not fit its {end - start:,} bytes")
        tensors[name] = Tensor(kind[0], tuple(shape), elements)
        places.append((start, end, name))
    return tensors, _end_of_data(places), unknown


Entry = tuple[str, str, list[int], int, int]  # Name, type, shape, and the offsets of the data's beginning and end.


def _entries(table: Mapping[str, Any]) -> list[Entry]:
    """All entries, whose numbers are looked at together: one by one would take as long as all the rest."""
    entries = []
    numbers: list[object] = []
    for name, entry in table.items():
        try:
            dtype, shape, (start, end) = _FIELDS(entry)
            if type(dtype) is not str or type(shape) is not list:
                raise TypeError
        except (KeyError, TypeError, ValueError):
            raise Damaged(f"its entry for {quoted(name)} is not a data type, a shape and two offsets") from None
        numbers += (*shape, start, end)
        entries.append((name, dtype, shape, start, end))
    if not _are_sizes(numbers):
        name = next(name for name, _, shape, start, end in entries if not _are_sizes([*shape, start, end]))
        raise Damaged(f"its entry for {quoted(name)} has an impossible number")
    return entries


def _are_sizes(numbers: list[Any]) -> bool:
    return (
        set(map(type, numbers)) <= {int} and 0 <= min(numbers, default=0) <= max(numbers, default=0) < _LARGEST_NUMBER
    )


def _end_of_data(places: list[tuple[int, int, str]]) -> int:
    """Every byte belongs to exactly one tensor, from the first to the last."""
    places.sort()
    reached = 0
    for start, end, name in places:
        if start != reached or end < start:
            what = "overlaps another tensor" if start < reached else "leaves a gap before it"
            raise Damaged(f"the data of {quoted(name)} {what if end >= start else 'ends before it begins'}")
        reached = end
    return reached


def _length_problem(size: int, expected: int) -> str | None:
    if size < expected:
        return f"it is truncated: {size:,} of {expected:,} bytes"
    if size > expected:
        return f"it is {size - expected:,} bytes longer than its header says"
    return None
