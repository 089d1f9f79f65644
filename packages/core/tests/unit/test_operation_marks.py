"""What a reader sees of operations: the last one, how long its journal is, and whether names are being swapped."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from comfydock_core.models.operation import Initiator
from comfydock_core.repositories import operation_log, operation_marks
from comfydock_core.repositories.operation_log import Journal
from comfydock_core.repositories.operation_marks import (
    consistent,
    is_being_swapped,
    read_mark,
    state_of,
)
from comfydock_core.services.transaction import make_plan
from comfydock_core.services.transaction.planning import swap

LINES = {
    "begin": {
        "line": "begin",
        "v": 1,
        "id": "000001-x",
        "words": ["x"],
        "started": "2026",
        "program": "",
        "undoes": None,
    },
    "plan": {"line": "plan", "fingerprint": "f", "steps": []},
    "apply": {"line": "apply"},
    "done": {"line": "done", "finished": "2026"},
    "undone": {"line": "undone", "finished": "2026"},
}
STORIES = st.sampled_from(
    ["", "begin", "begin plan", "begin plan apply", "begin plan apply done", "begin plan apply undone"]
)
TORN = st.binary(max_size=40).map(lambda tail: tail.replace(b"\n", b"")) | st.integers(0, 9000).map(bytes)


def written(story: str, detail: str = "") -> bytes:
    lines = [LINES[word] | ({"detail": detail} if word == "plan" else {}) for word in story.split()]
    return b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines)


def put_journal(scope: Path, content: bytes, name: str = "000001-x") -> None:
    (scope / ".ops" / name).mkdir(parents=True, exist_ok=True)
    (scope / ".ops" / name / "journal").write_bytes(content)


def test_a_scope_without_operations_has_no_mark(tmp_path: Path) -> None:
    assert read_mark(str(tmp_path)) is None
    assert read_mark(str(tmp_path / "nowhere")) is None
    (tmp_path / ".ops" / ".trash").mkdir(parents=True)
    assert read_mark(str(tmp_path)) is None
    assert not is_being_swapped(None)


def test_a_real_journal_is_followed_from_line_to_line(tmp_path: Path) -> None:
    scope = str(tmp_path)
    (tmp_path / ".ops" / "000009-before").mkdir(parents=True)
    journal = Journal(scope, operation_log.new_id(scope, "node add"))
    plan = make_plan(scope, "node add", [swap(scope, "x", has_new=True, detail="ünï" * 3000)])
    journal.begin(Initiator(("node", "add")), None)
    marks = [read_mark(scope)]
    for write in (lambda: journal.plan(plan, ["file:1"]), journal.apply, lambda: journal.end("done")):
        write()
        marks.append(read_mark(scope))
    assert [mark and mark[0] for mark in marks] == ["000010-node-add"] * 4
    assert [mark and mark[1] for mark in marks] == sorted({mark[1] for mark in marks if mark})
    assert [is_being_swapped(mark) for mark in marks] == [False, False, True, False]


@example("begin plan apply", "", 0, bytes(5000), 0)
@example("begin plan", "apply", 16, b"", 5000)
@given(STORIES, STORIES, st.integers(0, 200), TORN, st.integers(0, 9000))
def test_the_end_of_a_journal_tells_what_the_whole_does(
    tmp_path_factory: pytest.TempPathFactory, story: str, more: str, cut: int, torn: bytes, detail: int
) -> None:
    """Whole lines, then a line that power loss cut somewhere, or zeros."""
    scope = tmp_path_factory.mktemp("scope")
    put_journal(scope, written(story, "x" * detail) + written(more)[:cut].split(b"\n")[0] + torn)
    mark = read_mark(str(scope))
    assert mark is not None
    state = Journal(str(scope), "000001-x").read().state if "plan" in story or "apply" not in story else None
    assert is_being_swapped(mark) == (state == "applying")


@given(st.binary())
def test_any_bytes_have_a_state_or_none(tail: bytes) -> None:
    assert state_of(tail) in (None, "staging", "applying", "done", "undone")


ALMOST_OURS = st.from_regex(r"\A\.?[0-9]{0,9}-?[a-zA-Z0-9-]{0,5}\n?\Z")
OTHERS = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=9)


@given(st.lists(ALMOST_OURS | OTHERS, max_size=9))
def test_the_same_names_are_operations_for_readers_and_for_writers(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    scope = tmp_path_factory.mktemp("scope")
    for name in {name for name in names if name not in ("", ".", "..")}:
        (scope / ".ops" / name).mkdir(parents=True)
    known = operation_log.operation_ids(str(scope))
    mark = read_mark(str(scope))
    numbers = [int(name.partition("-")[0]) for name in known]
    assert (mark is None) == (not known)
    assert mark is None or int(mark[0].partition("-")[0]) == numbers[-1]


def test_what_is_read_between_equal_marks_is_taken_at_once(tmp_path: Path) -> None:
    put_journal(tmp_path, written("begin plan apply done"))
    calls: list[int] = []
    assert consistent(str(tmp_path), lambda: calls.append(1) or len(calls)) == (1, False)  # type: ignore[func-returns-value]


@pytest.mark.parametrize("times", [1, 2, 3])
def test_what_is_read_while_something_ends_is_read_again(tmp_path: Path, times: int) -> None:
    calls: list[int] = []

    def read() -> int:
        calls.append(1)
        if len(calls) <= times:
            put_journal(tmp_path, written("begin plan apply done"), f"{len(calls):06d}-x")
        return len(calls)

    assert consistent(str(tmp_path), read) == (times + 1, False)


def test_what_never_stays_the_same_is_told_as_in_progress(tmp_path: Path) -> None:
    calls: list[int] = []

    def read() -> int:
        calls.append(1)
        put_journal(tmp_path, written("begin plan apply done"), f"{len(calls):06d}-x")
        return len(calls)

    assert consistent(str(tmp_path), read) == (4, True)


def test_an_open_operation_is_told_as_in_progress(tmp_path: Path) -> None:
    put_journal(tmp_path, written("begin plan apply"))
    calls: list[int] = []
    assert consistent(str(tmp_path), lambda: calls.append(1) or len(calls)) == (4, True)  # type: ignore[func-returns-value]


def test_an_error_counts_only_when_nobody_was_changing_anything(tmp_path: Path) -> None:
    calls: list[int] = []

    def read() -> int:
        calls.append(1)
        if len(calls) == 1:
            put_journal(tmp_path, written("begin plan apply done"))
            raise FileNotFoundError
        return len(calls)

    assert consistent(str(tmp_path), read) == (2, False)

    def fail() -> int:
        calls.append(1)
        raise FileNotFoundError

    calls.clear()
    with pytest.raises(FileNotFoundError):
        consistent(str(tmp_path), fail)
    assert len(calls) == 1
    put_journal(tmp_path, written("begin plan apply"))
    with pytest.raises(FileNotFoundError):
        consistent(str(tmp_path), fail)
    assert len(calls) == 5


def test_looking_loads_next_to_nothing() -> None:
    code = (
        "import sys; before = set(sys.modules); import comfydock_core.repositories.operation_marks as m;"
        "m.consistent('.', dict); print(*sorted(set(sys.modules) - before - {'posix'}))"
    )
    environment = {**os.environ, "EAGER_IMPORT": ""}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    ours = {name for name in done.stdout.split() if name.startswith("comfydock_core")}
    assert ours == {
        "comfydock_core", "comfydock_core.repositories", "comfydock_core.repositories.operation_marks",
        "comfydock_core.utils", "comfydock_core.utils.native",
    }  # fmt: skip
    assert not {"json", "dataclasses"} & set(done.stdout.split())
    assert operation_marks.__doc__
