"""Headers of safetensors files: what they say, and each way in which they can be damaged."""

import json
from pathlib import Path

import pytest

from comfydock_core.analyzers.model_files.header_reading import read_header
from comfydock_core.models.model_files.header import ModelHeader
from tests.support.model_files import safetensors_header, with_length, write_safetensors, write_with_hole

SHAPES = {"a": (2, 3), "b": (4,), "scalar": ()}
DATA = 22


def _read(tmp_path: Path, content: bytes, size: int | None = None) -> ModelHeader:
    path = tmp_path / "model.safetensors"
    return read_header(str(write_with_hole(path, content, len(content) if size is None else size)))


def _table(tmp_path: Path, table: object, data: int = 8) -> ModelHeader:
    header = with_length(table if isinstance(table, bytes) else json.dumps(table).encode())
    return _read(tmp_path, header, len(header) + data)


def _entry(dtype: object = "F16", shape: object = (4,), offsets: object = (0, 8)) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def test_a_whole_file_is_whole_and_counted(tmp_path: Path) -> None:
    header = read_header(str(write_safetensors(tmp_path / "a.safetensors", SHAPES, metadata={})))
    assert header == ModelHeader("safetensors", True, dtypes={"fp16": 11}, parameters=11, tensors=3)


def test_data_types_are_counted_most_first(tmp_path: Path) -> None:
    table = {"a": _entry("F8_E4M3", [2], [0, 2]), "b": _entry("F32", [4], [2, 18]), "c": _entry("F4", [4], [18, 20])}
    header = _table(tmp_path, table, 20)
    assert list(header.dtypes.items()) == [("fp32", 4), ("fp4", 4), ("fp8_e4m3fn", 2)]
    assert header.whole


def test_tensors_may_stand_in_any_order(tmp_path: Path) -> None:
    assert _table(tmp_path, {"late": _entry(offsets=[8, 16]), "early": _entry()}, 16).whole


def test_a_header_may_be_filled_up_with_blanks(tmp_path: Path) -> None:
    assert _table(tmp_path, b"  " + json.dumps({"a": _entry()}).encode() + b"    ").whole


@pytest.mark.parametrize("missing", [1, 10, DATA])
def test_data_that_is_missing_is_counted(tmp_path: Path, missing: int) -> None:
    header = safetensors_header(SHAPES)
    whole = len(header) + DATA
    read = _read(tmp_path, header, whole - missing)
    assert (read.whole, read.problem) == (False, f"it is truncated: {whole - missing} of {whole} bytes")
    assert read.tensors == 3


def test_every_length_but_the_right_one_is_damaged(tmp_path: Path) -> None:
    header = safetensors_header(SHAPES)
    content = header + bytes(DATA)
    for length in range(len(content)):
        read = _read(tmp_path, content[:length])
        assert read.whole is False, length
        assert read.problem, length
    assert _read(tmp_path, content).whole


def test_more_bytes_than_the_header_says_are_a_problem(tmp_path: Path) -> None:
    header = safetensors_header(SHAPES)
    read = _read(tmp_path, header, len(header) + DATA + 3)
    assert (read.whole, read.problem) == (False, "it is 3 bytes longer than its header says")


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (b"{", "its header is not JSON: Expecting property name enclosed in double quotes at character 1"),
        (b'{"a": 1} x', "its header is not JSON: Extra data at character 9"),
        (b'{"\xff": 1}', "its header is not UTF-8"),
        (b'{"a":{"dtype":"F16","shape":[4],"data_offsets":[0,8]},"a":0}', "its header has `a` twice"),
        (b'{"a":{"dtype":"F16","dtype":"F32","shape":[4],"data_offsets":[0,8]}}', "its header has `dtype` twice"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "its header is nested too deeply"),
        (b'{"a":' + b'{"a":' * 100_000 + b"}" * 100_001, "its header is nested too deeply"),
        (b'{"a":' + b"9" * 100_000 + b"}", "its header has a number that is too large"),
        (b'{"a": NaN}', "its header has NaN, which is not JSON"),
        (b'{"a": -Infinity}', "its header has -Infinity, which is not JSON"),
        ({"a": 1}, "its entry for `a` is not a data type, a shape and two offsets"),
        ({"a": [1, 2, 3]}, "its entry for `a` is not a data type, a shape and two offsets"),
        ({"a": {"dtype": "F16"}}, "its entry for `a` is not a data type, a shape and two offsets"),
        ({"a": _entry(16)}, "its entry for `a` is not a data type, a shape and two offsets"),
        ({"a": _entry(shape=4)}, "its entry for `a` is not a data type, a shape and two offsets"),
        ({"a": _entry(shape="4")}, "its entry for `a` is not a data type, a shape and two offsets"),
        ({"a": _entry(offsets=[0])}, "its entry for `a` is not a data type, a shape and two offsets"),
        ({"a": _entry(offsets=[0, 8, 9])}, "its entry for `a` is not a data type, a shape and two offsets"),
        ({"b": _entry(), "a": _entry(shape=[4.0])}, "its entry for `a` has an impossible number"),
        ({"a": _entry(shape=[True])}, "its entry for `a` has an impossible number"),
        ({"a": _entry(shape=["a", 3])}, "its entry for `a` has an impossible number"),
        ({"a": _entry(shape=[-4])}, "its entry for `a` has an impossible number"),
        ({"a": _entry(shape=[2**64])}, "its entry for `a` has an impossible number"),
        ({"a": _entry(shape=[2**62] * 1000)}, "the shape of `a` is impossibly large"),
        ({"a": _entry(offsets=[0, None])}, "its entry for `a` has an impossible number"),
        ({"a": _entry("F32")}, "the shape and type of `a` do not fit its 8 bytes"),
        ({"a": _entry("F4", [3], [0, 1])}, "the shape and type of `a` do not fit its 1 bytes"),
        ({"a": _entry(offsets=[8, 0])}, "the shape and type of `a` do not fit its -8 bytes"),
        ({"a": _entry(), "b": _entry(offsets=[9, 17])}, "the data of `b` leaves a gap before it"),
        ({"a": _entry(), "b": _entry(offsets=[4, 12])}, "the data of `b` overlaps another tensor"),
        ({"a": _entry(), "b": _entry()}, "the data of `b` overlaps another tensor"),
        ({"__metadata__": {"a": 1}}, "its `__metadata__` is not a table of texts"),
        ({"__metadata__": "text"}, "its `__metadata__` is not a table of texts"),
    ],
)
def test_a_damaged_table_says_what_is_wrong(tmp_path: Path, table: object, problem: str) -> None:
    read = _table(tmp_path, table)
    assert (read.format, read.whole, read.problem, read.kind) == ("safetensors", False, problem, None)


def test_a_table_that_would_fill_the_memory_is_not_read(tmp_path: Path) -> None:
    read = _table(tmp_path, b'{"a":[' + b"[]," * 1_100_000 + b"0]}")
    assert (read.whole, read.problem) == (None, "its header lists more than that of any model")


@pytest.mark.parametrize("dtype", ["F2_NEW", ""])
def test_a_data_type_of_a_later_version_is_named(tmp_path: Path, dtype: str) -> None:
    read = _table(tmp_path, {"a": _entry(dtype)})
    assert (read.whole, read.problem) == (None, f"it has tensors of the unknown data type `{dtype}`")
    assert read.dtypes == {dtype.lower(): 4}


def test_a_length_that_the_format_forbids_is_refused_unread(tmp_path: Path) -> None:
    read = _read(tmp_path, (100_000_001).to_bytes(8, "little") + b"{", 10**12)
    assert read.problem == "its header claims 100,000,001 bytes, and the format allows 100,000,000"


def test_names_of_strangers_are_shown_short_and_printable(tmp_path: Path) -> None:
    read = _table(tmp_path, {"\x1b[31m\n" + "x" * 5000: 1})
    assert read.problem is not None
    assert read.problem.isprintable()
    assert len(read.problem) < 200


def test_metadata_gives_what_is_worth_showing(tmp_path: Path) -> None:
    tags = {"10_knight": {"knight ": 10, "armor": 8, "x": 1}, "meta": 3}
    metadata = {
        "modelspec.title": "My\nmodel \x1b[2J",
        "modelspec.architecture": "stable-diffusion-xl-v1-base/lora",
        "ss_base_model_version": "sdxl_base_v1-0",
        "ss_tag_frequency": json.dumps(tags),
        "prompt": "{}",
    }
    read = read_header(str(write_safetensors(tmp_path / "a.safetensors", SHAPES, metadata=metadata)))
    assert read.details == {
        "title": "My model [2J",
        "base model": "stable-diffusion-xl-v1-base/lora",
        "trained words": "knight, armor, x",
    }
    assert (read.kind, read.family) == (None, "SDXL")


def test_metadata_never_overrules_tensors(tmp_path: Path) -> None:
    shapes = {"emb_params": (8, 768)}
    path = write_safetensors(tmp_path / "a.safetensors", shapes, metadata={"modelspec.architecture": "flux-1-dev"})
    assert read_header(str(path)).family == "SD 1.5"


@pytest.mark.parametrize("text", ["[", "[" * 100_000, "7", '{"a": {"b": "c"}}', '{"a": {"b": true}}'])
def test_metadata_that_is_not_what_it_should_be_is_passed_over(tmp_path: Path, text: str) -> None:
    path = write_safetensors(tmp_path / "a.safetensors", SHAPES, metadata={"ss_tag_frequency": text})
    assert read_header(str(path)).details == {}


@pytest.mark.parametrize(
    ("name", "scheme"),
    [
        ("model.weight.quant_state.bitsandbytes__nf4", "bitsandbytes nf4"),
        ("scaled_fp8", "fp8 scaled"),
        ("transformer_blocks.0.qkv_proj.wscales", "SVDQuant"),
    ],
)
def test_quantised_weights_are_known_by_what_goes_along_with_them(tmp_path: Path, name: str, scheme: str) -> None:
    read = read_header(str(write_safetensors(tmp_path / "a.safetensors", {**SHAPES, name: (2,)})))
    assert read.details == {"quantisation": scheme}
    assert read.words == scheme


def test_a_part_of_a_model_says_which(tmp_path: Path) -> None:
    path = write_safetensors(tmp_path / "model-00002-of-00003.safetensors", SHAPES)
    assert read_header(str(path)).details == {"part": "2 of 3"}
