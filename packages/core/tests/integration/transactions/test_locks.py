"""One changes a scope at a time: who holds the lock, who waits, and what a death leaves."""

import os
import threading
from pathlib import Path

import pytest

from comfydock_core.models.exceptions import ScopeBusy
from comfydock_core.services.transaction import locked, operation

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
    with pytest.raises(RuntimeError, match="under way"), operation(plan, INITIATOR, SILENT):
        carry_out(plan)
    assert snapshot(scope) == before
    carry_out(plan)
