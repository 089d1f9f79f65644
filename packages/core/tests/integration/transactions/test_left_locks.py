"""Locks that a killed git left on a reference: they must not stop what is to be finished, and a living git's must."""

import os
import time
from pathlib import Path

import pytest

from comfydock_core.integrations.git.left_locks import remove_left_locks
from comfydock_core.models.exceptions import GitFailed
from comfydock_core.models.operation import ChangePlan, RefChange
from comfydock_core.services.transaction import locked, make_plan, operation
from comfydock_core.services.transaction.settling import unfinished
from comfydock_core.utils import faults
from tests.support.children import Child, Side

from .conftest import INITIATOR, SILENT, git, killed_in_child

MAIN = "refs/heads/main"


@pytest.fixture
def scope(fast_directory: Path) -> Path:
    scope = fast_directory / "scope"
    scope.mkdir()
    git(scope, "init", "--quiet", "--initial-branch=main")
    for message in ("one", "two"):
        git(scope, "commit", "--quiet", "--allow-empty", "-m", message)
    return scope


def back(scope: Path) -> ChangePlan:
    """Move the branch back by one."""
    old, new = git(scope, "rev-parse", "HEAD"), git(scope, "rev-parse", "HEAD~1")
    return make_plan(str(scope), "back", [RefChange(".", MAIN, old, new)])


def perform(plan: ChangePlan) -> None:
    with operation(plan, INITIATOR, SILENT) as under_way:
        under_way.commit()


def stopped(scope: Path) -> str:
    """An operation killed just before it moves the reference; where that is to lead to."""
    plan, log = back(scope), scope.parent / "log"
    faults.arm("", str(log))
    with operation(plan, INITIATOR, SILENT) as under_way:
        under_way.commit()
    at = log.read_text().splitlines().index("before ref") + 1
    faults.arm("")
    git(scope, "update-ref", MAIN, plan.steps[0].old)  # type: ignore[union-attr, arg-type]
    assert killed_in_child(lambda: perform(plan), at)
    return plan.steps[0].new or ""  # type: ignore[union-attr]


def leave_lock(scope: Path, content: str, *, age: float = 0.0, name: str = f"{MAIN}.lock") -> Path:
    path = scope / ".git" / name
    path.write_text(content)
    os.utime(path, (time.time() - age,) * 2)
    return path


@pytest.mark.parametrize(("name", "content"), [(f"{MAIN}.lock", ""), (f"{MAIN}.lock", "new"), ("HEAD.lock", "")])
def test_what_the_stopped_move_left_is_removed_and_the_move_finished(scope: Path, name: str, content: str) -> None:
    new = stopped(scope)
    lock = leave_lock(scope, f"{new}\n" if content else "", name=name)
    with locked(str(scope), INITIATOR, SILENT):
        assert unfinished(str(scope)) is None
    assert git(scope, "rev-parse", "main") == new
    assert not lock.exists()


@pytest.mark.parametrize("name", [f"{MAIN}.lock", "HEAD.lock", "packed-refs.lock"])
def test_what_is_older_than_any_git_would_be_at_it_is_nobody_s(scope: Path, name: str) -> None:
    lock = leave_lock(scope, "whatever", age=100, name=name)
    remove_left_locks(str(scope), MAIN, "0" * 40)
    assert not lock.exists()


def test_what_somebody_else_holds_is_left_alone_and_told(scope: Path) -> None:
    stopped(scope)
    lock = leave_lock(scope, "somebody else's\n")
    with pytest.raises(GitFailed, match=r"main\.lock"), locked(str(scope), INITIATOR, SILENT):
        pass
    assert lock.read_text() == "somebody else's\n"
    lock.unlink()
    with locked(str(scope), INITIATOR, SILENT):
        assert unfinished(str(scope)) is None


def test_one_that_goes_away_by_itself_is_waited_for(scope: Path) -> None:
    new = stopped(scope)
    lock = leave_lock(scope, f"{new}\n")

    def living_git(side: Side) -> None:
        side.hear()
        lock.unlink()

    with Child(living_git) as other:
        other.say("go on")
        with locked(str(scope), INITIATOR, SILENT):
            assert unfinished(str(scope)) is None
    assert git(scope, "rev-parse", "main") == new


def test_a_fresh_change_takes_no_lock_away(scope: Path) -> None:
    before, plan = git(scope, "rev-parse", "main"), back(scope)
    lock = leave_lock(scope, "", age=1000)
    with pytest.raises(GitFailed, match=r"main\.lock"):
        perform(plan)
    assert lock.exists()
    assert git(scope, "rev-parse", "main") == before
    assert unfinished(str(scope)) is None


def test_where_there_is_no_repository_there_is_nothing_to_remove(tmp_path: Path) -> None:
    remove_left_locks(str(tmp_path), MAIN, None)
    assert list(tmp_path.iterdir()) == []
