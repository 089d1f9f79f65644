"""Installations of Python that uv manages: their names, what runs from them, and taking one elsewhere."""

import os
from pathlib import Path

import pytest

from comfydock_core.integrations.this_platform import runs_here
from comfydock_core.models.managed_pythons import managed_python
from comfydock_core.repositories.managed_pythons import (
    installation_of,
    knows_its_place,
    parts_of,
    placing,
    without_place,
)

NAME = "cpython-3.11.9-linux-x86_64-gnu"
NEWEST = "cpython-3.11-linux-x86_64-gnu"
SETTINGS = "lib/python3.11/_sysconfigdata__linux_x86_64-linux-gnu.py"


@pytest.fixture
def pythons(tmp_path: Path) -> Path:
    """A directory as uv keeps it: an installation, and a link for the newest of its minor version."""
    place = tmp_path / "python" / NAME
    for path in ("bin/python3.11", "lib/python3.11/os.py", "lib/python3.11/__pycache__/os.pyc"):
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(b"")
    (place / SETTINGS).write_text(f'build_time_vars = {{"LIBDIR": "{place}/lib"}}\n')
    (place / "bin/python3").symlink_to("python3.11")
    (place / "bin/python").symlink_to(place / "bin/python3.11")
    (tmp_path / "python" / NEWEST).symlink_to(place)
    return tmp_path / "python"


@pytest.mark.parametrize(
    ("name", "version"),
    [(NAME, "3.11.9"), ("cpython-3.14.0a1+freethreaded-macos-aarch64-none", "3.14.0a1"),
     ("pypy-3.10.16-windows-x86_64-none", "3.10.16")],
)  # fmt: skip
def test_a_name_tells_the_version(name: str, version: str) -> None:
    python = managed_python(name)
    assert python is not None
    assert (python.version, python.meets(version), python.meets(version[:-1])) == (version, True, False)


def test_a_minor_version_is_met_by_its_releases_alone() -> None:
    python = managed_python(NAME)
    assert python is not None
    assert [python.meets(version) for version in ("3.11", "3.1", "3", "3.12")] == [True, False, True, False]


@pytest.mark.parametrize(
    "name", [NEWEST, "", ".temp", "cpython-3.11.9", f"{NAME}-x", f"{NAME}\n", f"{NAME}/..", "ruby-3.11.9-linux-x-gnu"]
)
def test_other_names_are_no_installations(name: str) -> None:
    assert managed_python(name) is None


@pytest.mark.parametrize("home", [f"{NAME}/bin", f"{NEWEST}/bin"])
def test_what_a_virtual_environment_runs_from_is_found(pythons: Path, tmp_path: Path, home: str) -> None:
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv/pyvenv.cfg").write_text(f"implementation = CPython\nhome = {pythons / home}\nuv = 0.13\n")
    found = installation_of(str(tmp_path / "venv"), str(pythons))
    assert found is not None
    assert found.name == NAME


@pytest.mark.parametrize("home", ["/usr/bin", "{pythons}-x/bin", "{pythons}", "{pythons}/mine/bin"])
def test_what_runs_from_elsewhere_has_no_installation(pythons: Path, tmp_path: Path, home: str) -> None:
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv/pyvenv.cfg").write_text(f"home = {home.format(pythons=pythons)}\n")
    assert installation_of(str(tmp_path / "venv"), str(pythons)) is None
    assert installation_of(str(tmp_path / "nowhere"), str(pythons)) is None


def test_what_python_makes_again_is_left_out_and_links_are_relative(pythons: Path) -> None:
    files, links = parts_of(str(pythons / NAME))
    assert files == ["bin/python3.11", SETTINGS, "lib/python3.11/os.py"]
    assert links == {"bin/python": "python3.11", "bin/python3": "python3.11"}


def test_a_link_that_leads_elsewhere_is_told_as_it_is(pythons: Path) -> None:
    (pythons / NAME / "bin/x").symlink_to("/usr/bin/env")
    assert parts_of(str(pythons / NAME))[1]["bin/x"] == "/usr/bin/env"


def test_an_installation_says_where_it_lies_after_it_was_taken_elsewhere(pythons: Path, tmp_path: Path) -> None:
    place = pythons / NAME
    content = without_place((place / SETTINGS).read_bytes(), str(place))
    assert os.fsencode(tmp_path) not in content
    target = tmp_path / 'it\'s "there"\\'
    with placing(str(target), NAME, str(target / ".comfydock")) as aside:
        (Path(aside) / SETTINGS).parent.mkdir(parents=True)
        (Path(aside) / SETTINGS).write_bytes(content)
    said: dict[str, dict[str, str]] = {}
    exec((target / NAME / SETTINGS).read_text(), said)
    assert knows_its_place(SETTINGS)
    assert said["build_time_vars"] == {"LIBDIR": f"{target / NAME}/lib"}
    assert [path.name for path in target.iterdir()] == [NAME]


def test_what_fails_on_the_way_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), placing(str(tmp_path / "python"), NAME, str(tmp_path / "python/.comfydock")):
        raise ZeroDivisionError
    assert list((tmp_path / "python").iterdir()) == []


def test_an_installation_that_came_meanwhile_stays(pythons: Path) -> None:
    with placing(str(pythons), NAME, str(pythons / ".comfydock")) as aside:
        (Path(aside) / "other").write_bytes(b"")
    assert (pythons / NAME / "bin/python3.11").exists()
    assert not (pythons / NAME / "other").exists()


def test_an_installation_for_another_kind_of_machine_does_not_run_here() -> None:
    names = [f"cpython-3.11.9-{platform}" for platform in ("plan9-x86_64-gnu", "linux-vax-gnu", "linux-vax-musl")]
    assert [runs_here(python) for name in names if (python := managed_python(name))] == [False] * 3
