"""Headers of PyTorch's files: what pickles say without being loaded, and each way in which they can be damaged."""

import io
import os
import pickle
import struct
import zipfile
from pathlib import Path

import pytest

from comfydock_core.analyzers.model_files.header_reading import read_header
from comfydock_core.models.model_files.header import ModelHeader
from tests.support.model_files import legacy_pickle, pickle_of, write_archive, write_pickle

SHAPES = {"a.weight": (3, 4), "b.bias": (5,), "scalar": ()}


class Trap:
    """An object whose pickle makes a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)

    def __reduce__(self) -> tuple[object, tuple[str, int]]:
        return os.open, (self._path, os.O_CREAT)


def _written(tmp_path: Path, content: bytes, name: str = "model.pt") -> ModelHeader:
    path = tmp_path / name
    path.write_bytes(content)
    return read_header(str(path))


@pytest.mark.parametrize("wrapped", ["", "state_dict"])
def test_an_archive_is_whole_and_counted(tmp_path: Path, wrapped: str) -> None:
    header = read_header(str(write_pickle(tmp_path / "a.pt", SHAPES, "BF16", wrapped=wrapped)))
    assert header == ModelHeader("pickle", True, dtypes={"bf16": 18}, parameters=18, tensors=3)


def test_a_pickle_of_the_old_format_is_whole_and_counted(tmp_path: Path) -> None:
    header = _written(tmp_path, legacy_pickle(SHAPES, "F32"))
    assert header == ModelHeader("pickle-legacy", True, dtypes={"fp32": 18}, parameters=18, tensors=3)


def test_tensors_with_the_same_name_all_count(tmp_path: Path) -> None:
    first, second = pickle_of({"w": (2,)}), pickle_of({"w": (2,)}).replace(b"\x01\x00\x00\x000", b"\x01\x00\x00\x001")
    both = b"\x80\x02}X\x01\x00\x00\x00a" + first[2:-1] + b"sX\x01\x00\x00\x00b" + second[2:-1] + b"s."
    header = read_header(str(write_archive(tmp_path / "a.pt", both, {"a": (2,), "b": (2,)})))
    assert (header.whole, header.tensors, header.parameters) == (True, 2, 4)


def test_tables_that_python_2_made_are_read(tmp_path: Path) -> None:
    tensor = pickle_of({"w": (2,)})
    start, end = tensor.index(b"ctorch._utils"), tensor.rindex(b"u.")
    pair = b"](X\x01\x00\x00\x00w" + tensor[start:end] + b"e"
    content = b"\x80\x02ccollections\nOrderedDict\n](" + pair + b"e\x85R."
    header = read_header(str(write_archive(tmp_path / "a.pt", content, {"w": (2,)})))
    assert (header.whole, header.tensors, header.parameters) == (True, 1, 2)


def test_lists_in_lists_without_end_are_no_keys(tmp_path: Path) -> None:
    content = legacy_pickle({"w": (2,)}).replace(b"\x80\x02](", b"\x80\x02](" + b"]" * 100_000 + b"a" * 99_999, 1)
    assert _written(tmp_path, content).tensors == 1


def test_types_that_pytorch_keeps_beside_their_bytes_are_known(tmp_path: Path) -> None:
    content = (
        b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v3\n((X\x07\x00\x00\x00storage"
        b"ctorch.storage\nUntypedStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x10tQK\x00K\x04K\x04\x86K\x04K\x01\x86"
        b"\x89ccollections\nOrderedDict\n)Rctorch\nfloat8_e4m3fn\ntRs."
    )
    header = read_header(str(write_archive(tmp_path / "a.pt", content, {"w": (8,)}, "F16")))
    assert (header.whole, header.dtypes, header.details) == (True, {"fp8_e4m3fn": 16}, {})


def test_a_type_that_is_unknown_keeps_its_name_as_far_as_it_can_be_shown(tmp_path: Path) -> None:
    content = pickle_of({"w": (4,)}).replace(b"HalfStorage", b"Half\x00\x1b[31m" + b"x" * 100)
    header = read_header(str(write_archive(tmp_path / "a.pt", content, {"w": (4,)})))
    assert header.dtypes == {"Half [31mxxxxxxxxxx…": 4}


def test_parameters_are_tensors(tmp_path: Path) -> None:
    tensor = pickle_of({"w": (2,)})
    start, end = tensor.index(b"ctorch._utils"), tensor.rindex(b"u.")
    content = b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_parameter\n(" + tensor[start:end] + b"\x88NtRs."
    header = read_header(str(write_archive(tmp_path / "a.pt", content, {"w": (2,)})))
    assert (header.whole, header.parameters, header.details) == (True, 2, {})


def test_nothing_in_a_pickle_is_run(tmp_path: Path) -> None:
    made = tmp_path / "made"
    for protocol in range(6):
        content = pickle.dumps({"state_dict": {}, "trap": Trap(made)}, protocol)
        archived = read_header(str(write_archive(tmp_path / "a.pt", content, {})))
        assert archived.details == {"unusual globals": "posix.open"}
        assert archived.whole
        if protocol >= 2:
            assert _written(tmp_path, content).details == {"unusual globals": "posix.open"}
    assert not made.exists()
    pickle.loads(content)
    assert made.exists()


@pytest.mark.parametrize(
    ("opcodes", "found"),
    [
        (b"cos\nsystem\n(X\x02\x00\x00\x00lstR", "os.system"),
        (b"\x8c\x02os\x8c\x06system\x93", "os.system"),
        (b"(cos\nsystem\no", "os.system"),
        (b"(ios\nsystem\n", "os.system"),
        (b"\x82\x07", "copyreg.extension 7"),
        (b"NN\x93", "?.?"),
        (b"ctorch.hub\nload\n", "torch.hub.load"),
        (b"ctorch\nload\n", "torch.load"),
        (b"cbuiltins\neval\n", "builtins.eval"),
        (b"cpytorch_lightning.callbacks\nModelCheckpoint\n", "pytorch_lightning.callbacks.ModelCheckpoint"),
    ],
)
def test_what_a_file_of_weights_need_not_import_is_reported(tmp_path: Path, opcodes: bytes, found: str) -> None:
    content = b"\x80\x02}X\x01\x00\x00\x00x" + opcodes + b"s."
    assert read_header(str(write_archive(tmp_path / "a.pt", content, {}))).details == {"unusual globals": found}


def test_every_length_of_an_archive_but_the_right_one_is_damaged(tmp_path: Path) -> None:
    content = write_pickle(tmp_path / "whole.pt", SHAPES).read_bytes()
    for length in range(4, len(content)):
        header = _written(tmp_path, content[:length])
        assert (header.format, header.whole) == ("pickle", False), length
        assert header.problem, length


def test_every_length_of_an_old_pickle_but_the_right_one_is_damaged(tmp_path: Path) -> None:
    content = legacy_pickle(SHAPES)
    for length in range(2, len(content)):
        if length != 15:  # There the first pickle ends, which alone is one that says nothing.
            header = _written(tmp_path, content[:length])
            assert (header.format, header.whole) == ("pickle-legacy", False), length
            assert header.problem, length
    assert _written(tmp_path, content + b"x").problem == "it is 1 bytes longer than its header says"


def _archive(tmp_path: Path, pickle_content: bytes, files: dict[str, bytes], compression: int = 0) -> ModelHeader:
    with zipfile.ZipFile(tmp_path / "a.pt", "w", compression) as archive:
        archive.writestr("a/data.pkl", pickle_content)
        for name, content in files.items():
            archive.writestr(name, content)
    return read_header(str(tmp_path / "a.pt"))


def test_data_that_is_missing_or_short_is_named(tmp_path: Path) -> None:
    content = pickle_of({"w": (4,)})
    assert _archive(tmp_path, content, {}).problem == "it is damaged: the data `0` is missing"
    assert _archive(tmp_path, content, {"a/data/0": b"abc"}).problem == (
        "it is damaged: the data `0` has 3 bytes, and 8 belong to it"
    )
    assert _archive(tmp_path, content, {"a/data/0": bytes(8)}).whole


def test_an_archive_that_lost_a_piece_in_its_middle_is_damaged(tmp_path: Path) -> None:
    content = write_pickle(tmp_path / "a.pt", {"w": (4000,)}).read_bytes()
    header = _written(tmp_path, content[:3000] + content[3100:])
    assert (header.whole, header.problem) == (
        False,
        "it is damaged: `archive/data.pkl` in the archive overlaps what is before it",
    )


def test_an_archive_that_lists_more_than_it_has_is_damaged(tmp_path: Path) -> None:
    content = bytearray(write_pickle(tmp_path / "a.pt", SHAPES).read_bytes())
    last = content.rindex(b"PK\x01\x02")
    content[last + 20 : last + 24] = (10**9).to_bytes(4, "little")
    header = _written(tmp_path, bytes(content))
    assert (header.whole, header.problem) == (False, "it is damaged: what the archive lists is longer than the file")


def test_a_packed_pickle_is_unpacked_within_limits(tmp_path: Path) -> None:
    shapes = {"w": (4,)}
    assert _archive(tmp_path, pickle_of(shapes), {"a/data/0": bytes(8)}, zipfile.ZIP_DEFLATED).whole
    bomb = _archive(tmp_path, b"\x80\x02" + b"N" * 40_000_000, {}, zipfile.ZIP_DEFLATED)
    assert bomb.problem == "its pickle is larger than that of any model"


def test_a_pickle_with_another_checksum_is_damaged(tmp_path: Path) -> None:
    path = write_pickle(tmp_path / "a.pt", SHAPES)
    path.write_bytes(path.read_bytes().replace(b"a.weight", b"a.wEight", 1))
    assert (
        read_header(str(path)).problem == "it is damaged: its pickle does not have the checksum that the archive says"
    )


def test_an_archive_of_something_else_is_no_model(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("readme.txt", "hello")
    header = _written(tmp_path, content.getvalue(), "model.zip")
    assert (header.format, header.whole) == ("unknown", None)
    assert header.problem == "it is a ZIP archive, but not one of PyTorch's"


def test_torchscript_says_so(tmp_path: Path) -> None:
    content = b"\x80\x02c__torch__.torch.nn\nLinear\n)\x81}b."
    header = _archive(tmp_path, content, {"a/code/__torch__.py": b"", "a/constants.pkl": b"\x80\x02)."})
    assert header.details == {"contains": "TorchScript"}


@pytest.mark.parametrize(
    "opcodes",
    [
        b"0.",
        b"t.",
        b"h\x05.",
        b"R.",
        b"s.",
        b"NR.",
        b"(u.",
        b"\x85.",
        b"\x94.",
        b"Q.",
        b"e.",
        b"I7x\n.",
        b"S'\\o'\n.",
        b"\xff.",
        b"K",
    ],
)
def test_opcodes_that_do_not_fit_together_are_damage(tmp_path: Path, opcodes: bytes) -> None:
    header = read_header(str(write_archive(tmp_path / "a.pt", b"\x80\x02" + opcodes, {})))
    assert header.whole is False
    assert header.problem is not None
    assert header.problem.startswith("its pickle is damaged: ")


@pytest.mark.parametrize(
    "opcodes",
    [
        b"X\xff\xff\xff\xff",
        b"\x8d" + struct.pack("<Q", 2**62),
        b"\x8b\xff\xff\xff\x7f",
        b"r\xff\xff\xff\xff",
    ],
    ids=["text", "long text", "number", "memo"],
)
def test_claims_beyond_all_measure_cost_nothing(tmp_path: Path, opcodes: bytes) -> None:
    for content in (b"\x80\x02" + opcodes + b".", b"\x80\x02N" + opcodes):
        assert _written(tmp_path, content).whole is False


@pytest.mark.parametrize("opcode", [b"N", b"(", b"]"])
def test_a_pickle_without_end_is_given_up(tmp_path: Path, opcode: bytes) -> None:
    header = _written(tmp_path, b"\x80\x02" + opcode * 500_002 + b".")
    assert (header.whole, header.problem) == (None, "its pickle is longer than that of any model")


def test_shapes_that_cannot_be_are_no_tensors(tmp_path: Path) -> None:
    content = pickle_of({"w": (4,)}).replace(
        b"(\x8a\x09\x04" + bytes(8) + b"t", b"(" + b"\x8a\x09" + b"\xff" * 8 + b"\x00t", 1
    )
    header = read_header(str(write_archive(tmp_path / "a.pt", content, {"w": (4,)})))
    assert header.tensors == 0


def test_another_pickle_is_whole_where_it_ends(tmp_path: Path) -> None:
    content = pickle.dumps({"a": [1, 2.5, None, b"x", {1, 2}]}, 4)
    assert _written(tmp_path, content, "a.pkl").whole
    assert _written(tmp_path, content + b"more", "a.pkl").whole is None
