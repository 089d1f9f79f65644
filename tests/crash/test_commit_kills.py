"""The program killed at every point of a commit, and again at every point of what puts that right: old or new, whole.

Always run: one kill at each kind of point. With `COMFYDOCK_TEST_NIGHTLY=1` at every point, both ways of recovery, and
those killed at every point, too; without, that is done where the first kill came between the index and the branch.
"""

import os
import shutil
from pathlib import Path

import pytest

from tests.crash.conftest import Field
from tests.crash.recovering import both_seen, recovered, trials, undo_killed_anywhere_ends_old_or_new
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
    for place in recovered(commits, COMMIT, points, trials(points, thoroughly=(between,))):
        state = history(commits)
        assert state in (old, new), place
        ended["old" if state == old else "new"] += 1
    both_seen("commit", points, ended)


def test_the_undo_of_a_commit_killed_at_any_point_ends_old_or_new(commits: Field) -> None:
    undo_killed_anywhere_ends_old_or_new(commits, COMMIT, history)


def test_a_lock_that_a_killed_git_left_is_told_and_the_commit_goes_on_without_it(commits: Field) -> None:
    commits.reset()
    lock = commits.session.environments / "work/.cec/.git/index.lock"
    lock.write_text("")
    error = commits.session.error(*COMMIT)
    assert (error["code"], error["exit_code"], error["context"]) == ("repository-busy", 7, {"path": str(lock)})
    os.unlink(lock)
    assert commits.run(*COMMIT) == 0
