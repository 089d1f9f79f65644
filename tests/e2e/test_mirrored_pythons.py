"""Python in mirrors: an installation that uv manages, and a machine without any Python."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_mirrors import serving_everything
from tests.support import programs
from tests.support.indexes import serving_directory
from tests.support.managed_pythons import MINOR, serve_python
from tests.support.miniature import Miniature
from tests.support.sessions import Session

EVERYTHING = ("--torch-backend", "cpu", "--models", "skip")


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A mirror with a Python, what uv calls that, the workspace that it is of, and what the exports said."""

    directory: Path
    python: str
    workspace: Path
    variables: dict[str, str]
    plan: dict[str, Any]
    first: dict[str, Any]
    again: dict[str, Any]


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory, miniature: Miniature) -> Mirrored:
    """The mirror of an environment that runs from a Python of uv, after everything else of its machine is gone."""
    place = tmp_path_factory.mktemp("mirrored")
    served, directory = place / "pythons", place / "mirror"
    with serving_everything(place, miniature) as session, serving_directory(served) as server:
        python = serve_python(served, server.url)
        session.variables |= python.variables(server.url)
        session.ok("create", "work", "--torch-backend", "cpu", "--python", MINOR, "--use")
        session.ok("commit", "-m", "first")
        plan = session.data("mirror", "export", str(directory), "--dry-run")
        first = session.data("mirror", "export", str(directory))
        again = session.data("mirror", "export", str(directory))
    shutil.rmtree(session.workspace)
    variables = {**session.variables, "UV_PYTHON_DOWNLOADS": "never"}
    del variables["UV_PYTHON_DOWNLOADS_JSON_URL"]
    return Mirrored(directory, python.name, session.workspace, variables, plan, first, again)


@pytest.fixture
def other(mirrored: Mirrored, tmp_path: Path) -> Session:
    """Another workspace with another home, where uv may use no Python that it does not manage itself."""
    (tmp_path / "home").mkdir()
    variables = {**mirrored.variables, "HOME": str(tmp_path / "home")}
    session = Session(programs.program("source"), tmp_path / "work space's", variables)
    session.ok("init")
    return session


@pytest.fixture
def copied(mirrored: Mirrored, tmp_path: Path) -> Path:
    """A copy of the mirror to change."""
    return Path(shutil.copytree(mirrored.directory, tmp_path / "mirror"))


def change(mirror: Path, changing: Callable[[dict[str, Any]], object]) -> None:
    path = mirror / "mirror.json"
    said = json.loads(path.read_text())
    changing(said)
    path.write_text(json.dumps(said))


def pythons(session: Session) -> list[str]:
    place = session.workspace / "uv/python"
    return sorted(path.name for path in place.iterdir()) if place.exists() else []


def test_a_mirror_of_before_has_no_python(other: Session, copied: Path) -> None:
    def earlier(said: dict[str, Any]) -> None:
        del said["pythons"]
        said["files"] = {path: one for path, one in said["files"].items() if not path.startswith("python/")}

    change(copied, earlier)
    error = other.error("import", "work", "--name", "copy", *EVERYTHING, "--offline-from", str(copied))
    assert (error["code"], pythons(other)) == ("python-not-found", [])


def test_an_environment_is_made_and_runs_where_there_is_no_python(mirrored: Mirrored, other: Session) -> None:
    other.ok("import", "work", "--name", "copy", *EVERYTHING, "--offline-from", str(mirrored.directory))
    question = "import sys, sysconfig; print(sys.base_prefix); print(sysconfig.get_config_var('LIBDIR'))"
    interpreter = other.environments / "copy/.venv/bin/python"
    answer = subprocess.run([interpreter, "-c", question], capture_output=True, text=True, check=True)
    installation = other.workspace / "uv/python" / mirrored.python
    assert answer.stdout.splitlines() == [str(installation), f"{installation}/lib"]


def test_a_mirror_has_the_python_once_and_does_not_ask_for_one(mirrored: Mirrored) -> None:
    assert mirrored.plan["pythons"] == [mirrored.python]
    assert mirrored.first["added"]["python"]["files"] > 100
    assert not any("Python" in note for note in mirrored.first["notes"])
    assert "python" not in mirrored.again["added"]


def test_nothing_in_a_mirror_says_where_the_python_lay(mirrored: Mirrored) -> None:
    place = os.fsencode(mirrored.workspace)
    files = [path for path in (mirrored.directory / "python").rglob("*") if path.is_file()]
    assert [path for path in files if place in path.read_bytes()] == []


def test_executables_and_links_are_what_they_were(mirrored: Mirrored, other: Session) -> None:
    other.ok("mirror", "import", str(mirrored.directory))
    programs = other.workspace / "uv/python" / mirrored.python / "bin"
    assert (programs / "python").readlink() == Path(f"python{MINOR}")
    assert os.access(programs / f"python{MINOR}", os.X_OK)
    assert not os.access(programs.parent / f"lib/python{MINOR}/os.py", os.X_OK)


def test_an_installation_that_is_there_stays(mirrored: Mirrored, other: Session) -> None:
    mine = other.workspace / "uv/python" / mirrored.python
    mine.mkdir(parents=True)
    (mine / "mine").write_text("mine")
    assert "python" not in other.data("mirror", "import", str(mirrored.directory))["added"]
    assert [path.name for path in mine.iterdir()] == ["mine"]


def test_a_rehearsal_puts_no_python_anywhere(mirrored: Mirrored, other: Session) -> None:
    told = other.data("mirror", "import", str(mirrored.directory), "--dry-run")
    assert (told["added"]["python"], pythons(other)) == (mirrored.first["added"]["python"], [])


def test_a_killed_import_leaves_no_python_in_parts(mirrored: Mirrored, other: Session, tmp_path: Path) -> None:
    log = tmp_path / "points"
    other.ok("mirror", "import", str(mirrored.directory), COMFYDOCK_FAULT_LOG=str(log))
    number = log.read_text().splitlines().index("place Python") + 1
    for name in ("uv", "uv_cache", "comfydock_cache"):
        shutil.rmtree(other.workspace / name)
    killed = other.run("mirror", "import", str(mirrored.directory), COMFYDOCK_FAULT=f"kill:{number}")
    assert (killed.code, [name for name in pythons(other) if not name.startswith(".")]) == (-9, [])
    other.ok("mirror", "import", str(mirrored.directory))
    assert pythons(other) == [mirrored.python]


def test_a_changed_file_of_a_python_is_not_taken(mirrored: Mirrored, other: Session, copied: Path) -> None:
    victim = copied / "python" / mirrored.python / f"lib/python{MINOR}/os.py"
    victim.write_bytes(b"#" + victim.read_bytes()[1:])
    error = other.error("mirror", "import", str(copied))
    assert (error["code"], error["context"]["files"]) == ("mirror-damaged", [str(victim.relative_to(copied))])
    assert pythons(other) == []


def test_a_python_for_another_platform_is_named_and_left_out(mirrored: Mirrored, other: Session, copied: Path) -> None:
    foreign = "-".join((*mirrored.python.split("-")[:2], "plan9", "vax", "none"))

    def renamed(said: dict[str, Any]) -> None:
        said["pythons"] = {foreign: said["pythons"][mirrored.python]}
        said["files"] = {path.replace(mirrored.python, foreign): one for path, one in said["files"].items()}

    change(copied, renamed)
    (copied / "python" / mirrored.python).rename(copied / "python" / foreign)
    told = other.data("mirror", "import", str(copied))
    assert ("python" in told["added"], pythons(other)) == (False, [])
    assert any("plan9-vax-none" in note and "does not run here" in note for note in told["notes"]), told


HOSTILE: dict[str, Callable[[dict[str, Any]], object]] = {
    "a link that is absolute": lambda one: one["links"].update({"bin/x": "/etc/passwd"}),
    "a link that leads out": lambda one: one["links"].update({"bin/x": "../../x"}),
    "a link that goes down and up": lambda one: one["links"].update({"bin/x": "y/../../../x"}),
    "a link beside it": lambda one: one["links"].update({"../x": "y"}),
    "a link to all of it": lambda one: one["links"].update({"bin/x": ".."}),
    "a link that is a file": lambda one: one["links"].update({f"bin/python{MINOR}": "python"}),
    "a link above files": lambda one: one["links"].update({"lib": "bin"}),
    "a link below a link": lambda one: one["links"].update({"bin/x": "y", "bin/x/z": "y"}),
    "links that are none": lambda one: one.update(links=[]),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_links_that_are_not_safe_are_refused(mirrored: Mirrored, other: Session, copied: Path, case: str) -> None:
    change(copied, lambda said: HOSTILE[case](said["pythons"][mirrored.python]))
    error = other.error("mirror", "import", str(copied))
    assert (error["code"], pythons(other)) == ("mirror-damaged", [])
    assert error["message"].startswith("cannot read `"), error


@pytest.mark.parametrize("name", ["../x", "cpython-3.11-linux-x86_64-gnu", ".comfydock", "cpython-3.11.9-linux-x86_64"])
def test_a_name_that_uv_gives_to_no_installation_is_refused(
    mirrored: Mirrored, other: Session, copied: Path, name: str
) -> None:
    change(copied, lambda said: said["pythons"].update({name: {"links": {}}}))
    assert other.error("mirror", "import", str(copied))["code"] == "mirror-damaged"
