"""What is checked out is read from git's own files, and git is asked where they do not tell."""

import os
import subprocess
from pathlib import Path

import pytest

from comfydock_core.integrations.git import queries
from comfydock_core.integrations.git.head import read_head, symbolic_head


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    made = tmp_path / "repository"
    _git(tmp_path, "init", "--quiet", "--initial-branch=main", str(made))
    _git(made, "commit", "--quiet", "--allow-empty", "-m", "one")
    return made


def _git(place: Path, *words: str) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@localhost"]
    quiet = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    return subprocess.run(
        ["git", "-C", str(place), *who, *words], env=quiet, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_a_branch_is_read_without_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _git(repository, "switch", "--quiet", "-c", "a/b")
    commit = _git(repository, "rev-parse", "HEAD")
    monkeypatch.setenv("PATH", "")
    assert read_head(str(repository)) == (commit, "a/b")
    assert queries.ref_value(str(repository), "HEAD") == symbolic_head(str(repository)) == "ref: refs/heads/a/b"


def test_a_branch_without_a_commit_is_a_branch(repository: Path) -> None:
    _git(repository, "switch", "--quiet", "--orphan", "new")
    assert read_head(str(repository)) == (None, "new")
    assert queries.ref_value(str(repository), "HEAD") == "ref: refs/heads/new"


def test_a_detached_head_is_the_commit(repository: Path) -> None:
    commit = _git(repository, "rev-parse", "HEAD")
    _git(repository, "checkout", "--quiet", "--detach")
    assert (read_head(str(repository)), symbolic_head(str(repository))) == ((commit, None), None)
    assert queries.ref_value(str(repository), "HEAD") == commit


def test_a_worktree_has_a_head_of_its_own(repository: Path, tmp_path: Path) -> None:
    _git(repository, "worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    assert queries.ref_value(str(tmp_path / "side"), "HEAD") == "ref: refs/heads/side"


def test_a_bare_repository_is_left_to_git(repository: Path, tmp_path: Path) -> None:
    _git(tmp_path, "clone", "--quiet", "--bare", str(repository), "bare.git")
    assert symbolic_head(str(tmp_path / "bare.git")) is None
    assert queries.ref_value(str(tmp_path / "bare.git"), "HEAD") == "ref: refs/heads/main"


def test_the_stand_in_of_the_reftable_format_is_no_branch(repository: Path) -> None:
    """`HEAD` as git writes it there; what is checked out stands in tables."""
    (repository / ".git/HEAD").write_text("ref: refs/heads/.invalid\n")
    assert (read_head(str(repository)), symbolic_head(str(repository))) == ((None, None), None)


@pytest.mark.parametrize("content", ["", "ref: refs/remotes/origin/main\n", "nonsense\n", "ref:refs/heads/main"])
def test_anything_else_is_left_to_git(repository: Path, content: str) -> None:
    (repository / ".git/HEAD").write_text(content)
    assert symbolic_head(str(repository)) is None
