"""Small real model files of every format, written byte by byte: tensors have names, types and shapes, and no values.

Data is a hole in the file, so that a model of any size costs no room.
"""

import json
import math
import os
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

Shapes = Mapping[str, tuple[int, ...]]

_WIDTHS = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "U8": 1, "I8": 1, "BOOL": 1}
_GGML = {"F32": (0, 1, 4), "F16": (1, 1, 2), "Q4_0": (2, 32, 18), "Q8_0": (8, 32, 34), "Q4_K": (12, 256, 144)}
_STORAGES = {"F32": "FloatStorage", "F16": "HalfStorage", "BF16": "BFloat16Storage", "I64": "LongStorage"}
_MAGIC = 0x1950A86A20F9469CFC6C
ALIGNMENT = 32


def safetensors_header(shapes: Shapes, dtype: str = "F16", metadata: Mapping[str, str] | None = None) -> bytes:
    """The length and the table, which together are all that comes before the data."""
    table: dict[str, object] = {"__metadata__": dict(metadata)} if metadata is not None else {}
    at = 0
    for name, shape in shapes.items():
        end = at + math.prod(shape) * _WIDTHS[dtype]
        table[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, end]}
        at = end
    return with_length(json.dumps(table, separators=(",", ":")).encode())


def with_length(table: bytes) -> bytes:
    return len(table).to_bytes(8, "little") + table


def write_safetensors(
    path: Path, shapes: Shapes, dtype: str = "F16", metadata: Mapping[str, str] | None = None
) -> Path:
    header = safetensors_header(shapes, dtype, metadata)
    data = sum(math.prod(shape) for shape in shapes.values()) * _WIDTHS[dtype]
    return write_with_hole(path, header, len(header) + data)


def write_with_hole(path: Path, beginning: bytes, size: int) -> Path:
    path.write_bytes(beginning)
    os.truncate(path, size)
    return path


def gguf_text(text: str, order: str = "<") -> bytes:
    return struct.pack(f"{order}Q", len(text.encode())) + text.encode()


def gguf_value(value: object, order: str = "<") -> bytes:
    match value:
        case bool():
            return struct.pack(f"{order}I?", 7, value)
        case int():
            return struct.pack(f"{order}II", 4, value)
        case float():
            return struct.pack(f"{order}If", 6, value)
        case str():
            return struct.pack(f"{order}I", 8) + gguf_text(value, order)
        case [str(), *_]:
            items = b"".join(gguf_text(str(item), order) for item in value)
            return struct.pack(f"{order}IIQ", 9, 8, len(value)) + items
        case list():
            return struct.pack(f"{order}IIQ{len(value)}f", 9, 6, len(value), *value)
    raise TypeError(value)


def gguf_header(
    shapes: Shapes,
    dtype: str = "F16",
    values: Mapping[str, object] | None = None,
    *,
    version: int = 3,
    order: str = "<",
    types: Mapping[str, str] | None = None,
) -> tuple[bytes, int]:
    """Everything before the data, filled up to where that begins, and the length of the whole file."""
    values = values or {}
    alignment = values.get("general.alignment", ALIGNMENT)
    assert isinstance(alignment, int)
    content = b"GGUF" + struct.pack(f"{order}IQQ", version, len(shapes), len(values))
    for key, value in values.items():
        content += gguf_text(key, order) + gguf_value(value, order)
    at = 0
    for name, shape in shapes.items():
        kind, block, width = _GGML[(types or {}).get(name, dtype)]
        content += gguf_text(name, order) + struct.pack(f"{order}I{len(shape)}Q", len(shape), *shape[::-1])
        content += struct.pack(f"{order}IQ", kind, at)
        at += math.prod(shape) // block * width
        at += -at % alignment
    content += bytes(-len(content) % alignment)
    return content, len(content) + at


def write_gguf(path: Path, shapes: Shapes, dtype: str = "F16", values: Mapping[str, object] | None = None) -> Path:
    header, size = gguf_header(shapes, dtype, values)
    return write_with_hole(path, header, size)


def pickle_of(shapes: Shapes, dtype: str = "F16", *, wrapped: str = "", legacy: bool = False) -> bytes:
    """The pickle that PyTorch makes of a state dict, within another one if that has a name."""
    inner = _global("collections", "OrderedDict") + b")R("
    for number, (name, shape) in enumerate(shapes.items()):
        inner += _text(name) + _tensor(str(number), shape, dtype, legacy)
    inner += b"u"
    return b"\x80\x02" + (b"}" + _text(wrapped) + inner + b"s" if wrapped else inner) + b"."


def _tensor(key: str, shape: tuple[int, ...], dtype: str, legacy: bool) -> bytes:
    storage = _text("storage") + _global("torch", _STORAGES[dtype]) + _text(key) + _text("cpu")
    storage += _number(math.prod(shape)) + (b"N" if legacy else b"")
    strides = [math.prod(shape[index + 1 :]) for index in range(len(shape))]
    return (
        _global("torch._utils", "_rebuild_tensor_v2")
        + b"(("
        + storage
        + b"tQ"
        + _number(0)
        + _numbers(shape)
        + _numbers(strides)
        + b"\x89"
        + _global("collections", "OrderedDict")
        + b")RtR"
    )


def _global(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def _text(text: str) -> bytes:
    return b"X" + struct.pack("<I", len(text.encode())) + text.encode()


def _number(number: int) -> bytes:
    content = number.to_bytes(9, "little", signed=True)
    return b"\x8a\x09" + content


def _numbers(numbers: tuple[int, ...] | list[int]) -> bytes:
    return b"(" + b"".join(_number(number) for number in numbers) + b"t"


def write_pickle(path: Path, shapes: Shapes, dtype: str = "F16", *, wrapped: str = "") -> Path:
    """As PyTorch has written since 1.6: a ZIP archive, whose data must be really there."""
    return write_archive(path, pickle_of(shapes, dtype, wrapped=wrapped), shapes, dtype)


def write_archive(path: Path, pickle: bytes, shapes: Shapes, dtype: str = "F16") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle)
        archive.writestr("archive/byteorder", "little")
        for number, shape in enumerate(shapes.values()):
            archive.writestr(f"archive/data/{number}", bytes(math.prod(shape) * _WIDTHS[dtype]))
        archive.writestr("archive/version", "3\n")
    return path


def legacy_pickle(shapes: Shapes, dtype: str = "F16") -> bytes:
    """As PyTorch wrote before 1.6: five pickles, and then the data."""
    keys = [str(number) for number in range(len(shapes))]
    content = b"\x80\x02" + b"\x8a\x0a" + _MAGIC.to_bytes(10, "little") + b"."
    content += b"\x80\x02M\xe9\x03."
    content += b"\x80\x02}" + _text("little_endian") + b"\x88s."
    content += pickle_of(shapes, dtype, legacy=True)
    content += b"\x80\x02](" + b"".join(_text(key) for key in keys) + b"e."
    for shape in shapes.values():
        content += math.prod(shape).to_bytes(8, "little") + bytes(math.prod(shape) * _WIDTHS[dtype])
    return content


def onnx(producer: str = "pytorch", graph: bytes = b"\x0a\x00") -> bytes:
    """The fields of a model in the order that every program writes them."""
    return (
        b"\x08\x08\x12"
        + bytes([len(producer)])
        + producer.encode()
        + b"\x3a"
        + _varint(len(graph))
        + graph
        + b"\x42\x00"
    )


def _varint(number: int) -> bytes:
    content = b""
    while number > 0x7F:
        content += bytes([number & 0x7F | 0x80])
        number >>= 7
    return content + bytes([number])
