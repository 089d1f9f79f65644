"""Answers that are kept for a while, and a cache that never stands in the way."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from comfydock_core.caching.answer_cache import AnswerCache

HOUR = 3600.0


@pytest.fixture
def asked() -> list[int]:
    return []


@pytest.fixture
def ask(asked: list[int]) -> Callable[[], dict[str, object]]:
    def answer() -> dict[str, object]:
        asked.append(1)
        return {"answer": len(asked)}

    return answer


def test_what_was_asked_before_is_not_asked_again(
    tmp_path: Path, ask: Callable[[], dict[str, object]], asked: list[int]
) -> None:
    for _ in range(3):
        assert AnswerCache(str(tmp_path / "new")).remember("x", ["a"], HOUR, ask) == {"answer": 1}
    assert len(asked) == 1


def test_another_question_and_another_subject_are_asked(
    tmp_path: Path, ask: Callable[[], dict[str, object]], asked: list[int]
) -> None:
    cache = AnswerCache(str(tmp_path))
    for subject, question in (("x", ["a"]), ("x", ["a", ""]), ("x", ["", "a"]), ("y", ["a"])):
        cache.remember(subject, question, HOUR, ask)
    assert len(asked) == 4


def test_an_answer_that_is_too_old_or_of_the_future_is_asked_again(
    tmp_path: Path, ask: Callable[[], dict[str, object]], asked: list[int]
) -> None:
    cache = AnswerCache(str(tmp_path))
    cache.remember("x", [], HOUR, ask)
    (file,) = tmp_path.iterdir()
    now = file.stat().st_mtime
    for time in (now - 2 * HOUR, now + HOUR):
        os.utime(file, (time, time))
        cache.remember("x", [], HOUR, ask)
    assert len(asked) == 3


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff", b"[" * 100_000])
def test_a_damaged_answer_is_asked_again_and_replaced(
    tmp_path: Path, ask: Callable[[], dict[str, object]], asked: list[int], content: bytes
) -> None:
    cache = AnswerCache(str(tmp_path))
    cache.remember("x", [], HOUR, ask)
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    assert cache.remember("x", [], HOUR, ask) == {"answer": 2}
    assert cache.remember("x", [], HOUR, ask) == {"answer": 2}


def test_a_place_that_cannot_be_written_costs_the_asking_only(
    tmp_path: Path, ask: Callable[[], dict[str, object]]
) -> None:
    (tmp_path / "file").write_text("")
    cache = AnswerCache(str(tmp_path / "file" / "below"))
    assert cache.remember("x", [], HOUR, ask) == {"answer": 1}
    assert cache.remember("x", [], HOUR, ask) == {"answer": 2}


def test_an_error_of_the_asking_is_passed_on_and_not_kept(tmp_path: Path) -> None:
    def fail() -> dict[str, object]:
        raise OSError("no network")

    with pytest.raises(OSError, match="no network"):
        AnswerCache(str(tmp_path)).remember("x", [], HOUR, fail)
    assert list(tmp_path.iterdir()) == []
