"""`RECORD`: what it says, and that nonsense is refused by its line."""

import base64
import csv
import io
import string
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.repositories.installed_files import InstalledFile, parse_record, read_paths, read_record

PATHS = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), min_size=1, max_size=20)
FILES = st.builds(
    lambda path, digest, size: InstalledFile(path, "sha256" if digest else None, digest, size),
    PATHS,
    st.none() | st.binary(min_size=32, max_size=32),
    st.none() | st.integers(0, 10**12),
)


def written(files: list[InstalledFile]) -> str:
    """As installers write it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    for file in files:
        encoded = base64.urlsafe_b64encode(file.digest).decode().rstrip("=") if file.digest else ""
        size = "" if file.size is None else file.size
        writer.writerow([file.path, f"{file.algorithm}={encoded}" if encoded else "", size])
    return out.getvalue()


def test_paths_hashes_and_sizes_are_read() -> None:
    digest = bytes(range(32))
    encoded = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    text = (
        f'a/b.py,sha256={encoded},12\r\n"odd, name",,\r\n\r\n../../../bin/x,,3\r\na/__pycache__/b.cpython-311.pyc,,\r\n'
    )
    files = parse_record(text)
    assert files == (
        InstalledFile("a/b.py", "sha256", digest, 12),
        InstalledFile("odd, name"),
        InstalledFile("../../../bin/x", size=3),
        InstalledFile("a/__pycache__/b.cpython-311.pyc"),
    )
    assert [file.is_cache for file in files] == [False, False, False, True]


@given(st.lists(FILES, max_size=6))
def test_every_file_that_was_written_is_read(files: list[InstalledFile]) -> None:
    assert list(parse_record(written(files))) == files


@given(st.lists(FILES, max_size=6))
def test_the_paths_alone_are_those_of_the_whole_record(files: list[InstalledFile]) -> None:
    with tempfile.TemporaryDirectory() as place:
        Path(place, "RECORD").write_text(written(files), "utf-8", newline="")
        assert read_paths(place) == [file.path for file in files]


def test_the_paths_of_a_record_with_lines_of_windows_are_read(tmp_path: Path) -> None:
    (tmp_path / "RECORD").write_bytes(b"a.py,,\r\n\r\nb.py,,3\r\n")
    assert read_paths(str(tmp_path)) == ["a.py", "b.py"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\n", 1),
        ("a,,\nb,,,\n", 2),
        (",,\n", 1),
        ("a,,-1\n", 1),
        ("a,,１\n", 1),
        ("a,sha256,1\n", 1),
        ("a,sha256=*,1\n", 1),
        ("a,nothing=AAAA,1\n", 1),
        ("a,shake_128=AAAA,1\n", 1),
        ('a,,\nb,"x"y,\n', 2),
        ('"a,,\n', 1),
        ("a\0,,\n", 1),
    ],
)
def test_a_line_that_says_nothing_sensible_is_named(text: str, line: int) -> None:
    with pytest.raises(ValueError, match=f"line {line}\\b"):
        parse_record(text)


@given(st.text(max_size=100) | st.text(string.printable + 'sha256=",', max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_record(text)
    except ValueError as error:
        assert str(error).startswith("line ")


def test_a_record_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "RECORD").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="decode"):
        read_record(str(tmp_path))
