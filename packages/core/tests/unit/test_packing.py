"""Packs, read by git."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comfydock_core.integrations.git.packing import write_pack
from comfydock_core.utils.files.git_index import object_name
from tests.support.miniature import git

SIZES = (0, 1, 15, 16, 17, 2047, 2048, 2049, 300_000)


def listed_by_git(place: Path, contents: list[bytes], names: str) -> list[str]:
    """What git finds in a pack of these contents, after checking it."""
    pack = place / "x.pack"
    pack.unlink(missing_ok=True)
    pack.with_suffix(".idx").unlink(missing_ok=True)
    assert write_pack(str(pack), contents, names) == len(contents)
    git(place, "index-pack", f"--object-format={names}", "--strict", str(pack))
    words = ["git", "-C", str(place), "show-index", f"--object-format={names}"]
    with open(pack.with_suffix(".idx"), "rb") as index:
        lines = subprocess.run(words, stdin=index, check=True, capture_output=True, text=True).stdout.splitlines()
    return sorted(line.split()[1] for line in lines)


@pytest.mark.parametrize("names", ["sha1", "sha256"])
def test_git_reads_contents_of_every_size(tmp_path: Path, names: str) -> None:
    git(tmp_path, "init", "-q", f"--object-format={names}")
    contents = [bytes([size % 256]) * size for size in SIZES]
    digits = 40 if names == "sha1" else 64
    assert listed_by_git(tmp_path, contents, names) == sorted(object_name(one, digits) for one in contents)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=8, unique=True))
def test_git_reads_any_contents(tmp_path: Path, contents: list[bytes]) -> None:
    git(tmp_path, "init", "-q")
    assert listed_by_git(tmp_path, contents, "sha1") == sorted(map(object_name, contents))
