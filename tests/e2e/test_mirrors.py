"""Mirrors: everything that environments need in a directory, and a machine that has nothing else."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import programs
from tests.support.git_server import git_serving
from tests.support.indexes import serving_directory
from tests.support.miniature import NOWHERE, SERVICES, Miniature
from tests.support.pack_host import pack_files, pack_host
from tests.support.sessions import Session, new_session

FLOW = {"nodes": [{"id": 1, "type": "Blur"}], "links": []}


@dataclass(frozen=True, slots=True)
class Made:
    """A mirror, and what is left of where it was made: its variables, and the definition."""

    directory: Path
    variables: dict[str, str]
    definition: Path
    data: dict[str, Any]


def save(session: Session, text: dict[str, Any]) -> None:
    live = session.environments / "work/ComfyUI/user/default/workflows"
    live.mkdir(parents=True, exist_ok=True)
    (live / "flow.json").write_text(json.dumps(text))


@contextlib.contextmanager
def serving_everything(place: Path, miniature: Miniature) -> Iterator[Session]:
    """A session all of whose sources are servers on loopback, which are gone when the block ends."""
    served = place / "served"
    shutil.copytree(miniature.index, served / "index")
    shutil.copytree(miniature.pytorch, served / "pytorch")
    shutil.copytree(miniature.repository, served / "ComfyUI.git", symlinks=True)
    with serving_directory(served) as indexes, git_serving(served) as git, pack_host(place / "host") as host:
        for version in ("1.0.0", "2.0.0"):
            host.add("blur", version, files=pack_files(f"Blur{version[0]}", requirements=f"mini-masks=={version[:3]}\n"))
        host.add_repository("alice", "Fancy")
        session = new_session(programs.program("source"), place, miniature)
        session.variables |= host.variables()
        session.variables |= {
            "UV_DEFAULT_INDEX": f"{indexes.url}/index",
            "COMFYDOCK_PYTORCH_INDEX_URL": f"{indexes.url}/pytorch",
            "COMFYDOCK_COMFYUI_REPOSITORY": git.address("ComfyUI.git"),
        }
        session.ok("init")
        yield session
    shutil.rmtree(served)
    shutil.rmtree(place / "host")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, miniature: Miniature) -> Made:
    """A mirror of `work`, whose history has two releases of a node pack, after every server is gone."""
    place = tmp_path_factory.mktemp("mirrored")
    with serving_everything(place, miniature) as session:
        session.ok("create", "work", "--torch-backend", "cpu", "--use")
        session.ok("node", "add", "blur@1.0.0", "https://github.com/alice/Fancy")
        save(session, FLOW)
        session.ok("commit", "-m", "first")
        session.ok("node", "update", "blur")
        session.ok("commit", "-m", "second")
        data = session.data("mirror", "export", str(place / "mirror"))
    return Made(place / "mirror", dict(session.variables), session.environments / "work/.cec", data)


@pytest.fixture
def apart(made: Made, tmp_path: Path) -> Session:
    """Another workspace with another home, which has taken the mirror."""
    (tmp_path / "home").mkdir()
    variables = {**made.variables, "HOME": str(tmp_path / "home")}
    session = Session(programs.program("source"), tmp_path / "workspace", variables)
    session.ok("init")
    session.ok("mirror", "import", str(made.directory))
    return session


def test_a_machine_without_a_network_makes_the_environment_and_works_with_it(made: Made, apart: Session) -> None:
    bundle = str(made.directory / "environments/work.tar.gz")
    apart.ok("import", bundle, "--name", "work", "--torch-backend", "cpu", "--use", "--offline")
    definition = apart.environments / "work/.cec"
    for name in ("uv.lock", "pyproject.toml", "backends/cpu/pylock.toml"):
        assert (definition / name).read_bytes() == (made.definition / name).read_bytes(), name
    apart.ok("checkout", "main~1", "--offline")
    assert "Blur1" in (apart.environments / "work/ComfyUI/custom_nodes/blur/__init__.py").read_text()
    apart.ok("switch", "main", "--offline")
    apart.ok("create", "other", "--torch-backend", "cpu", "--offline")
    apart.ok("node", "add", "blur", "https://github.com/alice/Fancy", "-e", "other", "--offline")
    assert (apart.environments / "other/ComfyUI/custom_nodes/Fancy/__init__.py").is_file()
