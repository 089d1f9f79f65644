"""Reading git's index, against what git itself says of it."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.utils.files.fingerprints import fingerprint
from comfydock_core.utils.files.git_index import object_name, read_index
from tests.support.miniature import git


def repository(place: Path, *options: str) -> Path:
    git(place, "init", "-q", *options)
    for name in ("a", "deep/er/file", "deep/er/other", "größe ☃", "x" * 200):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(name)
    (place / "a").chmod(0o755)
    git(place, "add", "-A")
    return place


def listed(place: Path) -> list[tuple[bytes, int, str, int]]:
    words = ["git", "-C", str(place), "ls-files", "--stage", "-z"]
    lines = subprocess.run(words, check=True, capture_output=True).stdout.split(b"\0")[:-1]
    parts = [line.partition(b"\t") for line in lines]
    facts = [(path, *head.decode().split()) for head, _, path in parts]
    return [(path, int(mode, 8), name, int(stage)) for path, mode, name, stage in facts]


@pytest.mark.parametrize("version", ["2", "3", "4"])
@pytest.mark.parametrize("names", ["sha1", "sha256"])
def test_an_index_of_every_version_is_read_as_git_reads_it(tmp_path: Path, version: str, names: str) -> None:
    place = repository(tmp_path, f"--object-format={names}")
    if version == "3":
        (place / "later").write_text("later")
        git(place, "add", "--intent-to-add", "later")
    else:
        git(place, "update-index", "--index-version", version)
    content = (place / ".git/index").read_bytes()
    assert content[7] == int(version)
    entries = read_index(content)
    assert entries is not None
    assert [entry[:4] for entry in entries] == listed(place)


def test_an_index_is_the_same_after_git_looked_again_and_another_after_a_change(tmp_path: Path) -> None:
    place = repository(tmp_path)
    index = str(place / ".git/index")
    first, before = fingerprint(index), Path(index).read_bytes()
    os.utime(place / "a", (1, 1))
    git(place, "status")
    assert Path(index).read_bytes() != before
    assert fingerprint(index) == first
    git(place, "update-index", "--assume-unchanged", "a")
    second = fingerprint(index)
    (place / "deep/er/file").write_text("other")
    git(place, "add", "-A")
    assert len({first, second, fingerprint(index)}) == 3


def test_an_index_in_two_files_has_no_answer(tmp_path: Path) -> None:
    place = repository(tmp_path)
    git(place, "update-index", "--split-index")
    assert read_index((place / ".git/index").read_bytes()) is None


def test_every_cut_of_an_index_has_no_answer(tmp_path: Path) -> None:
    content = (repository(tmp_path) / ".git/index").read_bytes()
    assert read_index(content) is not None
    assert [cut for cut in range(len(content)) if read_index(content[:cut]) is not None] == []


@given(st.binary(max_size=200), st.integers(2, 4), st.integers(0, 2**32 - 1))
def test_no_bytes_make_reading_an_index_fail(rest: bytes, version: int, count: int) -> None:
    read_index(b"DIRC" + version.to_bytes(4, "big") + count.to_bytes(4, "big") + rest)


def test_an_object_has_the_name_that_git_gives_it(tmp_path: Path) -> None:
    place = repository(tmp_path)
    assert object_name(b"deep/er/file") == git(place, "rev-parse", ":deep/er/file").strip()
