"""New files in directories of the user's."""

import os
from pathlib import Path

import pytest

from comfydock_core.utils.files.nameless import new_file


@pytest.fixture(params=[True, False], ids=["without a name", "with a hidden name"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if not request.param:
        monkeypatch.delattr(os, "O_TMPFILE")  # As on systems that have none.
    return tmp_path


def test_a_file_that_is_put_in_place_replaces_what_was_there(place: Path) -> None:
    (place / "b").write_text("before")
    with new_file(f"{place}/b") as made:
        made.stream.write(b"after")
        assert (place / "b").read_text() == "before"
        made.put_in_place(f"{place}/b")
    assert [(path.name, path.read_text()) for path in place.iterdir()] == [("b", "after")]


def test_a_file_that_is_not_put_in_place_leaves_nothing(place: Path) -> None:
    with pytest.raises(KeyboardInterrupt), new_file(f"{place}/b") as made:
        made.stream.write(b"after")
        raise KeyboardInterrupt
    assert list(place.iterdir()) == []


def test_it_has_the_permissions_of_any_new_file(place: Path) -> None:
    before = os.umask(0o027)
    try:
        with new_file(f"{place}/b") as made:
            made.put_in_place(f"{place}/b")
    finally:
        os.umask(before)
    assert (place / "b").stat().st_mode & 0o777 == 0o640


def test_a_directory_that_is_not_there_is_an_error(place: Path) -> None:
    with pytest.raises(FileNotFoundError), new_file(f"{place}/none/b"):
        pass


def test_until_it_is_whole_no_name_is_there_where_the_file_system_can(tmp_path: Path) -> None:
    with new_file(f"{tmp_path}/b") as made:
        made.stream.write(b"a part")
        assert list(tmp_path.iterdir()) == []
