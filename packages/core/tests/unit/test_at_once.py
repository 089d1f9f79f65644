"""Several things at once."""

import os
import signal
import threading

import pytest

from comfydock_core.utils.at_once import for_each, work_off


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


def test_work_that_brings_up_more_is_done_to_its_end() -> None:
    done: list[int] = []

    def count_down(number: int) -> list[int]:
        done.append(number)
        return [number - 1] * 2 if number > 0 else []

    work_off([9], count_down, threads=4)
    assert sorted(done) == sorted(number for number in range(10) for _ in range(2 ** (9 - number)))


def test_those_without_work_wait_for_what_others_bring_up() -> None:
    meeting = threading.Barrier(3, timeout=60)

    def meet(number: int) -> list[int]:
        if number == 0:
            return [1, 1, 1]
        meeting.wait()
        return []

    work_off([0], meet, threads=3)


def test_an_error_ends_work_that_brings_up_more() -> None:
    def fail_deep_down(number: int) -> list[int]:
        if number == 50:
            raise ValueError(number)
        return [number + 1, number + 1]

    with pytest.raises(ValueError, match="50"):
        work_off([0], fail_deep_down, threads=4)
