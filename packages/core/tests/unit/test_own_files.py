"""Files in a pack's directory that did not come with it."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.analyzers.own_files import added_files, changed_files
from comfydock_core.utils.files.tree_copy import copy_tree, link_file

SHIPPED = {"a.py": "x = 1\n", "data/b.txt": "b"}


def write(place: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    return place


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    return write(tmp_path / "shipped", SHIPPED)


@pytest.fixture
def here(shipped: Path, tmp_path: Path) -> Path:
    copy_tree(str(shipped), str(tmp_path / "here"))
    return tmp_path / "here"


def test_a_pack_as_it_came_has_nothing_added_and_nothing_changed(here: Path, shipped: Path) -> None:
    assert (added_files(str(here), str(shipped)), changed_files(str(here), str(shipped))) == ([], [])


def test_files_links_and_directories_that_were_put_there_are_told(here: Path, shipped: Path) -> None:
    write(here, {"models/x.pth": "weights", "data/c.txt": "c", "__pycache__/a.pyc": "", "data/z.pyc": ""})
    os.symlink("/nowhere", here / "link")
    (here / "empty").mkdir()
    assert sorted(added_files(str(here), str(shipped))) == ["data/c.txt", "link", "models/x.pth"]


def test_files_of_another_content_and_files_that_are_gone_are_told(here: Path, shipped: Path) -> None:
    (here / "a.py").write_text("x = 2\n")
    (here / "data/b.txt").unlink()
    assert changed_files(str(here), str(shipped)) == ["a.py", "data/b.txt"]


def test_a_file_that_became_a_link_is_changed(here: Path, shipped: Path) -> None:
    (here / "a.py").unlink()
    os.symlink(shipped / "a.py", here / "a.py")
    assert changed_files(str(here), str(shipped)) == ["a.py"]


def test_without_knowing_what_came_everything_counts_as_added(here: Path) -> None:
    assert sorted(added_files(str(here), None)) == sorted(SHIPPED)


def test_a_link_is_doubled_as_a_link_and_a_file_is_the_same_file(here: Path) -> None:
    os.symlink("a.py", here / "link")
    link_file(str(here / "link"), str(here / "other"))
    link_file(str(here / "a.py"), str(here / "again"))
    assert os.readlink(here / "other") == "a.py"
    assert (here / "again").stat().st_ino == (here / "a.py").stat().st_ino


NAMES = st.text("abc./ ", min_size=1, max_size=8).filter(
    lambda name: not name.startswith("/") and not {"", ".", ".."} & set(name.split("/"))
)


@given(st.sets(NAMES, max_size=6), st.sets(NAMES, max_size=6))
def test_added_files_are_exactly_those_that_did_not_come(
    tmp_path_factory: pytest.TempPathFactory, came: set[str], put: set[str]
) -> None:
    def apart(names: set[str]) -> set[str]:
        return {name for name in names if not any(other.startswith(f"{name}/") for other in came | put)}

    place = tmp_path_factory.mktemp("any")
    came, put = apart(came), apart(put)
    (place / "came").mkdir()
    (place / "here").mkdir()
    write(place / "came", dict.fromkeys(came, "x"))
    write(place / "here", dict.fromkeys(came | put, "x"))
    assert set(added_files(str(place / "here"), str(place / "came"))) == put - came
