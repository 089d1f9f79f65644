"""Bundles that carry wheels: Python packages where no index can be asked, from real indexes on loopback."""

import hashlib
import io
import json
import shutil
import signal
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from comfydock_core.core.usecases.sharing.inspecting import open_source
from comfydock_core.utils.reporting import SilentReporter
from tests.support import programs
from tests.support.git_server import git_serving
from tests.support.indexes import serving_directory
from tests.support.miniature import Miniature
from tests.support.sessions import Session, copy_workspace, new_session, tree
from tests.support.wheels import add_to_index, write_index

IMPORT = ("--name", "copy", "--torch-backend", "cpu", "--models", "skip")
PACKAGES = "environments/copy/.venv/lib"


@dataclass(frozen=True, slots=True)
class Killed:
    """What an export left that was killed while it fetched: beside its target, where it worked, and there later."""

    code: int
    beside: list[str]
    scratch: list[str]
    after: list[str]


@dataclass(frozen=True, slots=True)
class Origin:
    """An environment and a bundle of it with wheels, when its indexes are gone; ComfyUI's repository is there."""

    session: Session
    bundle: Path
    variables: dict[str, str]
    killed: Killed

    def installed(self) -> list[str]:
        return installed(self.session.environments / "work")


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir()) if directory.exists() else []


def installed(environment: Path) -> list[str]:
    """The distributions of an environment."""
    return sorted(path.name for path in environment.glob(".venv/lib/*/site-packages/*.dist-info"))


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory, miniature: Miniature) -> Iterator[Origin]:
    place = tmp_path_factory.mktemp("wheels")
    served = place / "served"
    shutil.copytree(miniature.index, served / "index")
    shutil.copytree(miniature.pytorch, served / "pytorch")
    shutil.copytree(miniature.repository, served / "ComfyUI.git", symlinks=True)
    for tag in ("py3-none-any", "cp311-cp311-win_amd64"):
        add_to_index(served / "index", "two-wheels", "1.0", tag=tag)
    write_index(served / "index")
    session = new_session(programs.program("source"), place, miniature)
    bundle = place / "work.tar.gz"
    with git_serving(served) as git:
        with serving_directory(served) as indexes:
            session.variables |= {
                "UV_DEFAULT_INDEX": f"{indexes.url}/index",
                "COMFYDOCK_PYTORCH_INDEX_URL": f"{indexes.url}/pytorch",
                "COMFYDOCK_COMFYUI_REPOSITORY": git.address("ComfyUI.git"),
            }
            session.ok("init")
            session.ok("create", "work", "--torch-backend", "cpu", "--use")
            session.ok("py", "add", "two-wheels")
            session.ok("commit", "-m", "with packages")
            session.ok("export", str(bundle), "--with-wheels")
            log = place / "points"
            session.ok("export", str(place / "again.tar.gz"), "--with-wheels", COMFYDOCK_FAULT_LOG=str(log))
            points = log.read_text().splitlines()
            (place / "out").mkdir()
            words = ("export", str(place / "out/b.tar.gz"), "--with-wheels")
            killed = session.run(*words, COMFYDOCK_FAULT=f"kill:{points.index('wheel fetched') + 2}")
            left = [names(place / "out"), names(session.workspace / "comfydock_cache/bundles")]
            session.ok(*words)
            after = names(session.workspace / "comfydock_cache/bundles")
        assert (place / "again.tar.gz").read_bytes() == bundle.read_bytes()
        yield Origin(session, bundle, dict(session.variables), Killed(killed.code, *left, after))


@pytest.fixture
def apart(origin: Origin, tmp_path: Path) -> Session:
    """Another workspace with another home."""
    (tmp_path / "home").mkdir()
    session = Session(programs.program("source"), tmp_path / "workspace", {**origin.variables})
    session.variables["HOME"] = str(tmp_path / "home")
    session.ok("init")
    return session


def members(bundle: Path) -> dict[str, bytes]:
    with tarfile.open(bundle) as archive:
        found = {member.name: archive.extractfile(member) for member in archive}
        return {name: file.read() for name, file in found.items() if file is not None}


def write(path: Path, found: dict[str, bytes]) -> Path:
    """A bundle that says of itself what is in it."""
    said = json.loads(found["comfydock.json"])
    said["members"] = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        for name, content in found.items()
        if name != "comfydock.json"
    }
    with tarfile.open(path, "w:gz") as archive:
        for name, content in {**found, "comfydock.json": json.dumps(said).encode()}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def carried(origin: Origin) -> list[str]:
    return sorted(name for name in members(origin.bundle) if name.startswith("wheels/"))


def test_the_wheels_that_are_installed_are_carried_as_their_index_has_them(origin: Origin) -> None:
    served = origin.session.workspace.parent / "served"
    for name, content in members(origin.bundle).items():
        if name.startswith("wheels/"):
            assert content in [path.read_bytes() for path in served.rglob(Path(name).name)]
    assert "wheels/two_wheels-1.0-py3-none-any.whl" in carried(origin)
    assert [name for name in carried(origin) if "win_amd64" in name] == []
    assert len(carried(origin)) == len([name for name in origin.installed() if not name.startswith("pip-")])


def test_without_an_index_everything_is_installed_as_it_was(origin: Origin, apart: Session) -> None:
    apart.ok("import", str(origin.bundle), *IMPORT)
    assert installed(apart.environments / "copy") == origin.installed()
    for name in ("uv.lock", "pyproject.toml", "backends/cpu/pylock.toml"):
        there = origin.session.environments / "work/.cec" / name
        assert (apart.environments / "copy/.cec" / name).read_bytes() == there.read_bytes(), name
    assert apart.data("status", "-e", "copy")["packages"]["state"] == "in-sync"


def test_the_packages_are_in_the_cache_afterwards_as_if_from_their_index(origin: Origin, apart: Session) -> None:
    apart.ok("import", str(origin.bundle), *IMPORT)
    shutil.rmtree(apart.environments / "copy/.venv")
    apart.ok("repair", "-e", "copy", "--offline")
    assert installed(apart.environments / "copy") == origin.installed()


def test_with_the_network_off_and_a_proxy_that_is_gone_it_is_installed_too(origin: Origin, tmp_path: Path) -> None:
    copy_workspace(origin.session.workspace, tmp_path / "workspace")
    session = Session(origin.session.program, tmp_path / "workspace", dict(origin.variables))
    shutil.rmtree(tmp_path / "workspace/uv_cache")
    gone = "http://127.0.0.1:9"
    proxies = {"HTTP_PROXY": gone, "http_proxy": gone, "ALL_PROXY": gone, "UV_OFFLINE": "1"}
    session.ok("import", str(origin.bundle), *IMPORT, "--offline", **proxies)
    assert installed(session.environments / "copy") == origin.installed()


def test_a_wheel_that_is_needed_and_not_carried_is_named_when_the_network_is_off(
    origin: Origin, tmp_path: Path
) -> None:
    copy_workspace(origin.session.workspace, tmp_path / "workspace")
    session = Session(origin.session.program, tmp_path / "workspace", dict(origin.variables))
    shutil.rmtree(tmp_path / "workspace/uv_cache")
    found = members(origin.bundle)
    lock = found["uv.lock"].decode()
    own = found.pop("wheels/two_wheels-1.0-py3-none-any.whl")
    other = next((origin.session.workspace.parent / "served").rglob("two_wheels-1.0-cp311*.whl"))
    found[f"wheels/{other.name}"] = other.read_bytes()
    assert own and other.name in lock
    error = session.error("import", str(write(tmp_path / "b.tar.gz", found)), *IMPORT, "--offline")
    assert (error["code"], error["context"]) == ("offline", {"wheels": ["two_wheels-1.0-py3-none-any.whl"]})
    assert not (session.environments / "copy").exists()


def test_a_wheel_that_is_not_the_locked_one_is_refused_before_anything_is_made(
    origin: Origin, apart: Session, tmp_path: Path
) -> None:
    found = members(origin.bundle)
    found["wheels/two_wheels-1.0-py3-none-any.whl"] += b"more"
    before = {name: content for name, content in tree(apart.workspace).items() if not name.startswith("logs")}
    error = apart.error("import", str(write(tmp_path / "b.tar.gz", found)), *IMPORT)
    assert error["code"] == "bundle-damaged"
    assert "`wheels/two_wheels-1.0-py3-none-any.whl` is not the wheel that its lock names" in error["message"]
    assert {name: content for name, content in tree(apart.workspace).items() if not name.startswith("logs")} == before


def test_a_wheel_that_no_lock_names_is_passed_over(origin: Origin, apart: Session, tmp_path: Path) -> None:
    strange = {"wheels/evil-1.0-py3-none-any.whl": b"x", "other/pylock.toml": b"\xff"}
    found = members(origin.bundle) | strange | {"workflows/uv.lock": b"\xff"}  # Neither is a lock of the definition.
    data = apart.data("import", str(write(tmp_path / "b.tar.gz", found)), *IMPORT, "--preview")
    assert sorted(data["contents"]["passed_over"]) == sorted(strange)


def test_what_is_passed_over_is_not_used(origin: Origin, tmp_path: Path) -> None:
    strange = "wheels/evil-1.0-py3-none-any.whl"
    (tmp_path / "scratch").mkdir()
    bundle = write(tmp_path / "b.tar.gz", members(origin.bundle) | {strange: b"x"})
    opened = open_source(str(bundle), None, str(tmp_path / "scratch"), SilentReporter())
    assert opened.template.passed_over == (strange,)
    assert sorted(opened.template.carried) == carried(origin)


def test_show_names_the_wheels(origin: Origin) -> None:
    data = origin.session.data("bundle", "show", str(origin.bundle))
    assert data["wheels"] == [name.removeprefix("wheels/") for name in carried(origin)]
    assert f"{len(data['wheels'])} wheels in the bundle" in origin.session.ok("bundle", "show", str(origin.bundle)).out


def test_what_is_not_installed_as_locked_is_refused(origin: Origin, tmp_path: Path) -> None:
    copy_workspace(origin.session.workspace, tmp_path / "workspace")
    session = Session(origin.session.program, tmp_path / "workspace", dict(origin.variables))
    shutil.rmtree(next((session.environments / "work").glob(".venv/lib/*/site-packages/two_wheels-*")))
    error = session.error("export", str(tmp_path / "b.tar.gz"), "--with-wheels")
    assert (error["code"], "comfydock sync -e work" in error["hint"]) == ("export-refused", True)
    assert not (tmp_path / "b.tar.gz").exists()


def test_an_export_that_is_killed_while_it_fetches_leaves_nothing_after_the_next(origin: Origin) -> None:
    killed = origin.killed
    assert (killed.code, killed.beside, killed.after) == (-signal.SIGKILL, [], [])
    assert killed.scratch


def test_without_the_index_nothing_is_exported(origin: Origin, tmp_path: Path) -> None:
    error = origin.session.error("export", str(tmp_path / "b.tar.gz"), "--with-wheels")
    assert error["code"] == "network-unavailable"
    assert list(tmp_path.iterdir()) == []


CONFLICTS: list[Callable[[Path], tuple[str, ...]]] = [
    lambda place: ("--container", str(place / "image")),
    lambda place: (str(place / "s.json"), "--manager-snapshot"),
]


@pytest.mark.parametrize("words", CONFLICTS)
@pytest.mark.parametrize("option", ["--with-wheels", "--with-models"])
def test_what_is_no_bundle_carries_nothing(
    origin: Origin, tmp_path: Path, words: Callable[[Path], tuple[str, ...]], option: str
) -> None:
    ran = origin.session.run("export", *words(tmp_path), option)
    assert (ran.code, f"`{option}` cannot be combined" in ran.err) == (2, True)
