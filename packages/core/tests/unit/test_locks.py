"""Locks between processes: who gets one, what a death leaves, and what stands in for locks where there are none."""

import contextlib
import errno
import fcntl
import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comfydock_core.models.exceptions import ScopeBusy
from comfydock_core.utils import faults, processes
from comfydock_core.utils.files import locks
from comfydock_core.utils.files.locks import Owner, acquire
from tests.support.children import Child, Side, open_directory, without_privileges

FOREVER = 600.0  # No test waits as long; the runner would give up first.


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "lock")


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without locks."""

    def refuse(descriptor: int, how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)


def holding(path: str, words: str = "first") -> Callable[[Side], None]:
    """Work of a child: take the lock, say so, and hold it until told."""

    def hold(side: Side) -> None:
        with acquire(path, "it", words):
            side.say("held")
            side.hear()

    return hold


def is_free(path: str) -> bool:
    try:
        with acquire(path, "it", "look"):
            return True
    except ScopeBusy:
        return False


def until_refused(log: Path) -> None:
    """Until another process, which logs its attempts there, begins its second one."""
    while not log.exists() or log.read_text().count("lock") < 2:
        os.sched_yield()


def test_the_second_is_told_who_is_first(path: str) -> None:
    with Child(holding(path, "comfydock sync -e demo")) as first:
        first.hear()
        with pytest.raises(ScopeBusy, match="comfydock sync -e demo") as caught, acquire(path, "it", "second"):
            pass
        assert str(first.pid) in caught.value.message
        assert caught.value.context["owner"]["pid"] == first.pid  # type: ignore[index]
        first.say("end")
    assert is_free(path)


def test_who_waits_gets_the_lock_when_the_first_ends(path: str, tmp_path: Path) -> None:
    log = tmp_path / "log"

    def wait(side: Side) -> None:
        faults.arm("", str(log))
        with acquire(path, "it", "second", wait=FOREVER):
            side.say(str(faults.passed()))

    with Child(holding(path)) as first:
        first.hear()
        with Child(wait) as second:
            until_refused(log)
            first.say("end")
            assert int(second.hear()) > 1  # It tried while the first held it.


def test_waiting_ends_when_the_time_is_over(path: str) -> None:
    with Child(holding(path)) as first:
        first.hear()
        faults.arm("")
        with pytest.raises(ScopeBusy), acquire(path, "it", "second", wait=0.12):
            pass
        assert faults.passed() > 1
        first.say("end")


def test_a_killed_owner_leaves_the_lock_free_at_once(path: str) -> None:
    with Child(holding(path)) as first:
        first.hear()
        assert not is_free(path)
        first.kill()
    assert is_free(path)


def stay(side: Side) -> None:
    side.say("here")
    signal.pause()


def test_neither_a_forked_nor_a_spawned_child_keeps_the_lock_of_its_dead_parent(path: str) -> None:
    def parent(side: Side) -> None:
        with acquire(path, "it", "parent"):
            spawned = subprocess.Popen(["sleep", "1000"], close_fds=False)
            forked = Child(stay)
            forked.hear()  # Only then has it run what a forked child runs first: it lets go of the lock there.
            side.say(f"{spawned.pid} {forked.pid}")
            side.hear()

    with Child(parent) as first:
        orphans = [int(pid) for pid in first.hear().split()]
        first.kill()
        try:
            assert [processes.start_of(pid) is not None for pid in orphans] == [True, True]
            assert is_free(path)
        finally:
            for pid in orphans:
                os.kill(pid, signal.SIGKILL)


class Left(BaseException):
    """How a forked child leaves its parent's block."""


def fork_that_leaves(path: str) -> None:
    """Take the lock and fork; the child leaves the block, with a file open in the place of what it let go."""
    opened = -1
    try:
        with acquire(path, "it", "parent"):
            child = os.fork()
            if child == 0:
                opened = os.open(os.devnull, os.O_RDONLY)
                raise Left
            assert os.waitpid(child, 0)[1] == 0
            with Child(lambda side: side.say(f"{is_free(path)}")) as other:
                assert other.hear() == "False"
    except Left:
        os._exit(0 if os.get_blocking(opened) else 1)  # Fails when it was closed as if it were the lock.


def test_a_forked_child_that_leaves_the_block_takes_nothing_from_its_parent(path: str) -> None:
    fork_that_leaves(path)
    assert is_free(path)


def test_who_waits_takes_the_new_lock_when_the_directory_is_another_one(tmp_path: Path) -> None:
    directory, log = tmp_path / "scope", tmp_path / "log"
    directory.mkdir()

    def wait(side: Side) -> None:
        faults.arm("", str(log))
        with acquire(f"{directory}/lock", "it", "second", wait=FOREVER):
            side.say("held")
            side.hear()

    with Child(holding(f"{directory}/lock")) as first:
        first.hear()
        with Child(wait) as second:
            until_refused(log)
            (tmp_path / "fresh").mkdir()
            directory.rename(tmp_path / "old")
            (tmp_path / "fresh").rename(directory)
            second.hear()
            assert not is_free(f"{directory}/lock")
            assert not is_free(f"{tmp_path}/old/lock")
            second.say("end")
        first.say("end")


def test_who_waits_is_told_when_the_directory_is_removed(tmp_path: Path) -> None:
    directory, log = tmp_path / "scope", tmp_path / "log"
    directory.mkdir()

    def wait(side: Side) -> None:
        faults.arm("", str(log))
        with pytest.raises(FileNotFoundError), acquire(f"{directory}/lock", "it", "second", wait=FOREVER):
            pass

    with Child(holding(f"{directory}/lock")) as first:
        first.hear()
        with Child(wait) as second:
            until_refused(log)
            directory.rename(tmp_path / "old")
            assert second.wait() == 0
        first.say("end")


def test_a_lock_file_that_is_replaced_while_it_is_locked_is_taken_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, real = tmp_path / "scope", fcntl.flock
    directory.mkdir()

    def replace_first(descriptor: int, how: int) -> None:
        monkeypatch.setattr(fcntl, "flock", real)
        directory.rename(tmp_path / "old")
        directory.mkdir()
        real(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", replace_first)
    with (
        acquire(f"{directory}/lock", "it", "first"),
        Child(lambda side: side.say(f"{is_free(f'{directory}/lock')}")) as other,
    ):
        assert other.hear() == "False"
    assert is_free(f"{tmp_path}/old/lock")


def test_the_lock_file_is_never_deleted(path: str) -> None:
    with acquire(path, "it", "first"):
        known = os.stat(path).st_ino
    for _ in range(3):
        with contextlib.suppress(ValueError), acquire(path, "it", "again"):
            raise ValueError
        assert os.stat(path).st_ino == known


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
NOTES = st.fixed_dictionaries({name: st.none() | st.integers() | st.text(max_size=8) for name in Owner.__slots__})


@given(st.binary(max_size=300) | (VALUES | NOTES).map(lambda value: json.dumps(value).encode()))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
def test_whatever_a_lock_file_holds_it_can_be_locked_and_told_of(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "lock"
    path.write_bytes(content)
    owner = Owner.read(str(path))
    assert owner is None or (owner.pid > 0 and isinstance(owner.is_gone, bool))
    with acquire(str(path), "it", "first"):
        note = path.read_bytes()
        path.write_bytes(content)
        assert locks._busy(str(path), "it").exit_code == 7
    assert json.loads(note)["words"] == "first"


@pytest.mark.parametrize("content", [b"[" * 100_000, b"\0" * 5_000_000, b'{"pid": 99999999999999999999}'])
def test_odd_notes_are_no_notes(path: str, content: bytes) -> None:
    Path(path).write_bytes(content)
    assert Owner.read(path) is None
    assert is_free(path)


def test_a_directory_in_the_place_of_the_lock_file_is_an_error_and_not_busy(path: str) -> None:
    os.mkdir(path)
    with pytest.raises(IsADirectoryError), acquire(path, "it", "first"):
        pass


def test_a_lock_file_that_may_not_be_opened_is_an_error_and_not_busy() -> None:
    def try_it() -> None:
        with pytest.raises(PermissionError), acquire(str(path), "it", "first", wait=FOREVER):
            pass

    with open_directory() as directory:
        path = directory / "lock"
        path.touch(mode=0)
        without_privileges(try_it)


def test_words_of_any_kind_are_told(path: str) -> None:
    words = "comfydock node add \udcff\n'ünï'"
    with acquire(path, "it", words):
        owner = Owner.read(path)
        assert owner is not None
        assert owner.words == words


# File systems without locks.


def test_without_locks_a_living_owner_keeps_others_out(path: str, no_locks: None) -> None:
    with Child(holding(path, "comfydock sync")) as first:
        first.hear()
        with pytest.raises(ScopeBusy, match="comfydock sync") as caught, acquire(path, "it", "second"):
            pass
        assert f"{path}.owner" in (caught.value.hint or "")
        first.say("end")
    assert not os.path.exists(f"{path}.owner")
    assert is_free(path)


@pytest.mark.parametrize("waited_for", [True, False], ids=["gone", "zombie"])
def test_without_locks_a_killed_owner_is_followed(path: str, no_locks: None, waited_for: bool) -> None:
    with Child(holding(path)) as first:
        first.hear()
        if waited_for:
            first.kill()
        else:
            os.kill(first.pid, signal.SIGKILL)
            os.waitid(os.P_PID, first.pid, os.WEXITED | os.WNOWAIT)
        assert os.path.exists(f"{path}.owner")
        assert is_free(path)
        if not waited_for:
            first.wait()


def note(path: str, **facts: object) -> None:
    """Leave a note of this process, but for some facts."""
    owner = Owner.this_process("left behind")
    known = {name: getattr(owner, name) for name in Owner.__slots__}
    Path(f"{path}.owner").write_text(json.dumps({**known, **facts}))


DEAD = 2**22 + 1  # Beyond the greatest number that Linux gives a process.


@pytest.mark.parametrize(
    ("facts", "free"),
    [
        ({}, False),
        ({"start": "1"}, True),  # The number belongs to another process by now.
        ({"start": ""}, False),  # The system did not tell when it started.
        ({"pid": DEAD}, True),
        ({"pid": DEAD, "start": ""}, True),
        ({"pid": DEAD, "host": "elsewhere"}, False),
        ({"pid": DEAD, "namespace": "pid:[1]"}, False),
        ({"boot": "an earlier one"}, True),
        ({"boot": "an earlier one", "namespace": "pid:[1]"}, True),
        ({"boot": "another one", "host": "elsewhere"}, False),
        ({"pid": "odd"}, False),
    ],
)
def test_without_locks_only_who_is_certainly_gone_is_followed(
    path: str, no_locks: None, facts: dict[str, object], free: bool
) -> None:
    note(path, **facts)
    if free:
        assert is_free(path)
        assert not os.path.exists(f"{path}.owner")
        return
    with pytest.raises(ScopeBusy) as caught, acquire(path, "it", "second"):
        pass
    assert f"remove `{path}.owner`" in (caught.value.hint or "")
    assert os.path.exists(f"{path}.owner")


def test_without_locks_a_file_without_a_note_is_not_taken_over_but_named(path: str, no_locks: None) -> None:
    Path(f"{path}.owner").touch()
    with pytest.raises(ScopeBusy) as caught, acquire(path, "it", "second"):
        pass
    assert f"remove `{path}.owner`" in (caught.value.hint or "")


def test_without_locks_a_death_while_taking_over_stops_nobody(path: str, no_locks: None) -> None:
    note(path, pid=DEAD)
    os.rename(f"{path}.owner", f"{path}.owner.taking-over")
    note(path, pid=DEAD)
    assert is_free(path)
    assert [name for name in os.listdir(os.path.dirname(path)) if name != "lock"] == []


def test_without_locks_and_hard_links_it_still_works(
    path: str, no_locks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: str, target: str) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    with Child(holding(path)) as first:
        first.hear()
        assert not is_free(path)
        first.kill()
    assert is_free(path)


def test_without_locks_a_forked_child_does_not_take_the_file_away(path: str, no_locks: None) -> None:
    fork_that_leaves(path)
    assert is_free(path)


def test_without_locks_nobody_takes_over_what_another_is_taking_over(path: str, no_locks: None) -> None:
    """The first is stopped when it has found the owner gone, and before it removes the file."""

    def take_over(side: Side) -> None:
        faults.arm("stop:2")
        with acquire(path, "it", "first"):
            side.say("held")
            side.hear()

    note(path, pid=DEAD)
    with Child(take_over) as first:
        assert os.WIFSTOPPED(os.waitpid(first.pid, os.WUNTRACED)[1])
        assert not is_free(path)
        os.kill(first.pid, signal.SIGCONT)
        first.hear()
        assert not is_free(path)
        first.say("end")
    assert is_free(path)


def test_of_many_that_find_an_abandoned_file_exactly_one_gets_it(path: str, no_locks: None) -> None:
    rounds, many = 60, 8

    def race(side: Side) -> None:
        while side.hear() == "go":
            with contextlib.ExitStack() as held:
                try:
                    held.enter_context(acquire(path, "it", "racing"))
                except ScopeBusy:
                    side.say("busy")
                else:
                    side.say("held")
                side.hear()  # Everybody has tried.
            side.say("free")

    with contextlib.ExitStack() as stack:
        children = [stack.enter_context(Child(race)) for _ in range(many)]
        for _ in range(rounds):
            note(path, pid=DEAD)
            for child in children:
                child.say("go")
            answers = [child.hear() for child in children]
            for child in children:
                child.say("end")
            assert [child.hear() for child in children] == ["free"] * many
            assert answers.count("held") == 1, answers
            assert not os.path.exists(f"{path}.owner")
        for child in children:
            child.say("stop")
    print(f"\n{rounds} rounds of {many} processes: one winner in each")
