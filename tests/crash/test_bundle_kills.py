"""`export` and `import` killed at every kind of point that they pass, and on a full disk: whole, or not there.

With `COMFYDOCK_TEST_NIGHTLY=1` they are killed at every point.
"""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.conftest import Field
from tests.crash.recovering import NIGHTLY, settle, tried
from tests.e2e.test_containers import listed
from tests.e2e.test_failures import filled
from tests.support.miniature import git
from tests.support.sessions import Session, copy_workspace, names_in

WORK = ("-e", "work")
SCOPE = ("--workspace",)


@pytest.fixture(scope="module")
def committed(prepared: Session, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """The prepared workspace with a workflow and a development pack in the last commit, and a bundle beside it."""
    session = Field(prepared, tmp_path_factory.mktemp("committed")).session
    work = session.environments / "work/ComfyUI"
    (work / "custom_nodes/Mine").mkdir()
    (work / "custom_nodes/Mine/__init__.py").write_text("NODE_CLASS_MAPPINGS = {}\n")
    session.ok("node", "add", "Mine", "--dev", *WORK)
    (work / "user/default/workflows").mkdir(parents=True)
    (work / "user/default/workflows/flow.json").write_text(json.dumps({"nodes": [], "links": []}))
    session.ok("commit", *WORK)
    session.ok("export", str(bundle_of(session)), *WORK, "--with-history", "--allow-issues")
    return session


def bundle_of(session: Session) -> Path:
    return session.workspace.parent / "work.tar.gz"


@pytest.fixture
def field(committed: Session, tmp_path: Path) -> Field:
    return Field(committed, tmp_path)


def test_a_container_killed_anywhere_is_whole_or_not_there_and_the_next_one_clears_away(
    field: Field, tmp_path: Path
) -> None:
    target = tmp_path / "out/image"
    target.parent.mkdir()
    words = ("export", "--container", str(target), *WORK)
    assert field.run(*words) == 0
    points, whole = field.points(*words), listed(target)
    for at in tried(points):
        field.reset()
        assert field.run(*words, fault=f"kill:{at}") == -signal.SIGKILL, points[at - 1]
        assert not target.exists() or listed(target) == whole, points[at - 1]
        assert field.run(*words) == 0
        assert (listed(target), names_in(target.parent)) == (whole, ["image"]), points[at - 1]


def test_an_export_killed_anywhere_leaves_a_whole_bundle_or_none(
    field: Field, committed: Session, tmp_path: Path
) -> None:
    target = tmp_path / "out/b.tar.gz"
    target.parent.mkdir()
    words = ("export", str(target), *WORK, "--with-history", "--allow-issues")
    points = field.points(*words)
    whole = target.read_bytes()
    assert whole == bundle_of(committed).read_bytes()
    ended = []
    for at in tried(points):
        target.unlink(missing_ok=True)
        field.reset()
        assert field.run(*words, fault=f"kill:{at}") == -signal.SIGKILL, points[at - 1]
        ended.append(target.exists())
        assert not target.exists() or target.read_bytes() == whole, points[at - 1]
        assert [path.name for path in target.parent.iterdir() if path != target] == []
    assert {True, False} == set(ended)
    assert field.run(*words) == 0
    assert not (field.session.workspace / "comfydock_cache/bundles").exists()


@pytest.mark.parametrize("fault", ["enospc", "raise"])
def test_an_export_that_fails_anywhere_leaves_the_bundle_before(field: Field, tmp_path: Path, fault: str) -> None:
    target = tmp_path / "out/b.tar.gz"
    target.parent.mkdir()
    words = ("export", str(target), *WORK, "--allow-issues")
    points = field.points(*words)
    target.unlink()
    at = points.index("bundle written") + 1
    assert field.run(*words, fault=f"{fault}:{at}", allowed=(6, 130)) != 0
    assert list(target.parent.iterdir()) == []


def test_an_import_killed_anywhere_ends_with_a_whole_environment_or_none(field: Field, committed: Session) -> None:
    words = ("import", str(bundle_of(committed)), "--name", "copy", "--torch-backend", "cpu", "--models", "skip")
    points = field.points(*words)
    head = git(field.session.environments / "copy/.cec", "rev-parse", "HEAD")
    ended = []
    for at in tried(points)[:: 1 if NIGHTLY else -2]:  # An import takes seconds.
        field.reset()
        assert field.run(*words, fault=f"kill:{at}") == -signal.SIGKILL, points[at - 1]
        settle(field, SCOPE)
        there = "copy" in names_in(field.session.environments)
        ended.append(there)
        if there:
            assert git(field.session.environments / "copy/.cec", "rev-parse", "HEAD") == head, points[at - 1]
            assert git(field.session.environments / "copy/.cec", "status", "--porcelain") == "", points[at - 1]
    assert {True, False} == set(ended)
    field.reset()
    first = points.index("source inspected") + 1
    assert field.run(*words, fault=f"kill:{first}") == -signal.SIGKILL
    assert list(field.session.workspace.glob("comfydock_cache/bundles/*/*")) != []
    assert field.run(*words) == 0
    assert not (field.session.workspace / "comfydock_cache/bundles").exists()


@pytest.fixture
def disk(committed: Session, tmp_path: Path) -> Iterator[Session]:
    """The workspace on a small file system in memory; skips where mounting is not allowed."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "none", str(place)], capture_output=True).returncode:
        pytest.skip("mounting a file system is not allowed here")
    copy_workspace(committed.workspace, place / "workspace")
    yield Session(committed.program, place / "workspace", committed.variables)
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("kilobytes", [0, 4])
def test_a_full_disk_keeps_the_bundle_before(disk: Session, kilobytes: int) -> None:
    target = disk.workspace.parent / "b.tar.gz"
    words = ("export", str(target), *WORK, "--with-history", "--allow-issues")
    disk.ok(*words)
    before = target.read_bytes()
    with filled(disk, kilobytes):
        ran = disk.run(*words)
        assert ran.code == 6, ran
        assert "free some space" in ran.err
    assert target.read_bytes() == before
    assert [path.name for path in target.parent.glob(".*")] == []


@pytest.mark.parametrize("kilobytes", [0, 40, 400])
def test_a_full_disk_makes_no_part_of_an_environment(disk: Session, committed: Session, kilobytes: int) -> None:
    words = ("import", str(bundle_of(committed)), "--name", "copy", "--torch-backend", "cpu", "--models", "skip")
    with filled(disk, kilobytes):
        ran = disk.run(*words)
        assert ran.code == 6, ran
        assert "free some space" in ran.err
    assert "copy" not in names_in(disk.environments)
    disk.ok(*words)
