"""The program killed at every point of a commit, and again at every point of what puts that right: old or new, whole.

Always run: one kill at each kind of point. With `COMFYDOCK_TEST_NIGHTLY=1` at every point, both ways of recovery, and
those killed at every point, too; without, that is done where the first kill came between the index and the branch.
"""

import itertools
import os
import shutil
import signal
from pathlib import Path

import pytest

from tests.crash.conftest import Field
from tests.crash.recovering import NIGHTLY, WAYS, settle, tried
from tests.support.miniature import git
from tests.support.sessions import Session

WORK = ("-e", "work")
COMMIT = ("commit", "-m", "mine", "--with-patches", *WORK)
FIXED = {"GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z"}


@pytest.fixture(scope="session")
def saved(prepared: Session, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """The prepared workspace with workflows of which some are committed, and changes in git's index and in ComfyUI."""
    first = Session(prepared.program, prepared.workspace, {**prepared.variables, **FIXED})
    session = Field(first, tmp_path_factory.mktemp("saved")).session
    workflows = session.environments / "work/ComfyUI/user/default/workflows"
    workflows.mkdir(parents=True, exist_ok=True)
    for name in ("stays", "changes", "goes"):
        (workflows / f"{name}.json").write_text('{"nodes": []}')
    session.ok(*COMMIT)
    session.ok("operation", "prune", *WORK)
    (workflows / "changes.json").write_text('{"nodes": [1]}')
    (workflows / "goes.json").unlink()
    (workflows / "comes.json").write_text('{"nodes": [2]}')
    with open(session.environments / "work/ComfyUI/main.py", "a", encoding="utf-8") as main:
        main.write("# mine\n")
    definition = session.environments / "work/.cec"
    (definition / "mine.md").write_text("mine")
    git(definition, "add", "mine.md")
    return session


@pytest.fixture(params=["singly", "whole"])
def commits(request: pytest.FixtureRequest, saved: Session, tmp_path: Path) -> Field:
    """With few workflows that differ, or with those of a new folder, which come with the whole."""
    field = Field(saved, tmp_path)
    if request.param == "whole":
        place = tmp_path / "first"
        shutil.copytree(saved.workspace, place, symlinks=True)
        inner = place / "environments/work/ComfyUI/user/default/workflows/sub"
        inner.mkdir()
        (inner / "x.json").write_text('{"nodes": []}')
        field = Field(Session(saved.program, place, saved.variables), tmp_path)
    return field


def history(field: Field) -> dict[str, object]:
    """What git says and what lies in the definition; objects that nothing refers to do not count."""
    definition = field.session.environments / "work/.cec"
    assert git(definition, "fsck", "--strict", "--no-dangling", "--no-progress") == ""
    assert sorted(path.name for path in (definition / ".git").rglob("*.lock")) == []
    aside = (".git/objects/", ".git/logs/", ".git/index")
    files = {path: one for path, one in field.state().items() if path.startswith("environments/work/")}
    kept = {path: one for path, one in files.items() if not any(part in path for part in aside)}
    staged = git(definition, "ls-files", "--stage")
    return {**kept, "staged": staged, "status": git(definition, "status", "--porcelain")}


def test_a_commit_killed_at_any_point_twice_ends_old_or_new(commits: Field) -> None:
    commits.reset()
    old = history(commits)
    points = commits.points(*COMMIT)
    new = history(commits)
    assert {
        "objects made",
        "workflows staged",
        "patches staged",
        "index locked",
        "index unlocked",
        "before ref",
    } <= set(points)
    assert (new["status"], old["status"] != "") == ("", True)
    between = points.index("before ref") + 1
    ended = {"old": 0, "new": 0}
    for at in sorted({*tried(points), between}):
        for recover in WAYS if NIGHTLY or at == between else (WAYS[at % 2],):
            for second in itertools.count(1) if NIGHTLY or at == between else (0,):
                commits.reset()
                assert commits.run(*COMMIT, fault=f"kill:{at}") == -signal.SIGKILL, points[at - 1]
                cut = recover(commits, fault=f"kill:{second}" if second else "")
                settle(commits)
                state = history(commits)
                place = f"{at} ({points[at - 1]}), {recover.__name__} {second}"
                assert state in (old, new), place
                ended["old" if state == old else "new"] += 1
                if cut == 0:
                    break
    print(f"\ncommit: {len(points)} points, {sum(ended.values())} runs, {ended}")
    assert min(ended.values()) > 0


def test_the_undo_of_a_commit_killed_at_any_point_ends_old_or_new(commits: Field) -> None:
    commits.reset()
    old = history(commits)
    assert commits.run(*COMMIT) == 0
    new = history(commits)
    log = commits.session.workspace.parent / "points"
    log.unlink(missing_ok=True)
    assert commits.run("undo", *WORK, log=log) == 0
    assert history(commits) == old
    points = log.read_text().splitlines()
    for at in tried(points):
        commits.reset()
        assert commits.run(*COMMIT) == 0
        assert commits.run("undo", *WORK, fault=f"kill:{at}") == -signal.SIGKILL, points[at - 1]
        settle(commits)
        assert history(commits) in (old, new), f"{at} ({points[at - 1]})"


def test_a_lock_that_a_killed_git_left_is_told_and_the_commit_goes_on_without_it(commits: Field) -> None:
    commits.reset()
    lock = commits.session.environments / "work/.cec/.git/index.lock"
    lock.write_text("")
    error = commits.session.error(*COMMIT)
    assert (error["code"], error["exit_code"], error["context"]) == ("repository-busy", 7, {"path": str(lock)})
    os.unlink(lock)
    assert commits.run(*COMMIT) == 0
