"""One changes a scope at a time: who holds the lock, who waits, and what a death leaves."""

import contextlib
import os
import threading
from pathlib import Path

import pytest

from comfydock_core.models.exceptions import ChangedMeanwhile, ScopeBusy
from comfydock_core.models.operation import Initiator
from comfydock_core.repositories import operation_log
from comfydock_core.repositories.operation_log import Journal
from comfydock_core.services.transaction import locked, make_plan, operation
from comfydock_core.services.transaction.planning import swap
from comfydock_core.services.transaction.settling import unfinished
from comfydock_core.utils import faults
from tests.support.children import Child, Side
from tests.support.reporters import RecordingReporter

from .conftest import INITIATOR, SILENT, carry_out, fill, plan_everything, snapshot


@pytest.fixture
def scope(tmp_path: Path) -> Path:
    fill(tmp_path / "scope")
    return tmp_path / "scope"


def exit_code(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def is_busy(scope: Path) -> bool:
    """Whether another process is kept out."""
    child = os.fork()
    if child == 0:
        code = 2
        try:
            with locked(str(scope), INITIATOR, SILENT):
                code = 0
        except ScopeBusy:
            code = 1
        finally:
            os._exit(code)
    return {0: False, 1: True}[exit_code(child)]


def test_who_holds_a_lock_takes_it_again_and_keeps_it(scope: Path) -> None:
    with locked(str(scope), INITIATOR, SILENT):
        with locked(f"{scope}/../{scope.name}/.", INITIATOR, SILENT):
            assert is_busy(scope)
        assert is_busy(scope)
    assert not is_busy(scope)


def test_a_plan_is_carried_out_under_the_lock_it_was_made_under(scope: Path) -> None:
    before = snapshot(scope)
    with locked(str(scope), INITIATOR, SILENT):
        carry_out(plan_everything(scope))
        assert is_busy(scope)
    assert snapshot(scope) != before
    assert not is_busy(scope)


def test_another_thread_does_not_hold_what_this_one_holds(scope: Path) -> None:
    raised: list[BaseException] = []

    def take() -> None:
        try:
            with locked(str(scope), INITIATOR, SILENT):
                pass
        except ScopeBusy as error:
            raised.append(error)

    with locked(str(scope), INITIATOR, SILENT):
        thread = threading.Thread(target=take)
        thread.start()
        thread.join()
    assert len(raised) == 1


def test_an_operation_inside_another_one_on_the_same_scope_is_refused(scope: Path) -> None:
    before, plan = snapshot(scope), plan_everything(scope)
    with pytest.raises(RuntimeError, match="already in progress"), operation(plan, INITIATOR, SILENT):
        carry_out(plan)
    assert snapshot(scope) == before
    carry_out(plan)


def count_up(scope: Path, wait: float) -> str:
    """A small real operation: read a number, put the next one in its place."""
    initiator = Initiator(("count",), "tests", wait=wait)
    try:
        with locked(str(scope), initiator, SILENT):
            number = int((scope / "number").read_text())
            plan = make_plan(str(scope), "count", [swap(str(scope), "number", has_new=True)])
            with operation(plan, initiator, SILENT) as under_way:
                Path(under_way.place("number")).write_text(str(number + 1))
                under_way.commit()
    except ScopeBusy:
        return "busy"
    return "done"


@pytest.mark.parametrize(("wait", "outcomes"), [(0.0, {"done", "busy"}), (600.0, {"done"})])
def test_of_fifty_at_once_each_is_done_or_told_that_another_is_at_it(
    fast_directory: Path, wait: float, outcomes: set[str]
) -> None:
    scope = fast_directory / "scope"
    scope.mkdir()
    (scope / "number").write_text("0")

    def work(side: Side) -> None:
        side.hear()
        side.say(count_up(scope, wait))

    with contextlib.ExitStack() as stack:
        children = [stack.enter_context(Child(work)) for _ in range(50)]
        for child in children:
            child.say("go")
        ended = [child.hear() for child in children]
    done = ended.count("done")
    print(f"\n50 processes waiting {wait:.0f} s: {done} done, {ended.count('busy')} busy")
    assert set(ended) <= outcomes
    assert done > 0
    assert (scope / "number").read_text() == str(done)
    identifiers = operation_log.operation_ids(str(scope))
    assert identifiers == [f"{number:06d}-count" for number in range(1, done + 1)]
    records = [Journal(str(scope), identifier).read() for identifier in identifiers]
    assert {record.state for record in records} == {"done"}
    assert sorted(os.listdir(scope / ".ops")) == [*identifiers, "lock", "number", "reserve"]


def test_a_scope_removed_while_it_is_waited_for_is_told_and_not_made_again(scope: Path) -> None:
    log = scope.parent / "log"

    def wait(side: Side) -> None:
        faults.arm("", str(log))
        patient = Initiator(wait=600.0)
        with pytest.raises(ChangedMeanwhile, match="no longer there"), locked(str(scope), patient, SILENT):
            pass

    with locked(str(scope), INITIATOR, SILENT), Child(wait) as waiting:
        while not log.exists() or log.read_text().count("lock") < 2:
            os.sched_yield()
        scope.rename(scope.parent / "elsewhere")
        assert waiting.wait() == 0
    assert not scope.exists()


def test_what_was_left_for_others_to_settle_is_settled_when_an_operation_begins(scope: Path) -> None:
    before = snapshot(scope)
    carry_out(plan_everything(scope))
    journal = scope / ".ops" / "000001-test" / "journal"
    journal.write_bytes(journal.read_bytes().partition(b'{"line":"done"')[0])
    reporter = RecordingReporter()
    with locked(str(scope), INITIATOR, reporter, settled=False):
        assert unfinished(str(scope)) is not None
        with locked(str(scope), INITIATOR, reporter):
            assert unfinished(str(scope)) is None
        with locked(str(scope), INITIATOR, reporter):
            pass
    assert len(reporter.warnings) == 1
    assert snapshot(scope) != before


def test_a_child_forked_in_the_middle_of_an_operation_is_somebody_else(scope: Path) -> None:
    with operation(plan_everything(scope), INITIATOR, SILENT) as under_way:
        assert is_busy(scope)
        for name in ("replaced", "added", "file", "link"):
            Path(under_way.place(name)).write_text("new")
        under_way.commit()
    assert not is_busy(scope)
