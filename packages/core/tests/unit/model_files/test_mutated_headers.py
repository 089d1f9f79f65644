"""Headers that were changed anywhere: reading them never fails, takes little memory, and claims nothing wrong."""

import json
import os
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comfydock_core.analyzers.model_files.header_reading import read_header
from comfydock_core.models.model_files.header import ModelHeader
from tests.support.model_files import (
    gguf_header,
    legacy_pickle,
    onnx,
    safetensors_header,
    with_length,
    write_pickle,
)
from tests.support.state_dicts import lora

LARGEST = 16 * 1024 * 1024  # Bytes that reading may take up, whatever a few kilobytes claim.
SHAPES = {
    **lora(
        {"lora_unet_double_blocks_0_img_attn_qkv": (96, 32), "lora_te1_text_model_encoder_layers_0_mlp_fc1": (8, 8)}, 4
    ),
    "model.diffusion_model.input_blocks.0.0.weight": (4, 4, 1, 1),
    "emb_params": (32,),
}
METADATA = {"modelspec.architecture": "flux-1-dev/lora", "ss_tag_frequency": '{"a": {"b": 3}}', "modelspec.title": "x"}
VALUES = {"general.name": "x", "general.file_type": 1, "tokens": ["a", "b", "c"], "scores": [0.5, 1.5], "scale": 2.0}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutated") / "model"


def _gguf() -> bytes:
    header, size = gguf_header(SHAPES, "F16", VALUES)
    return header + bytes(size - len(header))


@pytest.fixture(scope="module")
def archive(place: Path) -> bytes:
    return write_pickle(place.with_name("whole.pt"), SHAPES).read_bytes()


Changes = list[tuple[str, int, bytes]]
_CHANGES: st.SearchStrategy[Changes] = st.lists(
    st.tuples(
        st.sampled_from(["replace", "insert", "remove", "end"]),
        st.integers(0, 4095),
        st.one_of(
            st.binary(min_size=1, max_size=8),
            st.sampled_from([b"\xff" * 8, bytes(8), b"\xff\xff\xff\x7f", b"{", b"[", b'"', b"9" * 30, b"NaN", b"-"]),
        ),
    ),
    min_size=1,
    max_size=4,
)
changed = settings(
    max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def _changed(content: bytes, changes: Changes) -> bytes:
    for what, at, new in changes:
        at %= max(1, len(content))
        if what == "end":
            content = content[:at]
        elif what == "insert":
            content = content[:at] + new + content[at:]
        elif what == "remove":
            content = content[:at] + content[at + len(new) :]
        else:
            content = content[:at] + new + content[at + len(new) :]
    return content


def _read(place: Path, content: bytes, ending: str) -> ModelHeader:
    """Reads it, and holds everything that is to be true of every answer."""
    path = place.with_suffix(ending)
    path.write_bytes(content)
    tracemalloc.start()
    try:
        header = read_header(str(path))
        assert tracemalloc.get_traced_memory()[1] < LARGEST
    finally:
        tracemalloc.stop()
    assert (header.whole is True) <= (header.problem is None)
    assert (header.whole is False) <= bool(header.problem)
    texts = [header.problem or "", header.words, *header.details.values(), *header.dtypes]
    assert all(text.isprintable() and len(text) < 400 for text in texts)
    assert ModelHeader.from_dict(json.loads(json.dumps(header.as_dict()))) == header
    return header


@changed
@given(_CHANGES)
def test_changed_safetensors(place: Path, changes: Changes) -> None:
    header = safetensors_header(SHAPES, metadata=METADATA)
    _read(place, _changed(header + bytes(2 * sum(map(_elements, SHAPES))), changes), ".safetensors")


def _elements(name: str) -> int:
    elements = 1
    for side in SHAPES[name]:
        elements *= side
    return elements


@changed
@given(_CHANGES)
def test_changed_gguf(place: Path, changes: Changes) -> None:
    _read(place, _changed(_gguf(), changes), ".gguf")


@changed
@given(_CHANGES)
def test_changed_archives(place: Path, archive: bytes, changes: Changes) -> None:
    _read(place, _changed(archive, changes), ".pt")


@changed
@given(_CHANGES)
def test_changed_old_pickles(place: Path, changes: Changes) -> None:
    _read(place, _changed(legacy_pickle(SHAPES), changes), ".ckpt")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**20) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
_NUMBERS = st.lists(st.integers(0, 8) | _JSON, max_size=3)
_ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "dtype": st.sampled_from(["F16", "F32", "F4", "F8_E4M3", "NEW"]) | _JSON,
        "shape": _NUMBERS | _JSON,
        "data_offsets": _NUMBERS | _JSON,
    },
)
_TABLES = st.dictionaries(st.sampled_from(["a", "b", "__metadata__", "emb_params"]), _ENTRIES | _JSON, max_size=3)


@settings(parent=changed, max_examples=1000)
@given(_TABLES, st.integers(0, 32))
def test_tables_of_any_content(place: Path, table: dict[str, object], data: int) -> None:
    _read(place, with_length(json.dumps(table).encode()) + bytes(data), ".safetensors")


@settings(parent=changed, max_examples=500)
@given(_CHANGES)
def test_changed_onnx(place: Path, changes: Changes) -> None:
    _read(place, _changed(onnx(graph=os.urandom(40)), changes), ".onnx")


@settings(parent=changed, max_examples=500)
@given(st.binary(max_size=200), st.sampled_from([".safetensors", ".gguf", ".pt", ".onnx", ".json", ""]))
def test_any_bytes_under_any_name(place: Path, content: bytes, ending: str) -> None:
    _read(place, content, ending)
