"""The program killed at every point of what goes elsewhere in the history: the environment is as before or as after.

Always run: each command once at each kind of point. With `COMFYDOCK_TEST_NIGHTLY=1` all at every point, with both ways
of recovery, and recovery killed at every point, too.
"""

import os
import random
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.crash.conftest import Field
from tests.crash.recovering import both_seen, recovered, settle, trials
from tests.support.miniature import Miniature, git
from tests.support.pack_host import PackHost, pack_files, pack_host
from tests.support.sessions import Session

WORK = ("-e", "work")
FIXED = {"GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z"}
_LARGE = 1_000_000  # More than what operations hold in reserve for a full disk.
FANCY = "https://github.com/alice/Fancy"


def of_work(session: Session) -> Path:
    return session.environments / "work"


def save(session: Session, name: str, content: str) -> None:
    path = of_work(session) / "ComfyUI/user/default/workflows" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def nothing(session: Session) -> None:
    """As it is."""


def gone(session: Session) -> None:
    session.ok("checkout", "v1", *WORK)


def busy(session: Session) -> None:
    save(session, "portrait.json", "mine")
    save(session, "sub/mine.json", "mine")
    session.ok("node", "disable", "blur", *WORK)
    session.ok("py", "add", "mini-blend", *WORK)


def stashed(session: Session) -> None:
    busy(session)
    session.ok("stash", *WORK)


def patched(session: Session) -> None:
    """A third commit with changed and new files of ComfyUI and of packs, and back at the second."""
    comfyui = of_work(session) / "ComfyUI"
    for place in (comfyui / "main.py", *(comfyui / f"custom_nodes/{name}/__init__.py" for name in ("blur", "Fancy"))):
        place.write_text(f"{place.read_text()}# mine\n")
    (comfyui / "mine.py").write_text("mine = 1\n")
    git(comfyui, "add", "mine.py")
    session.ok("commit", "--with-patches", *WORK)
    session.ok("checkout", "v2", *WORK)


# Each with what is done before it.
COMMANDS: dict[str, tuple[tuple[str, ...], Callable[[Session], None]]] = {
    "checkout": (("checkout", "v1"), nothing),
    "checkout of what has more": (("switch", "main"), gone),
    "rollback": (("rollback", "v1"), nothing),
    "stash": (("stash",), busy),
    "stash pop": (("stash", "pop"), stashed),
    "checkout of patches": (("switch", "main"), patched),
    "branch -m": (("branch", "-m", "main/trunk"), nothing),
}


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PackHost]:
    with pack_host(tmp_path_factory.mktemp("host")) as served:
        served.add("blur", files=pack_files("Blur", requirements="mini-masks<2\n"))
        served.add_repository("alice", "Fancy", pack_files("Fancy"))
        yield served


@pytest.fixture(scope="session")
def past(prepared: Session, host: PackHost, miniature: Miniature, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Two commits that differ in ComfyUI, packs, packages and workflows; the environment is at the second."""
    first = Session(prepared.program, prepared.workspace, {**prepared.variables, **host.variables(), **FIXED})
    session = Field(first, tmp_path_factory.mktemp("past")).session
    save(session, "portrait.json", "1")
    session.ok("commit", *WORK)  # Makes v1 to be what the environment is with.
    git(of_work(session) / ".cec", "reset", "--quiet", "--soft", "HEAD~1")
    git(of_work(session) / ".cec", *_IDENTITY, "commit", "--quiet", "--amend", "-m", "first")
    session.ok("node", "add", "blur", FANCY, *WORK)
    session.ok("py", "add", "mini-choice<2", *WORK)
    session.ok("comfyui", "use", "v0.2.0", *WORK)
    save(session, "portrait.json", "2")
    save(session, "sub/other.json", random.Random(1).randbytes(_LARGE // 2).hex())
    session.ok("commit", "-m", "second", *WORK)
    git(of_work(session) / ".cec", "config", "branch.main.remote", "origin")
    return session


_IDENTITY = ("-c", "user.name=x", "-c", "user.email=x@x")


def prepared_field(name: str, past: Session, place: Path) -> Field:
    """The workspace as it is before a command, with what operations kept pruned."""
    (place / "first").mkdir()
    session = Field(past, place / "first").session
    COMMANDS[name][1](session)
    session.ok("operation", "prune", *WORK)
    return Field(session, place)


def state(field: Field) -> dict[str, object]:
    """All that counts: files, references, and what git says; objects that nothing refers to do not count."""
    found: dict[str, object] = {}
    for name in (".cec", "ComfyUI"):
        repository = of_work(field.session) / name
        assert git(repository, "fsck", "--strict", "--no-dangling", "--no-progress") == ""
        assert sorted(path.name for path in (repository / ".git").rglob("*.lock")) == []
        found[f"{name} staged"] = git(repository, "ls-files", "--stage")
        found[f"{name} status"] = git(repository, "status", "--porcelain")
        found[f"{name} refs"] = git(repository, "for-each-ref")
        found[f"{name} HEAD"] = (repository / ".git/HEAD").read_text()
    aside = re.compile(
        r"/\.git/(objects|logs|refs|index|FETCH_HEAD|packed-refs)|/\.venv/\.comfydock/|/comfydock_cache/"
    )
    return {**found, **{path: one for path, one in field.state().items() if not aside.search(f"/{path}")}}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_move_killed_at_any_point_ends_old_or_new(past: Session, tmp_path: Path, name: str) -> None:
    field = prepared_field(name, past, tmp_path)
    words = (*COMMANDS[name][0], *WORK)
    old = state(field)
    points = field.points(*words)
    new = state(field)
    assert old != new
    ended = {"old": 0, "new": 0}
    for place in recovered(field, words, points, trials(points)):
        found = state(field)
        assert found in (old, new), place
        ended["old" if found == old else "new"] += 1
        if found == new:
            assert field.run("undo", *WORK) == 0
            assert state(field) == old, place
    both_seen(name, points, ended)


# A full disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    mounted: list[Path] = []

    def mount(options: str) -> Path:
        place = tmp_path / f"disk{len(mounted)}"
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "none", str(place)]
        if subprocess.run(command, capture_output=True).returncode != 0:
            pytest.skip("mounting a file system is not allowed here")
        mounted.append(place)
        return place

    yield mount
    for place in mounted:
        subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_full_while_the_environment_is_moved_leaves_it_as_it_was(
    past: Session, small_disk: Callable[[str], Path], tmp_path: Path
) -> None:
    disk = small_disk("size=200m")
    field = Field(prepared_field("checkout of what has more", past, tmp_path).session, disk)
    old = state(field)
    words = ("switch", "main", *WORK)
    filler = disk / "filler"
    refused = 0
    for free in (0, 64, 200, 400, 600, 800, 1200, 1600, 3200, 6400, 12800, 25600):  # Kilobytes.
        fill(filler, free * 1024)
        ran = field.session.run(*words, "--json", TMPDIR=str(disk))
        if ran.code == 0:
            break
        refused += 1
        (error,) = ran.envelope()["errors"]
        assert error["code"] in ("file-system", "git-failed", "uv-failed", "venv-incomplete"), error
        assert error["hint"], error
        assert state(field) == old
    assert ran.code == 0, ran
    assert refused > 1
    filler.unlink()
    settle(field)
    assert state(field) != old
    assert field.run("undo", *WORK) == 0
    assert state(field) == old


def fill(filler: Path, free: int) -> None:
    """Let so many bytes of the disk be free."""
    filler.unlink(missing_ok=True)
    found = os.statvfs(filler.parent)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(found.f_bavail * found.f_frsize - free, 1))
