"""What is looked at once for several who ask."""

import os
from pathlib import Path

import pytest

from comfydock_core.utils.files.listed_once import ListedOnce


def files(root: Path, listed: ListedOnce | None = None) -> list[str]:
    found = (listed or ListedOnce()).files(str(root), (".py",), lambda name: name != "left out")
    return [os.path.relpath(path, root) for path in found]


def make(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")
    return root


def stamp(path: Path, listed: ListedOnce | None = None) -> str:
    return (listed or ListedOnce()).stamp([str(path)])


def test_files_are_told_in_the_order_of_their_directories(tmp_path: Path) -> None:
    make(tmp_path, "b.py", "a.py", "c.txt", "z/1.py", "m/deep/2.py", "m/0.py", "left out/3.py")
    assert files(tmp_path) == ["a.py", "b.py", "m/0.py", "m/deep/2.py", "z/1.py"]


def test_links_to_directories_are_not_entered_and_links_to_files_are_files(tmp_path: Path) -> None:
    make(tmp_path, "here/a.py", "there/b.py")
    (tmp_path / "here/loop").symlink_to(".")
    (tmp_path / "here/there").symlink_to("../there")
    (tmp_path / "here/b.py").symlink_to("../there/b.py")
    (tmp_path / "here/nowhere.py").symlink_to("gone")
    (tmp_path / "here/round.py").symlink_to("round.py")
    assert files(tmp_path / "here") == ["a.py", "b.py", "nowhere.py", "round.py"]


def test_a_directory_that_is_not_there_has_nothing_in_it(tmp_path: Path) -> None:
    assert files(tmp_path / "gone") == []


def test_what_was_looked_at_stays_as_it_was_seen(tmp_path: Path) -> None:
    make(tmp_path, "a.py")
    listed = ListedOnce()
    assert files(tmp_path, listed) == ["a.py"]
    before = stamp(tmp_path / "a.py", listed)
    make(tmp_path, "b.py")
    (tmp_path / "a.py").write_text("longer")
    assert files(tmp_path, listed) == ["a.py"]
    assert stamp(tmp_path / "a.py", listed) == before != stamp(tmp_path / "a.py")


@pytest.mark.parametrize("listed_before", [True, False])
def test_a_file_is_stamped_alike_whether_its_directory_was_listed_or_not(
    tmp_path: Path, *, listed_before: bool
) -> None:
    make(tmp_path, "there/a.py")
    (tmp_path / "a.py").symlink_to("there/a.py")
    listed = ListedOnce()
    if listed_before:
        files(tmp_path, listed)
    assert stamp(tmp_path / "a.py", listed) == stamp(tmp_path / "a.py")


def test_a_file_that_comes_or_goes_makes_another_stamp(tmp_path: Path) -> None:
    before = stamp(tmp_path / "a.py")
    make(tmp_path, "a.py")
    assert stamp(tmp_path / "a.py") != before
