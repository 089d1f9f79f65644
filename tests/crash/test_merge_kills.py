"""`merge` and `comfyui use` killed at each kind of point that they pass, and on a full disk: old or new, whole.

With `COMFYDOCK_TEST_NIGHTLY=1` at every point, and both ways of recovery, which are killed at every point, too.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.conftest import Field
from tests.crash.recovering import both_seen, recovered, settle, trials, undo_killed_anywhere_ends_old_or_new
from tests.e2e.test_failures import filled
from tests.support.miniature import git
from tests.support.pack_host import PackHost, pack_files, pack_host
from tests.support.sessions import Session, copy_workspace

WORK = ("-e", "work")
FIXED = {"GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z"}
COMMANDS = {
    "merge": ("merge", "other", *WORK),
    "comfyui use": ("comfyui", "use", "v0.2.0", *WORK),
}
FLOW = {"nodes": [{"id": 1, "type": "Sample", "widgets_values": [20, 7.5]}], "links": []}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PackHost]:
    with pack_host(tmp_path_factory.mktemp("host")) as served:
        served.add("blur", files=pack_files("Blur", requirements="mini-blend\n"))
        served.add("sharp", files=pack_files("Sharp", requirements="mini-choice\n"))
        yield served


@pytest.fixture(scope="module")
def branched(prepared: Session, host: PackHost, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """The prepared workspace with two branches that have packs, packages and values of a workflow of their own."""
    variables = {**prepared.variables, **host.variables(), **FIXED}
    first = Session(prepared.program, prepared.workspace, variables)
    session = Field(first, tmp_path_factory.mktemp("branched")).session
    save(session, 20, 7.5)
    session.ok("commit", *WORK)
    session.ok("switch", "-c", "other", *WORK)
    session.ok("node", "add", "sharp", *WORK)
    save(session, 30, 7.5)
    save(session, 1, 1, "new/deep")
    session.ok("commit", *WORK)
    session.ok("switch", "main", *WORK)
    session.ok("node", "add", "blur", *WORK)
    save(session, 20, 5)
    session.ok("commit", *WORK)
    # What is needed is in the caches from then on.
    for words in COMMANDS.values():
        session.ok(*words)
        session.ok("undo", *WORK)
    session.ok("operation", "prune", *WORK)
    return session


def save(session: Session, steps: int, cfg: float, name: str = "flow") -> None:
    path = session.environments / f"work/ComfyUI/user/default/workflows/{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    flow = json.loads(json.dumps(FLOW))
    flow["nodes"][0]["widgets_values"] = [steps, cfg]
    path.write_text(json.dumps(flow))


@pytest.fixture
def field(branched: Session, tmp_path: Path) -> Field:
    return Field(branched, tmp_path)


def whole(field: Field) -> dict[str, object]:
    """Everything that lasts, and what git says of both repositories; objects that nothing refers to do not count."""
    aside = (".git/objects/", ".git/logs/", ".git/index", ".git/FETCH_HEAD", "/.venv/.comfydock/")
    found = {path: one for path, one in field.state().items() if not any(part in path for part in aside)}
    for name in ("work/.cec", "work/ComfyUI"):
        repository = field.session.environments / name
        assert sorted(path.name for path in (repository / ".git").rglob("*.lock")) == []
        assert git(repository, "fsck", "--strict", "--no-dangling", "--no-progress") == ""
        found[f"status of {name}"] = git(repository, "status", "--porcelain", "--", ".", ":!models")
        found[f"files of {name}"] = git(repository, "ls-files", "--stage")
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_a_change_killed_at_any_point_ends_old_or_new(field: Field, name: str) -> None:
    words = COMMANDS[name]
    field.reset()
    old = whole(field)
    points = field.points(*words)
    new = whole(field)
    assert new != old
    ended = {"old": 0, "new": 0}
    for place in recovered(field, words, points, trials(points)):
        state = whole(field)
        assert state in (old, new), place
        ended["old" if state == old else "new"] += 1
    both_seen(name, points, ended)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_undo_of_a_change_killed_at_any_point_ends_old_or_new(field: Field, name: str) -> None:
    undo_killed_anywhere_ends_old_or_new(field, COMMANDS[name], whole)


@pytest.mark.parametrize("fault", ["enospc", "eio"])
@pytest.mark.parametrize("name", COMMANDS)
def test_an_error_of_the_disk_at_any_kind_of_point_leaves_it_whole(field: Field, name: str, fault: str) -> None:
    words = COMMANDS[name]
    points = field.points(*words)
    new = whole(field)
    field.reset()
    old = whole(field)
    last = sorted({point: at for at, point in enumerate(points, 1)}.values())
    for at in last:
        field.reset()
        code = field.run(*words, fault=f"{fault}:{at}", allowed=(0, 6))
        place = f"{at} ({points[at - 1]}), exit code {code}"
        settle(field)
        assert whole(field) in (old, new), place


@pytest.fixture
def disk(branched: Session, tmp_path: Path) -> Iterator[Session]:
    """The branches on a small file system in memory; skips where mounting is not allowed."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "none", str(place)], capture_output=True).returncode:
        pytest.skip("mounting a file system is not allowed here")
    copy_workspace(branched.workspace, place / "workspace")
    yield Session(branched.program, place / "workspace", branched.variables)
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("kilobytes", [0, 20, 60, 150])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_is_reported_and_everything_stays(disk: Session, name: str, kilobytes: int) -> None:
    before = lasting(disk)
    with filled(disk, kilobytes):
        ran = disk.run(*COMMANDS[name])
        if ran.code != 0:
            assert ran.code == 6, ran
            assert "o space left on device" in ran.err or "not enough space" in ran.err, ran
            assert "free some space" in ran.err
            assert lasting(disk) == before
    if ran.code != 0:
        disk.ok(*COMMANDS[name])


def lasting(session: Session) -> dict[str, object]:
    found: dict[str, object] = {}
    for directory, names, files in os.walk(session.environments):
        names[:] = [name for name in names if name not in (".ops", "__pycache__", "objects")]
        for name in files:
            path = Path(directory, name)
            if not path.name.endswith((".pyc", "index")):
                found[str(path)] = path.readlink() if path.is_symlink() else path.read_bytes()
    return found
