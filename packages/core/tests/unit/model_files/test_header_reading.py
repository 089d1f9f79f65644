"""Files that are told apart by how they begin, what is no model, and what a header is as words and as JSON."""

import json
import os
from pathlib import Path

import pytest

from comfydock_core.analyzers.model_files.header_reading import read_header
from comfydock_core.models.model_files.header import ModelHeader
from tests.support.model_files import gguf_header, onnx, safetensors_header, write_safetensors


def _read(tmp_path: Path, content: bytes, name: str = "model.safetensors") -> ModelHeader:
    path = tmp_path / name
    path.write_bytes(content)
    return read_header(str(path))


def test_onnx_is_known_and_whole(tmp_path: Path) -> None:
    header = _read(tmp_path, onnx("pytorch"), "det.onnx")
    assert header == ModelHeader("onnx", True, details={"producer": "pytorch"})


def test_every_truncation_of_onnx_that_loses_a_field_is_damage(tmp_path: Path) -> None:
    content = onnx("pytorch", os.urandom(300))
    after_graph = len(content) - 2
    for length in range(3, len(content)):
        header = _read(tmp_path, content[:length], "det.onnx")
        assert header.whole is (length == after_graph), length


def test_a_graph_of_onnx_that_is_cut_off_is_counted(tmp_path: Path) -> None:
    content = onnx("pytorch", os.urandom(300))
    header = _read(tmp_path, content[:-50], "det.onnx")
    assert header.problem == f"it is truncated: {len(content) - 50} of at least {len(content) - 2} bytes"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "it is empty"),
        (bytes(5000), "it begins with zeros alone: it was set aside, and its content was never written"),
        (
            b"\n<!DOCTYPE html><html><head><title>Sign in &amp;\n more</title>",
            "it is a web page, titled `Sign in &amp; more`, and not a model",
        ),
        (b"<html></html>", "it is a web page, and not a model"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4\n",
            "it is a pointer of Git LFS: the model itself was not fetched",
        ),
        (b'{"error": "unauthorised"}', "it is a JSON text, and not a model"),
    ],
)
@pytest.mark.parametrize("name", ["a.safetensors", "a.gguf", "a.ckpt", "a"])
def test_what_arrived_instead_of_a_model_is_named(tmp_path: Path, content: bytes, problem: str, name: str) -> None:
    header = _read(tmp_path, content, name)
    assert header == ModelHeader("unknown", False, problem)


def test_the_list_of_a_models_parts_says_so(tmp_path: Path) -> None:
    header = _read(tmp_path, b'{"weight_map": {}}', "model.safetensors.index.json")
    assert (header.whole, header.problem) == (None, "it lists the parts of a model, and is none itself")


def test_a_name_says_nothing_where_the_beginning_does(tmp_path: Path) -> None:
    assert _read(tmp_path, gguf_header({})[0], "a.safetensors").format == "gguf"
    assert _read(tmp_path, safetensors_header({"a": ()}) + b"xx", "a.ckpt").format == "safetensors"


def test_what_begins_like_nothing_known_stays_unknown(tmp_path: Path) -> None:
    header = _read(tmp_path, b"RIFF1234", "a.bin")
    assert header == ModelHeader(problem="it begins like no kind of model file that is known")


def test_a_file_that_is_gone_or_closed_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_header(str(tmp_path / "none.safetensors"))


def test_a_directory_or_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.safetensors")
    for path in (tmp_path, tmp_path / "pipe.safetensors"):
        assert read_header(str(path)).problem == "it is not a regular file"


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (ModelHeader(), ""),
        (ModelHeader(kind="lora", family="Flux.1", rank=16, dtypes={"bf16": 4}), "LoRA for Flux.1, rank 16, bf16"),
        (ModelHeader(kind="lora", dtypes={"fp16": 4}), "LoRA, fp16"),
        (ModelHeader(kind="checkpoint", family="SDXL", dtypes={"fp32": 1, "fp16": 9}), "SDXL checkpoint, fp16"),
        (ModelHeader(kind="vae", family="Wan 2.2", dtypes={"bf16": 1}), "VAE for Wan 2.2, bf16"),
        (
            ModelHeader(kind="text encoder", family="T5-XXL", dtypes={"fp8_e4m3fn": 1}),
            "T5-XXL text encoder, fp8_e4m3fn",
        ),
        (
            ModelHeader(
                kind="diffusion model", family="Flux.1", dtypes={"q4_k": 1}, details={"quantisation": "Q4_K_M"}
            ),
            "Flux.1 diffusion model, Q4_K_M",
        ),
        (ModelHeader("safetensors", False, "it is truncated", "upscaler"), "upscaler, damaged"),
        (ModelHeader(family="SDXL", dtypes={"fp16": 1}), "SDXL, fp16"),
    ],
)
def test_words_say_in_one_line_what_it_is(header: ModelHeader, words: str) -> None:
    assert header.words == words


def test_a_header_survives_as_json_and_keys_of_later_versions_are_passed_over(tmp_path: Path) -> None:
    path = write_safetensors(tmp_path / "a.safetensors", {"emb_params": (2, 768)}, metadata={"modelspec.title": "x"})
    header = read_header(str(path))
    kept = json.loads(json.dumps(header.as_dict()))
    assert ModelHeader.from_dict(kept | {"later": 1}) == header
    assert ModelHeader.from_dict({}) == ModelHeader()
