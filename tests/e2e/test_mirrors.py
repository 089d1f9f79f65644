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
from tests.support.miniature import Miniature
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
            host.add(
                "blur", version, files=pack_files(f"Blur{version[0]}", requirements=f"mini-masks=={version[:3]}\n")
            )
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
    apart.ok("import", bundle, "--name", "work", "--torch-backend", "cpu", "--models", "skip", "--use", "--offline")
    definition = apart.environments / "work/.cec"
    for name in ("uv.lock", "pyproject.toml", "backends/cpu/pylock.toml"):
        assert (definition / name).read_bytes() == (made.definition / name).read_bytes(), name
    apart.ok("checkout", "main~1", "--offline")
    assert "Blur1" in (apart.environments / "work/ComfyUI/custom_nodes/blur/__init__.py").read_text()
    apart.ok("switch", "main", "--offline")
    apart.ok("create", "other", "--torch-backend", "cpu", "--offline")
    apart.ok("node", "add", "blur", "https://github.com/alice/Fancy", "-e", "other", "--offline")
    assert (apart.environments / "other/ComfyUI/custom_nodes/Fancy/__init__.py").is_file()


def test_the_environment_runs_there(made: Made, apart: Session) -> None:
    bundle = str(made.directory / "environments/work.tar.gz")
    apart.ok("import", bundle, "--name", "work", "--torch-backend", "cpu", "--models", "skip", "--use", "--offline")
    apart.ok("run", "--background", "--port", "0")
    apart.ok("run", "--stop")


def test_an_environment_of_a_mirror_is_imported_by_its_name_in_one_step(made: Made, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    session = Session(programs.program("source"), tmp_path / "workspace", {**made.variables, "HOME": str(tmp_path)})
    session.ok("init")
    mirror = ("--offline-from", str(made.directory))
    preview = session.data("import", "work", "--name", "copy", "--preview", *mirror)
    assert [one["id"] for one in preview["contents"]["packs"]] == ["blur", "Fancy"]
    session.ok("import", "work", "--name", "copy", "--torch-backend", "cpu", "--models", "skip", *mirror)
    assert (session.environments / "copy/.cec/uv.lock").read_bytes() == (made.definition / "uv.lock").read_bytes()
    session.ok("create", "other", "--torch-backend", "cpu", *mirror)
    error = session.error("import", "nowhere", "--name", "third", *mirror)
    assert error["code"] == "template-not-found"


def test_what_is_no_mirror_stands_in_for_no_network(made: Made, tmp_path: Path) -> None:
    session = Session(programs.program("source"), tmp_path / "workspace", {**made.variables, "HOME": str(tmp_path)})
    session.ok("init")
    error = session.error("create", "other", "--offline-from", str(tmp_path))
    assert (error["code"], (session.environments / "other").exists()) == ("mirror-not-found", False)


def test_a_mirror_says_what_is_in_it_and_what_is_not(made: Made) -> None:
    assert (made.data["complete"], made.data["lacking"]) == (True, [])
    assert made.data["added"].keys() == {"environments", "packs", "git", "uv", "answers"}
    assert made.data["added"]["packs"]["files"] == 2
    said = json.loads((made.directory / "mirror.json").read_text())
    assert made.data["files"] == len(said["files"])
    assert made.data["size"] == sum(one["size"] for one in said["files"].values())
    assert "Python" in made.data["notes"][0]


def test_no_workflow_is_checked_for_a_mirror(made: Made) -> None:
    logs = made.definition.parents[2] / "logs/work"
    assert not (logs / "workflows.json").exists()
    assert not (logs / "reports").exists()


def test_a_verified_mirror_is_as_it_is_listed(made: Made, apart: Session) -> None:
    told = apart.data("mirror", "verify", str(made.directory))
    assert (told["files"], told["environments"]) == (made.data["files"], ["work"])


def test_what_a_workspace_has_is_not_taken_again(made: Made, apart: Session) -> None:
    assert apart.data("mirror", "import", str(made.directory))["added"] == {}


def test_a_rehearsal_of_an_import_takes_nothing(made: Made, apart: Session) -> None:
    for name in ("comfydock_cache", "uv_cache"):
        shutil.rmtree(apart.workspace / name)
    told = apart.data("mirror", "import", str(made.directory), "--dry-run")
    assert told["written"] is False
    assert told["added"].keys() == {"packs", "git", "uv", "answers"}
    assert not (apart.workspace / "uv_cache").exists()
    assert apart.data("mirror", "import", str(made.directory))["added"] == told["added"]


# What is wrong with a mirror


@pytest.fixture
def damaged(made: Made, tmp_path: Path) -> Path:
    """A copy of the mirror to damage."""
    return Path(shutil.copytree(made.directory, tmp_path / "damaged", symlinks=True))


def wrong(session: Session, mirror: Path) -> dict[str, Any]:
    error = session.error("mirror", "verify", str(mirror))
    assert error["code"] == "mirror-damaged", error
    return {kind: paths for kind, paths in error["context"].items() if kind != "path" and paths}


def archives(mirror: Path) -> list[Path]:
    return sorted((mirror / "packs").iterdir())


def test_what_is_changed_missing_or_additional_is_named(apart: Session, damaged: Path) -> None:
    changed, missing = archives(damaged)
    changed.write_bytes(bytes(changed.stat().st_size))
    missing.unlink()
    (damaged / "uv/more.txt").write_text("more")
    found = wrong(apart, damaged)
    assert found == {
        "changed": [f"packs/{changed.name}"], "missing": [f"packs/{missing.name}"], "additional": ["uv/more.txt"]
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["a link", "a pipe", "a directory"])
def test_what_is_no_file_is_never_read(apart: Session, damaged: Path, kind: str) -> None:
    victim = archives(damaged)[0]
    content = victim.read_bytes()
    victim.unlink()
    if kind == "a link":
        (damaged.parent / "elsewhere").write_bytes(content)
        victim.symlink_to(damaged.parent / "elsewhere")
    elif kind == "a pipe":
        os.mkfifo(victim)
    else:
        victim.mkdir()
    assert set(wrong(apart, damaged)) <= {"changed", "missing"}
    shutil.rmtree(apart.workspace / "comfydock_cache")
    assert apart.error("mirror", "import", str(damaged))["code"] == "mirror-damaged"


@pytest.mark.parametrize("part", ["packs", "git", "uv", "answers"])
def test_a_changed_file_is_not_taken(made: Made, apart: Session, damaged: Path, part: str) -> None:
    for name in ("comfydock_cache", "uv_cache"):
        shutil.rmtree(apart.workspace / name)
    victim = next(path for path in sorted((damaged / part).rglob("*")) if path.is_file() and path.stat().st_size)
    victim.write_bytes(bytes([victim.read_bytes()[0] ^ 1]) + victim.read_bytes()[1:])
    error = apart.error("mirror", "import", str(damaged))
    assert (error["code"], error["context"]["files"]) == ("mirror-damaged", [str(victim.relative_to(damaged))])
    assert apart.ok("mirror", "import", str(made.directory))


HOSTILE = {
    "a path that leads out": lambda said: said["files"].update({"uv/simple-v1/../../../x": said["files"].popitem()[1]}),
    "an absolute path": lambda said: said["files"].update({"/etc/x": said["files"].popitem()[1]}),
    "git's own cache": lambda said: said["files"].update({"uv/git-v0/config": said["files"].popitem()[1]}),
    "a link that leads out": lambda said: said["links"].update({"uv/wheels-v1/a/b": "../../../etc"}),
    "a file that is a directory": lambda said: (
        said["links"].update({"uv/wheels-v1/a": "archive-v0/x"})
        or said["links"].update({"uv/wheels-v1/a/b": "archive-v0/x"})
    ),
    "a model that leads out": lambda said: said["models"].update({"m": {"path": "../x", "blake3": "0" * 64}}),
    "a model without a file": lambda said: said["models"].update({"m": {"path": "x/y", "blake3": "0" * 64}}),
    "no digest": lambda said: next(iter(said["files"].values())).update(sha256="?"),
    "a negative size": lambda said: next(iter(said["files"].values())).update(size=-1),
    "a reference that is an option": lambda said: next(iter(said["repositories"].values())).update(
        head="--upload-pack"
    ),
    "no object": lambda said: said.update(files=[]),
    "another format": lambda said: said.update(format="1"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_strangers_write_into_the_list_is_refused(apart: Session, damaged: Path, case: str) -> None:
    path = damaged / "mirror.json"
    said = json.loads(path.read_text())
    HOSTILE[case](said)
    path.write_text(json.dumps(said))
    for command in ("verify", "import"):
        error = apart.error("mirror", command, str(damaged))
        assert (error["code"], bool(error["hint"])) == ("mirror-damaged", True)
        assert error["message"].startswith("cannot read `"), error


def test_a_directory_without_a_list_is_no_mirror(apart: Session, tmp_path: Path) -> None:
    for command in ("verify", "import"):
        error = apart.error("mirror", command, str(tmp_path))
        assert (error["code"], error["exit_code"]) == ("mirror-not-found", 3), error


def test_a_directory_with_something_else_is_not_written_to(apart: Session, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "notes.txt").write_text("mine")
    for words in ((), ("--dry-run",)):
        error = apart.error("mirror", "export", str(mine), *words)
        assert error["code"] == "mirror-refused", error
    assert [path.name for path in mine.iterdir()] == ["notes.txt"]
