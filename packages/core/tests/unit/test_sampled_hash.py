"""The short hash by which 1.x names models."""

from pathlib import Path

import pytest
from blake3 import blake3

from comfydock_core.utils.files.digests import sampled_hash

MIB = 1 << 20


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"A" * 100, "fdee4978c05f1401"),
        (b"B" * 50, "6822568b363dab69"),
        (bytes(8), "6d05e290de859e88"),
        (bytes(30 * MIB), "9504687f55f68782"),
        (bytes(30 * MIB + 1), "388a57b5f08f0323"),
        (bytes(range(251)) * (40 * MIB // 251 + 1), "697e14d725108c57"),
    ],
    ids=["100 A", "50 B", "8 zeros", "30 MiB of zeros", "a byte more", "40 MiB of a pattern"],
)
def test_it_is_the_one_that_1_x_writes(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "model"
    path.write_bytes(content[: 40 * MIB])
    assert sampled_hash(str(path)) == expected


def test_of_a_large_file_three_parts_are_read(tmp_path: Path) -> None:
    path = tmp_path / "model"
    with path.open("wb") as file:
        file.truncate(100 * MIB)
        for at in (0, 50 * MIB, 100 * MIB - 1):
            file.seek(at)
            file.write(b"x")
        file.seek(20 * MIB)
        file.write(b"what nobody reads")
    part = bytes(5 * MIB - 1)
    middle = bytes(5 * MIB // 2) + b"x" + bytes(5 * MIB // 2 - 1)
    expected = blake3(str(100 * MIB).encode() + b"x" + part + middle + part + b"x").hexdigest()[:16]
    assert sampled_hash(str(path)) == expected


def test_an_empty_file_has_one(tmp_path: Path) -> None:
    (tmp_path / "model").touch()
    assert sampled_hash(str(tmp_path / "model")) == blake3(b"0").hexdigest()[:16]
