"""A directory takes a place whole or not at all, and what a killed process left is cleared away."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from comfydock_core.repositories.built_aside import built_aside

_DIES = """
import os, sys
from comfydock_core.repositories.built_aside import built_aside
with built_aside(sys.argv[1]) as (place, put_in_place):
    open(f"{place}/new", "w").close()
    if sys.argv[2] == "between":
        os.rename(sys.argv[1], place.removesuffix("new") + "old")
    os.kill(os.getpid(), 9)
"""


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A directory with an earlier state."""
    made = tmp_path / "image"
    made.mkdir()
    (made / "old").touch()
    return made


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def killed(target: Path, when: str = "at once") -> None:
    done = subprocess.run([sys.executable, "-c", _DIES, str(target), when], check=False)
    assert done.returncode == -9


def test_what_is_built_takes_the_place_of_what_was_there(target: Path) -> None:
    with built_aside(str(target)) as (place, put_in_place):
        (Path(place) / "new").touch()
        assert names(target) == ["old"]
        put_in_place()
    assert (names(target), names(target.parent)) == (["new"], ["image"])


def test_what_is_not_put_in_place_is_gone(target: Path) -> None:
    with built_aside(str(target)):
        pass
    assert (names(target), names(target.parent)) == (["old"], ["image"])


def test_what_was_there_comes_back_when_the_new_cannot_take_its_place(target: Path) -> None:
    with pytest.raises(FileNotFoundError), built_aside(str(target)) as (place, put_in_place):
        os.rmdir(place)
        put_in_place()
    assert (names(target), names(target.parent)) == (["old"], ["image"])


@pytest.mark.parametrize("when", ["at once", "between"])
def test_the_next_one_clears_away_what_a_killed_one_left(target: Path, when: str) -> None:
    killed(target, when)
    assert len(names(target.parent / ".image.comfydock")) == 2
    with built_aside(str(target)):
        pass
    assert (names(target), names(target.parent)) == (["old"], ["image"])


def test_what_somebody_is_building_is_left_alone(target: Path) -> None:
    with built_aside(str(target)) as (place, put_in_place):
        with built_aside(str(target)):
            assert Path(place).is_dir()
        put_in_place()
        assert not Path(place).exists()
    assert names(target.parent) == ["image"]


def test_what_is_left_of_another_name_is_not_touched(target: Path) -> None:
    other = target.with_name("image.x")
    other.mkdir()
    killed(other)
    before = names(target.parent)
    with built_aside(str(target)):
        pass
    assert names(target.parent) == before


def test_a_directory_in_one_that_is_not_there_is_refused_and_nothing_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), built_aside(str(tmp_path / "nowhere/image")):
        pass
    assert names(tmp_path) == []
