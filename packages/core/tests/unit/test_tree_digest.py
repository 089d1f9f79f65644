"""One digest of a tree."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from comfydock_core.utils.files import tree_digest as module
from comfydock_core.utils.files.tree_digest import tree_digest


def fill(place: Path) -> Path:
    (place / "b/c").mkdir(parents=True)
    (place / "a.py").write_text("one")
    (place / "b/c/d.py").write_text("two")
    return place


def test_the_digest_is_that_of_the_list_that_sha256sum_writes(tmp_path: Path) -> None:
    place = fill(tmp_path)
    lines = subprocess.run(["sha256sum", "a.py", "b/c/d.py"], cwd=place, check=True, capture_output=True).stdout
    assert tree_digest(str(place)) == f"tree sha256:{hashlib.sha256(lines).hexdigest()}"


@pytest.mark.parametrize("change", ["content", "name", "more", "link"])
def test_every_change_makes_another_digest(tmp_path: Path, change: str) -> None:
    place = fill(tmp_path)
    before = tree_digest(str(place))
    if change == "content":
        (place / "a.py").write_text("two")
    elif change == "name":
        os.rename(place / "a.py", place / "z.py")
    elif change == "more":
        (place / "empty").write_text("")
    else:
        (place / "link").symlink_to("a.py")
    assert tree_digest(str(place)) != before


def test_what_git_and_python_keep_does_not_count(tmp_path: Path) -> None:
    place = fill(tmp_path)
    before = tree_digest(str(place))
    for name in (".git", "__pycache__"):
        (place / name).mkdir()
        (place / name / "x").write_text("x")
    os.mkfifo(place / "pipe")
    os.utime(place / "a.py", (1, 1))
    assert tree_digest(str(place)) == before


def test_a_tree_that_is_too_large_has_no_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = fill(tmp_path)
    monkeypatch.setattr(module, "_MOST_FILES", 1)
    assert tree_digest(str(place)) is None
