"""What pickles of weights import, and what their names say about data types."""

from typing import NamedTuple

from comfydock_core.analyzers.model_files.content import plain


class Global(NamedTuple):
    """Something that loading a pickle would import."""

    module: str
    name: str


# PyTorch's names of types, those of storages and those of `torch` itself: ours.
DTYPES = {
    "DoubleStorage": "fp64",
    "FloatStorage": "fp32",
    "HalfStorage": "fp16",
    "BFloat16Storage": "bf16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
    "QInt8Storage": "qint8",
    "QUInt8Storage": "quint8",
    "QInt32Storage": "qint32",
    "UntypedStorage": "uint8",
    "float64": "fp64",
    "float32": "fp32",
    "float16": "fp16",
    "bfloat16": "bf16",
    "float8_e4m3fn": "fp8_e4m3fn",
    "float8_e5m2": "fp8_e5m2",
    "float8_e4m3fnuz": "fp8_e4m3fnuz",
    "float8_e5m2fnuz": "fp8_e5m2fnuz",
    "float8_e8m0fnu": "fp8_e8m0",
    "int64": "int64",
    "int32": "int32",
    "int16": "int16",
    "int8": "int8",
    "uint8": "uint8",
    "uint16": "uint16",
    "uint32": "uint32",
    "uint64": "uint64",
    "bool": "bool",
    "complex64": "complex64",
    "complex128": "complex128",
}

BYTES_OF = {
    "fp64": 8, "fp32": 4, "fp16": 2, "bf16": 2, "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1, "bool": 1,
    "complex64": 8, "complex128": 16,
    "qint8": 1, "quint8": 1, "qint32": 4,
}  # fmt: skip

_USUAL = {
    "collections": {"OrderedDict", "defaultdict"},
    "torch._utils": {
        "_rebuild_tensor",
        "_rebuild_tensor_v2",
        "_rebuild_tensor_v3",
        "_rebuild_parameter",
        "_rebuild_parameter_with_state",
        "_rebuild_qtensor",
        "_rebuild_sparse_tensor",
        "_rebuild_meta_tensor_no_storage",
    },
    "torch._tensor": {"_rebuild_from_type_v2"},
    "torch": {"Size", "Tensor", "device", "per_tensor_affine", "per_channel_affine"},
    "torch.nn.parameter": {"Parameter", "Buffer"},
    "torch.storage": {"_load_from_bytes", "TypedStorage", "UntypedStorage"},
    "torch.jit._pickle": {
        "build_intlist",
        "build_tensorlist",
        "build_doublelist",
        "build_boollist",
        "build_tensor_from_id",
        "restore_type_tag",
    },
    "torch.serialization": {"_get_layout"},
    "numpy": {"dtype", "ndarray", "float64", "float32", "int64", "int32"},
    "numpy.core.multiarray": {"scalar", "_reconstruct"},
    "numpy._core.multiarray": {"scalar", "_reconstruct"},
    "_codecs": {"encode"},
    "builtins": {"set", "frozenset", "dict", "list", "tuple", "int", "float", "str", "bool", "complex", "bytearray"},
    "__builtin__": {"set", "frozenset", "dict", "list", "tuple", "int", "float", "str", "bool", "complex", "long"},
}

_TORCH_SCRIPT = "__torch__."  # Classes that are described in the file itself, in a language that cannot do much.


def dtype_named(found: Global) -> str:
    """Our name of a data type or of a class of storages; what is unknown keeps its own."""
    return DTYPES.get(found.name) or plain(found.name, 20)


def is_usual(found: Global) -> bool:
    """Whether a file of weights may import this: PyTorch's own ways to make tensors, and plain containers."""
    if found.name in _USUAL.get(found.module, ()):
        return True
    if found.module.startswith(_TORCH_SCRIPT):
        return True
    return found.name in DTYPES and found.module in ("torch", "torch.cuda")
