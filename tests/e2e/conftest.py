"""What the stories share: a miniature ComfyUI, and sessions with each form of the program."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from build.programs import Program
from tests.support import miniature as support
from tests.support import programs
from tests.support.miniature import Miniature
from tests.support.pack_host import PackHost, pack_host
from tests.support.sessions import Session, copy_workspace, new_session

ODD = "Große Ablage ☃ 日本"


@pytest.fixture(scope="session")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> Miniature:
    return support.build(tmp_path_factory.mktemp("miniature") / ODD)


@pytest.fixture
def session(program: Program, tmp_path: Path, miniature: Miniature) -> Session:
    """A session with each form of the program, in a place with spaces and other letters."""
    return new_session(program, tmp_path / ODD, miniature)


@pytest.fixture
def workspace(session: Session) -> Session:
    """The session with a workspace made."""
    session.ok("init")
    return session


@pytest.fixture
def source(tmp_path: Path, miniature: Miniature) -> Session:
    """A session with the program from source and a workspace made."""
    made = new_session(programs.program("source"), tmp_path, miniature)
    made.ok("init")
    return made


@pytest.fixture(scope="session")
def made_environment(tmp_path_factory: pytest.TempPathFactory, miniature: Miniature) -> Session:
    """One workspace with the finished environment `work` for all tests that change nothing, from source."""
    made = new_session(programs.program("source"), tmp_path_factory.mktemp("made") / ODD, miniature)
    made.ok("init")
    made.ok("create", "work", "--use")
    return made


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory, miniature: Miniature) -> Session:
    """The environment `work` that every test gets a copy of; uv's cache knows the packages of node packs."""
    made = new_session(programs.program("source"), tmp_path_factory.mktemp("first") / ODD, miniature)
    made.ok("init")
    made.ok("create", "work", "--torch-backend", "cpu", "--use")
    return made


@pytest.fixture
def host(tmp_path: Path) -> Iterator[PackHost]:
    with pack_host(tmp_path / "host") as served:
        yield served


@pytest.fixture
def work(first: Session, host: PackHost, tmp_path: Path) -> Session:
    """The environment `work` in a place with spaces and other letters, and a host of node packs."""
    place = tmp_path / ODD
    (place / "home").mkdir(parents=True)
    copy_workspace(first.workspace, place / "workspace")
    variables = {**first.variables, **host.variables(), "HOME": str(place / "home")}
    return Session(first.program, place / "workspace", variables)
