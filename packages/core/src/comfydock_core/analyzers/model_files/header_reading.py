"""What a model file is, from its header alone: a few blocks are read, and nothing in it is ever run."""

import os
import re
import stat
from collections import Counter
from collections.abc import Mapping
from typing import BinaryIO

from comfydock_core.analyzers.model_files.content import Content, Tensor
from comfydock_core.analyzers.model_files.gguf_header import MAGIC as GGUF_MAGIC
from comfydock_core.analyzers.model_files.gguf_header import read_gguf
from comfydock_core.analyzers.model_files.kind_rules import TEXT_ENCODER
from comfydock_core.analyzers.model_files.metadata_facts import facts_of, family_said, text_encoder_said
from comfydock_core.analyzers.model_files.model_kinds import kind_of
from comfydock_core.analyzers.model_files.no_model import what_else
from comfydock_core.analyzers.model_files.onnx_header import begins_like_onnx, read_onnx
from comfydock_core.analyzers.model_files.pickle_header import (
    ZIP_MAGIC,
    begins_like_pickle,
    read_legacy_pickle,
    read_zip,
)
from comfydock_core.analyzers.model_files.quantisation import quantisation_of
from comfydock_core.analyzers.model_files.safetensors_header import begins_like_safetensors, read_safetensors
from comfydock_core.models.model_files.header import ModelHeader

_BEGINNING = 4096
_SHARD = re.compile(r"-(\d{1,6})-of-(\d{1,6})\.\w+$")
_SAFETENSORS = (".safetensors", ".sft")


def read_header(path: str) -> ModelHeader:
    """What the file is, and whether it is whole. Raises `OSError` when it cannot be read, and nothing else."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        return ModelHeader(problem="it is not a regular file")
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        content = _read(file, size, os.path.basename(path).lower())
    shard = _SHARD.search(os.path.basename(path))
    if shard is not None:
        content.details.setdefault("part", f"{int(shard[1])} of {int(shard[2])}")
    return _header(content)


def _read(file: BinaryIO, size: int, name: str) -> Content:
    """By what the file begins with; its name counts only where that says nothing."""
    beginning = file.read(_BEGINNING)
    file.seek(0)
    if begins_like_safetensors(beginning):
        return read_safetensors(file, size)
    if beginning.startswith(GGUF_MAGIC):
        return read_gguf(file, size)
    if beginning.startswith(ZIP_MAGIC):
        return read_zip(file, size)
    if begins_like_pickle(beginning):
        return read_legacy_pickle(file, size)
    something_else = what_else(beginning, size)
    if something_else is not None:
        return _of_no_model(something_else, name)
    if begins_like_onnx(beginning):
        return read_onnx(file, size)
    if name.endswith(_SAFETENSORS):
        return read_safetensors(file, size)
    return Content(problem="it begins like no kind of model file that is known")


def _of_no_model(problem: str, name: str) -> Content:
    if name.endswith(".index.json"):
        return Content(problem="it lists the parts of a model, and is none itself")
    return Content(whole=False, problem=problem)


def _header(content: Content) -> ModelHeader:
    tensors = content.tensors
    details = {**content.details, **facts_of(content.metadata)}
    if tensors is None:
        return ModelHeader(content.format, content.whole, content.problem, details=details)
    kind, family, rank = kind_of(tensors)
    family = family or family_said(content.metadata)
    if kind is None and (encoder := text_encoder_said(content.metadata)):
        kind, family = TEXT_ENCODER, family or encoder
    if quantised := quantisation_of(tensors):
        details.setdefault("quantisation", quantised)
    dtypes = _elements_by_type(tensors)
    return ModelHeader(
        content.format,
        content.whole,
        content.problem,
        kind,
        family,
        dtypes,
        sum(dtypes.values()),
        len(tensors),
        rank,
        details,
    )


def _elements_by_type(tensors: Mapping[str, Tensor]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for tensor in tensors.values():
        counts[tensor.dtype] += tensor.elements
    return dict(counts.most_common())
