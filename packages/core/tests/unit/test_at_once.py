"""Several things at once."""

import os
import signal
import threading

import pytest

from comfydock_core.utils.at_once import for_each


def test_everything_is_done_once() -> None:
    done: list[int] = []
    for_each(range(500), done.append, threads=4)
    assert sorted(done) == list(range(500))


def test_nothing_to_do_needs_no_thread() -> None:
    for_each([], lambda item: pytest.fail("there is nothing"), threads=4)


def test_as_many_are_at_work_as_asked_for() -> None:
    meeting = threading.Barrier(4, timeout=60)
    for_each(range(4), lambda item: meeting.wait(), threads=4)


def test_the_first_error_is_raised_and_ends_it() -> None:
    begun: list[int] = []

    def fail(item: int) -> None:
        begun.append(item)
        raise ValueError(item)

    with pytest.raises(ValueError):
        for_each(range(1000), fail, threads=2)
    assert len(begun) <= 2


def test_after_an_interrupt_nothing_is_at_work_any_more() -> None:
    begun: list[int] = []
    ended: list[int] = []

    def interrupt_once(item: int) -> None:
        begun.append(item)
        if len(begun) == 1:
            os.kill(os.getpid(), signal.SIGINT)
        ended.append(item)

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        for_each(range(100_000), interrupt_once, threads=2)
    assert sorted(begun) == sorted(ended)
    assert threading.active_count() == before
