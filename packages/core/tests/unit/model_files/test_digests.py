"""Digests of whole files, and what reading them leaves of the system's cache."""

import ctypes
import hashlib
import os
import platform
import sys
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.utils.files import page_cache
from comfydock_core.utils.files.digests import CHUNK, Digests, Hasher, digests_of
from comfydock_core.utils.io_priority import last_at_the_disk


def of_libraries(content: bytes) -> Digests:
    return Digests(blake3(content).hexdigest(), hashlib.sha256(content).hexdigest(), len(content))


@pytest.mark.parametrize("size", [0, 1, 8192, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5])
def test_both_digests_are_those_of_the_libraries(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    path = tmp_path / "model"
    path.write_bytes(content)
    heard: list[tuple[int, int | None]] = []
    assert digests_of(str(path), lambda done, total: heard.append((done, total))) == of_libraries(content)
    assert (heard[-1] if heard else (0, 0)) == (size, size)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_bytes_count_however_they_come(parts: list[bytes]) -> None:
    with Hasher() as hasher:
        for part in parts:
            hasher.update(part)
        assert hasher.result() == of_libraries(b"".join(parts))


def test_a_file_that_cannot_be_read_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        digests_of(str(tmp_path / "gone"))


@pytest.fixture
def on_disk(tmp_path: Path) -> Path:
    """A file that is written out, of which nothing need stay in the cache."""
    path = tmp_path / "model"
    path.write_bytes(os.urandom(3 * CHUNK))
    with open(path, "rb") as file:
        os.fsync(file.fileno())
    if sum(cached(path)) != 3:
        pytest.skip("this file system does not tell what is cached")
    return path


def cached(path: Path) -> list[bool]:
    with open(path, "rb") as file:
        parts = page_cache.cached_parts(file.fileno(), path.stat().st_size, CHUNK)
    return [parts.holds(number) for number in range(3)]


def test_what_was_not_cached_is_not_afterwards_and_what_was_still_is(on_disk: Path) -> None:
    with open(on_disk, "rb") as file:
        page_cache.drop(file.fileno(), 0, CHUNK)
        page_cache.drop(file.fileno(), 2 * CHUNK, CHUNK)
    if cached(on_disk) != [False, True, False]:
        pytest.skip("this file system keeps everything cached")
    digests_of(str(on_disk))
    assert cached(on_disk) == [False, True, False]


def test_other_programs_go_first_at_the_disk_only_while_inside() -> None:
    call = ctypes.CDLL(None).syscall
    number = {"x86_64": 252, "aarch64": 31}.get(platform.machine())  # ioprio_get
    if sys.platform != "linux" or number is None:
        pytest.skip("there is no such priority here")
    before = call(number, 1, 0)
    with last_at_the_disk() as offered:
        assert offered
        assert call(number, 1, 0) >> 13 == 3  # The class of the idle.
    assert call(number, 1, 0) == before
