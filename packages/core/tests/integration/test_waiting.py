"""Waiting for others: everybody is named, nobody is waited for without end, and no child outlives a killed command."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from comfydock_core.analyzers.doctor.workspace import check_workspace
from comfydock_core.caching.mirror_names import mirror_key
from comfydock_core.caching.repository_mirrors import RepositoryMirrors
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.integrations import process
from comfydock_core.integrations.git import mirrors, remotes, runner
from comfydock_core.models.exceptions import NetworkUnavailable, ScopeBusy
from comfydock_core.utils.files import locks
from comfydock_core.utils.reporting import SilentReporter
from tests.support.children import Child, Side
from tests.support.lying_server import lying, silence
from tests.support.waiting import heard

ELSEWHERE = "https://me:secret@example.invalid/alice/pack"
TAKE_AND_LEAVE = """
import fcntl, os, subprocess, sys
lock = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
fcntl.flock(lock, fcntl.LOCK_EX)
print(subprocess.Popen(["sleep", "1000"], pass_fds=[lock], stdout=-3, stderr=-3).pid)  # DEVNULL
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "lock")


def holding(path: str) -> Callable[[Side], None]:
    def hold(side: Side) -> None:
        with locks.acquire(path, "it", "first https://me:secret@host/a"):
            side.say("held")
            side.hear()

    return hold


def orphan_with(path: str) -> int:
    """A process that holds a lock which its dead parent took."""
    done = subprocess.run([sys.executable, "-c", TAKE_AND_LEAVE, path], capture_output=True, text=True, check=True)
    return int(done.stdout)


def end(pid: int) -> None:
    """Kill a process that is not a child of ours, and wait until it is gone."""
    descriptor = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    select.select([descriptor], [], [])
    os.close(descriptor)


def test_who_holds_a_lock_is_named_while_it_is_waited_for(path: str) -> None:
    with Child(holding(path)) as first, heard() as told:
        first.hear()
        with pytest.raises(ScopeBusy):
            locks.acquire(path, "it", "second", wait=0.2).__enter__()
        first.say("end")
    assert len(told) == 1
    assert f"process {first.pid} " in told[0]


def test_nothing_is_told_of_a_wait_that_is_short(path: str) -> None:
    with Child(holding(path)) as first, heard(told_after=600) as told:
        first.hear()
        with pytest.raises(ScopeBusy):
            locks.acquire(path, "it", "second", wait=0.1).__enter__()
        first.say("end")
    assert told == []


def test_an_orphan_that_holds_a_lock_is_named_with_its_command(path: str) -> None:
    orphan = orphan_with(path)
    try:
        with pytest.raises(ScopeBusy) as raised:
            locks.acquire(path, "it", "second").__enter__()
    finally:
        end(orphan)
    assert f"process {orphan} (`sleep 1000`)" in raised.value.message


def test_who_only_waits_for_a_lock_is_not_taken_for_its_holder(path: str) -> None:
    def wait(side: Side) -> None:
        with open(path, "rb"):
            side.say("open")
            side.hear()

    with Child(holding(path)) as first:
        first.hear()
        with Child(wait) as second:
            second.hear()
            assert locks.processes.lock_holders(path) == [first.pid]
            second.say("end")
        first.say("end")


def test_another_command_that_uses_a_mirror_is_waited_for_as_long_as_was_wished(tmp_path: Path) -> None:
    with Child(holding(f"{tmp_path}/{mirror_key(ELSEWHERE)}.lock")) as first, heard(patience=0.2) as told:
        first.hear()
        with pytest.raises(ScopeBusy) as raised:
            RepositoryMirrors(str(tmp_path)).fetched_commit(ELSEWHERE, "main", reporter=SilentReporter())
        first.say("end")
    assert f"process {first.pid} " in raised.value.message
    assert "example.invalid/alice/pack" in told[0]
    assert "secret@example" not in told[0] + raised.value.message


def test_doctor_names_who_holds_a_place_in_a_cache(tmp_path: Path) -> None:
    layout = WorkspaceLayout(str(tmp_path))
    os.makedirs(layout.git_mirrors)
    orphan = orphan_with(f"{layout.git_mirrors}/pack.lock")
    try:
        found = [finding for finding in check_workspace(layout) if finding.code == "cache-in-use"]
    finally:
        end(orphan)
    assert [f"process {orphan} (`sleep 1000`)" in finding.message for finding in found] == [True]
    assert [finding for finding in check_workspace(layout) if finding.code == "cache-in-use"] == []


def test_no_child_outlives_a_command_that_is_killed() -> None:
    """Neither the program that was started nor what that started itself."""

    def work(side: Side) -> None:
        script = "echo $$; sleep 1000 & echo $!; wait"
        process.stream(["sh", "-c", script], cwd="/", env=dict(os.environ), on_line=side.say)

    with Child(work) as command:
        watched = [os.pidfd_open(int(command.hear())) for _ in range(2)]
        command.kill()
        for descriptor in watched:
            select.select([descriptor], [], [])  # Readable when the process is gone; the runner's limit is ours.
            os.close(descriptor)


def test_what_ended_is_not_ended_again(tmp_path: Path) -> None:
    """Its number may belong to somebody else by then: a group that is forgotten lives on."""
    stranger = subprocess.Popen(["sleep", "1000"], start_new_session=True)

    def work(side: Side) -> None:
        process.guard.watch(stranger.pid)
        process.guard.watch(1 << 22)  # No process has this number.
        process.guard.forget(stranger.pid)
        script = "echo $$; sleep 1000"
        process.stream(["sh", "-c", script], cwd="/", env=dict(os.environ), on_line=side.say)

    with Child(work) as command:
        descriptor = os.pidfd_open(int(command.hear()))
        command.kill()
        select.select([descriptor], [], [])
        os.close(descriptor)
    try:
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_program_that_falls_silent_is_told_and_stopped(tmp_path: Path) -> None:
    lines: list[str] = []
    silent = process.Silence(0.2, "somebody")
    with heard() as told, pytest.raises(process.FellSilent):
        process.stream(
            ["sh", "-c", "echo one; sleep 1000"], cwd="/", env=dict(os.environ), on_line=lines.append, silence=silent
        )
    assert lines == ["one"]
    assert "waiting for somebody" in told


def test_a_question_without_an_answer_ends() -> None:
    with heard() as told, pytest.raises(process.FellSilent):
        process.capture(["sleep", "1000"], cwd="/", env=dict(os.environ), silence=process.Silence(0.2, "somebody"))
    assert told == ["waiting for somebody"]


@pytest.mark.parametrize("how", ["list", "fetch", "commit"])
def test_a_git_server_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """Over git's own protocol, as over ssh, git itself would wait for ever."""
    monkeypatch.setenv("COMFYDOCK_STALL_SECONDS", "1")
    monkeypatch.setattr(runner, "_SILENCES", 0.3)
    mirror = str(tmp_path / "mirror.git")
    mirrors.create(mirror)
    with lying(silence) as server, heard() as told, pytest.raises(NetworkUnavailable) as raised:
        address = f"git://127.0.0.1:{server.port}/alice/pack"
        if how == "list":
            remotes.list_refs(address)
        elif how == "fetch":
            mirrors.update(mirror, address, what="it", on_line=lambda line: None)
        else:
            mirrors.fetch_commit(mirror, address, "0" * 40)
    assert f"git://127.0.0.1:{server.port}/alice/pack" in raised.value.message
    assert told == ["waiting for git to hear from `127.0.0.1`"]
