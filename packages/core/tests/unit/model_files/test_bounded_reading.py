"""How much of a file is read: its header, whatever its size, and whatever it claims."""

import os
import tracemalloc
from pathlib import Path

import pytest

from comfydock_core.analyzers.model_files.header_reading import read_header
from tests.support.model_files import gguf_header, safetensors_header, with_length, write_with_hole

BLOCK = 128 * 1024  # What reading in blocks may take beyond what is asked for.
HUGE = 100 * 10**9


def _read_bytes() -> int:
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["rchar"])


def _read_of(path: Path) -> int:
    read_header(str(path))  # Modules are loaded by then.
    before = _read_bytes()
    overhead = _read_bytes() - before
    before = _read_bytes()
    read_header(str(path))
    return _read_bytes() - before - overhead


linux = pytest.mark.skipif(not os.path.exists("/proc/self/io"), reason="only Linux counts what a process reads")


@linux
def test_of_a_hundred_gigabytes_the_header_alone_is_read(tmp_path: Path) -> None:
    header = safetensors_header({f"blocks.{n}.weight": (1024, HUGE // 2 // 1024 // 100) for n in range(100)})
    size = len(header) + 1024 * (HUGE // 2 // 1024 // 100) * 2 * 100
    path = write_with_hole(tmp_path / "huge.safetensors", header, size)
    assert read_header(str(path)).whole
    assert _read_of(path) <= len(header) + BLOCK


@linux
def test_of_a_huge_gguf_file_the_header_alone_is_read(tmp_path: Path) -> None:
    header, size = gguf_header({f"blk.{n}.weight": (1024, 1024 * 1024) for n in range(50)}, "Q8_0")
    path = write_with_hole(tmp_path / "huge.gguf", header, size)
    assert read_header(str(path)).whole
    assert _read_of(path) <= 1024 * 1024 + BLOCK


@linux
def test_of_a_huge_file_of_no_known_kind_a_block_is_read(tmp_path: Path) -> None:
    path = write_with_hole(tmp_path / "huge.bin", b"what is this", HUGE)
    assert read_header(str(path)).format == "unknown"
    assert _read_of(path) <= BLOCK


def _peak(path: Path) -> int:
    read_header(str(path))
    tracemalloc.start()
    try:
        read_header(str(path))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_the_largest_header_of_lists_takes_twice_its_length_at_most(tmp_path: Path) -> None:
    table = b'{"a":[' + b"[]," * 30_000_000 + b"0]}"
    path = tmp_path / "a.safetensors"
    path.write_bytes(with_length(table))
    assert _peak(path) < 2 * len(table)


def test_a_hundred_megabytes_in_one_text_take_a_few_times_that(tmp_path: Path) -> None:
    table = b'{"__metadata__":{"a":"' + b"x" * 99_000_000 + b'"}}'
    path = tmp_path / "a.safetensors"
    path.write_bytes(with_length(table))
    assert read_header(str(path)).whole
    assert _peak(path) < 4 * len(table)


def test_texts_of_any_length_in_gguf_are_passed_over(tmp_path: Path) -> None:
    content = b"GGUF\x03\x00\x00\x00" + bytes(8) + (1).to_bytes(8, "little")
    content += (1).to_bytes(8, "little") + b"a" + (8).to_bytes(4, "little") + (50 * 10**9).to_bytes(8, "little")
    path = write_with_hole(tmp_path / "a.gguf", content, len(content) + 50 * 10**9)
    assert read_header(str(path)).whole
    assert _peak(path) < 8 * 1024 * 1024
