"""Bare locks on files."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from comfydock_core.utils.files.file_locks import is_free, take
from tests.support.children import Child, Side


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "lock")


def holding(path: str, *, shared: bool = False) -> Callable[[Side], None]:
    """Work of a child: take the lock, say so, and hold it until told."""

    def hold(side: Side) -> None:
        assert take(path, shared=shared) is not None
        side.say("held")
        side.hear()

    return hold


def can_take(path: str, *, shared: bool = False) -> bool:
    descriptor = take(path, shared=shared)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is not None


def test_a_lock_is_held_by_one(path: str) -> None:
    first = take(path)
    assert first is not None
    assert not can_take(path)
    os.close(first)
    assert can_take(path)


def test_many_share_a_lock_and_keep_out_who_wants_it_alone(path: str) -> None:
    with Child(holding(path, shared=True)) as first, Child(holding(path, shared=True)) as second:
        first.hear(), second.hear()
        assert can_take(path, shared=True)
        assert not can_take(path)
        first.say("end")
        first.wait()
        assert not can_take(path)
        second.say("end")
    assert can_take(path)


def test_who_holds_it_alone_keeps_out_those_who_share(path: str) -> None:
    with Child(holding(path)) as alone:
        alone.hear()
        assert not can_take(path, shared=True)
        alone.say("end")


def test_making_sure_that_it_is_free_leaves_no_file(path: str) -> None:
    assert is_free(path)
    assert not os.path.exists(path)


def test_it_is_not_free_while_somebody_shares_it(path: str) -> None:
    with Child(holding(path, shared=True)) as first:
        first.hear()
        assert not is_free(path)
        first.say("end")
    assert is_free(path)
