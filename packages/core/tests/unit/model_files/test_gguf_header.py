"""Headers of GGUF files: what they say, and each way in which they can be damaged."""

import struct
from pathlib import Path

import pytest

from comfydock_core.analyzers.model_files.header_reading import read_header
from comfydock_core.models.model_files.header import ModelHeader
from tests.support.model_files import gguf_header, gguf_text, gguf_value, write_gguf, write_with_hole

SHAPES = {"a": (64, 256), "b": (256,)}


def _read(tmp_path: Path, content: bytes, size: int | None = None) -> ModelHeader:
    return read_header(str(write_with_hole(tmp_path / "model.gguf", content, len(content) if size is None else size)))


def _with_values(*pairs: tuple[str, bytes], tensors: bytes = b"", count: int = 0) -> bytes:
    content = b"GGUF" + struct.pack("<IQQ", 3, count, len(pairs))
    return content + b"".join(gguf_text(key) + value for key, value in pairs) + tensors


def _tensor(name: str, shape: tuple[int, ...], kind: int = 0, offset: int = 0) -> bytes:
    return gguf_text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


def test_a_whole_file_is_whole_and_counted(tmp_path: Path) -> None:
    values = {
        "general.architecture": "flux",
        "general.name": "Flux dev",
        "general.file_type": 15,
        "general.alignment": 64,
        "flag": True,
        "scale": 0.5,
        "tokens": ["a", "bc", ""],
        "scores": [0.5, 1.0],
    }
    header, size = gguf_header(SHAPES, "F32", values, types={"a": "Q4_K"})
    assert _read(tmp_path, header, size) == ModelHeader(
        "gguf",
        True,
        family="Flux.1",
        dtypes={"q4_k": 16384, "fp32": 256},
        parameters=16640,
        tensors=2,
        details={"quantisation": "Q4_K_M", "title": "Flux dev", "architecture": "flux"},
    )


@pytest.mark.parametrize(("version", "order"), [(2, "<"), (3, "<"), (3, ">")])
def test_both_versions_and_byte_orders_are_read(tmp_path: Path, version: int, order: str) -> None:
    header, size = gguf_header(SHAPES, "F16", {"general.name": "x"}, version=version, order=order)
    read = _read(tmp_path, header, size)
    assert (read.whole, read.parameters, read.details) == (True, 16640, {"title": "x"})


def test_a_language_model_is_a_text_encoder(tmp_path: Path) -> None:
    path = write_gguf(
        tmp_path / "a.gguf", {"blk.0.attn_q.weight": (64, 64)}, values={"general.architecture": "qwen2vl"}
    )
    read = read_header(str(path))
    assert (read.kind, read.family, read.words) == ("text encoder", "Qwen2.5-VL", "Qwen2.5-VL text encoder, fp16")


def test_every_length_but_the_right_one_is_damaged(tmp_path: Path) -> None:
    header, size = gguf_header({"a": (32,), "b": (32,)}, "F16", {"general.name": "x", "tokens": ["a", "b"]})
    content = header + bytes(size - len(header))
    for length in range(4, size):
        read = _read(tmp_path, content[:length])
        assert read.whole is False, length
        assert read.problem is not None, length
        assert "truncated" in read.problem, length
    assert _read(tmp_path, content).whole


def test_bytes_after_the_last_tensor_leave_it_open(tmp_path: Path) -> None:
    header, size = gguf_header(SHAPES)
    read = _read(tmp_path, header, size + 100)
    assert (read.whole, read.problem) == (None, "100 bytes follow its last tensor")


def test_a_vocabulary_is_passed_over_wherever_chunks_end(tmp_path: Path) -> None:
    tokens = ["x" * (number % 300) for number in range(20_000)]
    long = ["y" * 3_000_000, "z"]
    path = write_gguf(tmp_path / "a.gguf", SHAPES, values={"tokens": tokens, "long": long, "general.name": "after"})
    read = read_header(str(path))
    assert (read.whole, read.details) == (True, {"title": "after"})


ALIGNED = ("general.alignment", gguf_value(32))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"GGUF" + struct.pack("<I", 0), "it claims version 0 of the format, which is unknown"),
        (b"GGUF" + struct.pack("<I", 9), "it claims version 9 of the format, which is unknown"),
        (
            b"GGUF" + struct.pack("<IQQ", 3, 2**60, 0),
            "it claims 1,152,921,504,606,846,976 tensors and 0 values, more than any model",
        ),
        (
            b"GGUF" + struct.pack("<IQQ", 3, 0, 2**40),
            "it claims 0 tensors and 1,099,511,627,776 values, more than any model",
        ),
        (_with_values(("a", struct.pack("<I", 77))), "its value `a` is of the unknown type 77"),
        (_with_values(("a", gguf_value(1)), ("a", gguf_value(1))), "it has `a` twice"),
        (_with_values(("x" * 70_000, gguf_value(1))), "a key claims 70,000 bytes"),
        (
            _with_values(("a", struct.pack("<IIQ", 9, 4, 2**50))),
            "its value `a` claims 1,125,899,906,842,624 items, more than any model",
        ),
        (_with_values(("a", struct.pack("<IIQ", 9, 9, 1))), "its value `a` is a list of the unsupported type 9"),
        (_with_values(("a", struct.pack("<IQ", 8, 2**63))), "it is truncated within its header, after 45 bytes"),
        (
            _with_values(("a", struct.pack("<IIQQ", 9, 8, 1, 2**63))),
            "it is truncated within its header, after 57 bytes",
        ),
        (_with_values(("general.alignment", gguf_value(24))), "its alignment is not a power of two"),
        (_with_values(("general.alignment", gguf_value(0))), "its alignment is not a power of two"),
        (_with_values(("general.alignment", gguf_value("32"))), "its alignment is not a power of two"),
        (_with_values(tensors=_tensor("a", (1, 1, 1, 1, 1)), count=1), "its tensor `a` claims 5 dimensions"),
        (
            _with_values(tensors=gguf_text("a") + b"\xff\xff\xff\xff", count=1),
            "its tensor `a` claims 4,294,967,295 dimensions",
        ),
        (_with_values(tensors=_tensor("a", (4,)) * 2, count=2), "its tensor `a` is there twice"),
        (_with_values(tensors=_tensor("a", (2**40, 2**40)), count=1), "its tensor `a` is impossibly large"),
        (_with_values(tensors=_tensor("a", (4,), offset=2**63), count=1), "its tensor `a` is impossibly large"),
        (
            _with_values(tensors=_tensor("a", (100,), 12), count=1),
            "rows of 100 elements in its tensor `a` do not fit q4_k",
        ),
        (_with_values(tensors=_tensor("a", (4,), offset=8), count=1), "the data of its tensor `a` is not aligned"),
        (
            _with_values(tensors=_tensor("a", (64,)) + _tensor("b", (4,), 0, 32), count=2),
            "the data of its tensor `b` overlaps another tensor",
        ),
    ],
)
def test_a_damaged_header_says_what_is_wrong(tmp_path: Path, content: bytes, problem: str) -> None:
    read = _read(tmp_path, content)
    assert (read.format, read.whole, read.problem) == ("gguf", False, problem)


def test_a_type_of_tensors_of_a_later_version_leaves_it_open(tmp_path: Path) -> None:
    read = _read(tmp_path, _with_values(tensors=_tensor("a", (4,), 142), count=1))
    assert (read.whole, read.problem) == (None, "it has tensors of `type 142`, which is unknown")


def test_the_first_version_of_the_format_is_not_read(tmp_path: Path) -> None:
    read = _read(tmp_path, b"GGUF" + struct.pack("<III", 1, 0, 0))
    assert (read.format, read.whole) == ("gguf", None)
    assert read.problem == "it is of version 1 of the format, which programs have given up"


def test_parts_of_a_model_say_which(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "a.gguf", SHAPES, values={"split.count": 3, "split.no": 1})
    assert read_header(str(path)).details == {"part": "2 of 3"}
