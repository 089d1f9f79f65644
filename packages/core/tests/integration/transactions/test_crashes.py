"""Whatever stops an operation, wherever: afterwards everything is as before or as after, once it is settled."""

import errno
import itertools
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from comfydock_core.models.exceptions import FileSystemError, OperationDamaged
from comfydock_core.models.operation import RefChange
from comfydock_core.repositories import operation_log
from comfydock_core.repositories.operation_log import Journal
from comfydock_core.services.transaction import locked, plan_undo
from comfydock_core.services.transaction.execution import operation
from comfydock_core.services.transaction.settling import settle, take_back, unfinished
from comfydock_core.utils import faults
from comfydock_core.utils.reporting import SilentReporter

from .conftest import (
    INITIATOR,
    SILENT,
    carry_out,
    fill,
    git,
    killed_in_child,
    plan_everything,
    points,
    snapshot,
)


def settle_scope(scope: Path) -> None:
    with locked(str(scope), INITIATOR, SILENT):
        pass


def undo_scope(scope: Path) -> None:
    """What `operation undo` does with an operation that was stopped: before the commit point away, after it back."""
    with locked(str(scope), INITIATOR, SILENT, settled=False):
        record = unfinished(str(scope))
        if record is not None and record.state == "applying":
            take_back(record)
        else:
            settle(str(scope), SILENT)


def undo_finished(scope: Path) -> None:
    record = Journal(str(scope), operation_log.operation_ids(str(scope))[-1]).read()
    with operation(plan_undo(record), INITIATOR, SILENT) as under_way:
        under_way.commit()


RECOVERIES: tuple[Callable[[Path], None], ...] = (settle_scope, undo_scope)
PAIRS = tuple(itertools.product(RECOVERIES, RECOVERIES))
NIGHTLY = bool(os.environ.get("COMFYDOCK_TEST_NIGHTLY"))


class Field:
    """A scope that is made anew for every run, and the state that it begins in."""

    def __init__(self, directory: Path, prepare: Callable[[Path], None]) -> None:
        self._scope = directory / "scope"
        self._prepare = prepare
        self.old = snapshot(self.fresh())

    def fresh(self) -> Path:
        if self._scope.exists():
            shutil.rmtree(self._scope)
        faults.arm("")
        self._prepare(self._scope)
        return self._scope


def change(scope: Path) -> None:
    carry_out(plan_everything(scope))


def prepare_undo(scope: Path) -> None:
    fill(scope)
    change(scope)


def crash_everywhere(field: Field, work: Callable[[Path], None], title: str) -> None:
    """Kill at every point, recover, kill the recovery at every point, and recover again.

    By night in each way and again in each way, else in one pair of them after the other.
    """
    scope = field.fresh()
    total = points(lambda: work(scope))
    new = snapshot(scope)
    runs = mixed = 0
    for first in range(1, total + 1):
        for recover, again in PAIRS if NIGHTLY else (PAIRS[first % len(PAIRS)],):
            second = 0
            while True:
                second += 1
                scope = field.fresh()
                assert killed_in_child(lambda: work(scope), first)  # noqa: B023 - called at once
                cut = killed_in_child(lambda: recover(scope), second)  # noqa: B023
                mixed += snapshot(scope) not in (field.old, new)
                again(scope)
                runs += 1
                assert snapshot(scope) in (field.old, new), f"{title}: {first}, {recover.__name__} {second}"
                settle_scope(scope)
                assert snapshot(scope) in (field.old, new)
                assert unfinished(str(scope)) is None
                if not cut:
                    break
    print(f"\n{title}: {total} points, {runs} runs, {mixed} mixed before the last recovery")
    assert mixed > 0  # Otherwise nothing was ever stopped in the middle.


def test_a_change_killed_anywhere_and_again_in_its_recovery_ends_old_or_new(fast_directory: Path) -> None:
    crash_everywhere(Field(fast_directory, fill), change, "change")


def test_an_undo_killed_anywhere_and_again_in_its_recovery_ends_old_or_new(fast_directory: Path) -> None:
    crash_everywhere(Field(fast_directory, prepare_undo), undo_finished, "undo")


@pytest.mark.parametrize("action", ["raise", "enospc", "eio"])
def test_an_error_or_an_interrupt_anywhere_leaves_old_or_new(fast_directory: Path, action: str) -> None:
    field = Field(fast_directory, fill)
    scope = field.fresh()
    total = points(lambda: change(scope))
    new = snapshot(scope)
    ended: set[str] = set()
    for at in range(1, total + 1):
        scope = field.fresh()
        faults.arm(f"{action}:{at}")
        try:
            change(scope)
        except (KeyboardInterrupt, FileSystemError, OSError):
            ended.add("error")
        finally:
            faults.arm("")
        before = snapshot(scope)
        settle_scope(scope)
        after = snapshot(scope)
        assert after in (field.old, new)
        ended.add("old" if after == field.old else "new")
        if after == field.old:
            assert before == field.old, "what failed before the commit point needs no settling"
    assert ended == {"error", "old", "new"}


def test_references_move_with_the_names_or_not_at_all(fast_directory: Path) -> None:
    def prepare(scope: Path) -> None:
        fill(scope)
        git(scope, "init", "--quiet", "--initial-branch=main")
        for message in ("one", "two"):
            git(scope, "commit", "--quiet", "--allow-empty", "-m", message)
        git(scope, "branch", "wanted")
        git(scope, "reset", "--quiet", "--soft", "HEAD~1")

    def move(scope: Path) -> None:
        old, new = git(scope, "rev-parse", "main"), git(scope, "rev-parse", "wanted")
        refs = (RefChange(".", "refs/heads/main", old, new), RefChange(".", "refs/tags/made", None, new),
                RefChange(".", "refs/heads/wanted", new, None))  # fmt: skip
        carry_out(plan_everything(scope, refs))

    def state(scope: Path) -> tuple[dict[str, str], str]:
        return snapshot(scope), git(scope, "show-ref")

    field = Field(fast_directory, prepare)
    scope = field.fresh()
    old = state(scope)
    total = points(lambda: move(scope))
    new = state(scope)
    assert old != new
    undo_finished(scope)
    assert state(scope) == old
    ended = set()
    for at, recover in itertools.product(range(1, total + 1), RECOVERIES):
        scope = field.fresh()
        assert killed_in_child(lambda: move(scope), at)  # noqa: B023
        recover(scope)
        assert state(scope) in (old, new)
        ended.add(state(scope) == new)
    assert ended == {True, False}


@pytest.mark.parametrize("tail", [b"", b"\0" * 512, b'{"line": "do', b"\xff\xfe\n", b"[]\n", b"17\n"])
def test_a_journal_torn_anywhere_is_settled_to_old_or_new(fast_directory: Path, tail: bytes) -> None:
    """Power loss: the last line is cut at any byte, or filled with what was on the disk before."""
    field = Field(fast_directory, fill)
    scope = field.fresh()
    change(scope)
    new = snapshot(scope)
    names = sorted(os.listdir(scope / ".ops" / "000001-test"))
    assert names == ["journal", "new", "old", "work"]
    whole = (scope / ".ops" / "000001-test" / "journal").read_bytes()
    applied = whole.index(b'{"line":"apply"}\n') + len(b'{"line":"apply"}\n')
    for cut in range(applied, len(whole) + 1):  # The `apply` line was made durable before a name was touched.
        scope = field.fresh()
        change(scope)
        (scope / ".ops" / "000001-test" / "journal").write_bytes(whole[:cut] + tail)
        settle_scope(scope)
        assert snapshot(scope) == new


def test_a_journal_torn_before_its_commit_point_never_was(fast_directory: Path) -> None:
    field = Field(fast_directory, fill)
    scope = field.fresh()
    at = next(at for at in range(1, 50) if killed_at(field, at) == "applied")
    for cut in range(0, journal_size(field, at), 7):
        scope = field.fresh()
        killed_in_child(lambda: change(scope), at)  # noqa: B023
        path = scope / ".ops" / "000001-test" / "journal"
        content = path.read_bytes()
        path.write_bytes(content[:cut])
        settle_scope(scope)
        assert snapshot(scope) == field.old
        assert operation_log.operation_ids(str(scope)) == []


def killed_at(field: Field, at: int) -> str:
    """The name of a fault point."""
    scope = field.fresh()
    log = scope.parent / "points"
    log.unlink(missing_ok=True)
    faults.arm("", str(log))
    change(scope)
    faults.arm("")
    return log.read_text().splitlines()[at - 1]


def journal_size(field: Field, at: int) -> int:
    scope = field.fresh()
    killed_in_child(lambda: change(scope), at)
    path = scope / ".ops" / "000001-test" / "journal"
    assert [json.loads(line)["line"] for line in path.read_text().splitlines()] == ["begin", "plan", "apply"]
    return path.stat().st_size - len('{"line":"apply"}\n') + 1


def test_what_somebody_changed_after_the_crash_is_never_overwritten(fast_directory: Path) -> None:
    field = Field(fast_directory, fill)
    at = next(at for at in range(1, 60) if killed_at(field, at) == "after rename")
    scope = field.fresh()
    killed_in_child(lambda: change(scope), at)
    assert not (scope / "replaced").exists()
    (scope / "replaced").write_text("a stranger's")
    for recover in RECOVERIES:
        with pytest.raises(OperationDamaged, match="replaced"):
            recover(scope)
    assert (scope / "replaced").read_text() == "a stranger's"
    (scope / "replaced").unlink()
    settle_scope(scope)
    assert (scope / "replaced" / "content").read_text() == "new replaced"


def test_the_reserve_lets_records_be_written_on_a_full_disk(small_disk: Callable[[str], Path]) -> None:
    scope = small_disk("size=600k") / "scope"
    fill(scope)
    old, plan = snapshot(scope), plan_everything(scope)
    with (
        pytest.raises(FileSystemError) as caught,
        operation(plan, INITIATOR, SILENT) as under_way,
        open(f"{under_way.work}/filler", "wb", buffering=0) as filler,
    ):
        while True:
            filler.write(bytes(4096))
    assert caught.value.context["errno"] == errno.errorcode[errno.ENOSPC]
    assert caught.value.hint is not None
    assert snapshot(scope) == old
    assert operation_log.operation_ids(str(scope)) == []
    carry_out(plan_everything(scope))
    assert snapshot(scope) != old


def test_a_read_only_file_system_is_told_and_nothing_changes(small_disk: Callable[[str], Path]) -> None:
    disk = small_disk("size=2m")
    scope = disk / "scope"
    fill(scope)
    old, plan = snapshot(scope), plan_everything(scope)
    os.system(f"mount -o remount,ro '{disk}'")
    with pytest.raises(FileSystemError) as caught:
        carry_out(plan)
    assert caught.value.context["errno"] == "EROFS"
    assert snapshot(scope) == old


def test_settling_says_so_in_one_line(fast_directory: Path) -> None:
    class Heard(SilentReporter):
        def __init__(self) -> None:
            self.warnings: list[str] = []

        def warn(self, text: str) -> None:
            self.warnings.append(text)

    field = Field(fast_directory, fill)
    for name, words in (("journal write", "removed"), ("after rename", "finished now")):
        at = next(at for at in range(1, 60) if killed_at(field, at) == name)
        scope, heard = field.fresh(), Heard()
        killed_in_child(lambda: change(scope), at)  # noqa: B023
        with locked(str(scope), INITIATOR, heard):
            pass
        assert len(heard.warnings) == 1
        assert words in heard.warnings[0]
