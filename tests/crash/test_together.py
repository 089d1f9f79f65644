"""Many at once, and stops at any time: nothing is corrupted, and everybody is told the truth."""

import contextlib
import json
import os
import random
import signal
import subprocess
import threading

import pytest

from tests.crash.conftest import Field
from tests.crash.recovering import NIGHTLY


def start(field: Field, *words: str) -> "subprocess.Popen[str]":
    return field.session.start(*words)


def test_fifty_processes_changing_one_workspace_are_done_or_refused(field: Field) -> None:
    words = [
        ("use", "work"), ("use", "spare"), ("clone", "work", "copy{}"), ("rename", "spare", "other{}"),
        ("delete", "spare", "--yes"), ("undo", "--workspace"), ("backend", "use", "cu128", "-e", "work"),
        ("create", "new{}", "--torch-backend", "none"), ("repair", "-e", "work"), ("operation", "prune"),
    ]  # fmt: skip
    lines = [tuple(word.format(at) for word in words[at % len(words)]) for at in range(50)]
    processes = [start(field, *line, "--json") for line in lines]
    codes: dict[int, int] = {}
    for line, process in zip(lines, processes, strict=True):
        output, errors = process.communicate()
        answer = json.loads(output)
        # Besides done (0) and busy (7): what another one made impossible before its turn came.
        overtaken = {"environment-not-found", "changed-meanwhile", "operation-not-found", "not-undoable"}
        told = answer["errors"][0]["code"] if answer["errors"] else "done"
        assert process.returncode in (0, 7) or told in overtaken, (line, told, errors)
        codes[process.returncode] = codes.get(process.returncode, 0) + 1
    print(f"\nfifty processes: exit codes {codes}")
    assert codes[0] > 0
    assert codes[7] > 0
    everything_is_whole(field)


def everything_is_whole(field: Field) -> None:
    listed = field.session.data("list")
    names = [row["name"] for row in listed["environments"]]
    assert listed["active"] in (None, *names)
    for name in names:
        status = field.session.data("status", "-e", name)
        assert (status["complete"], status["packages"]["state"]) == (True, "in-sync"), name
    on_disk = {path.name for path in field.session.environments.iterdir()} - {".ops"}
    assert on_disk == set(names)
    for name in (None, *names):
        scope = ("-e", name) if name else ("--workspace",)
        states = {row["state"] for row in field.session.data("operation", "list", *scope)["operations"]}
        assert states <= {"done", "undone"}


def test_fifty_processes_that_wait_are_all_done(field: Field) -> None:
    lines = [("use", ("work", "spare")[at % 2], "--wait", "600") for at in range(50)]
    processes = [start(field, *line) for line in lines]
    assert [process.wait() for process in processes] == [0] * 50
    for process in processes:
        process.communicate()
    everything_is_whole(field)
    assert len(field.session.data("operation", "list", "--workspace")["operations"]) == 50


@pytest.mark.parametrize("whom", ["the group", "only us"])
@pytest.mark.parametrize("words", [("create", "new", "--torch-backend", "cpu"), ("repair", "-e", "work")], ids=" ".join)
def test_kills_at_any_time_while_packages_are_installed_leave_what_the_same_command_mends(
    field: Field, words: tuple[str, ...], whom: str
) -> None:
    """Also when only we are killed: uv may work a moment longer, into a stage that nobody will ever use."""
    chance = random.Random(f"{words} {whom}")
    for _ in range(20 if NIGHTLY else 4):
        field.reset()
        process = start(field, *words)
        lines = chance.randrange(1, 7)
        assert process.stderr is not None
        for _, line in zip(range(lines), process.stderr, strict=False):
            assert line
        children = children_of(process.pid) if whom == "the group" else []
        process.kill()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
        process.communicate()
        if process.returncode != 0 and "new" not in os.listdir(field.session.environments):
            assert field.run(*words) == 0
        everything_is_whole(field)


def children_of(pid: int) -> list[int]:
    """The processes that a process started; each is the head of a group of its own."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def test_reading_commands_never_wait_and_never_lie_while_others_change(field: Field) -> None:
    """`list` and `status` in a loop, while the back end is changed and changed back."""
    ended = threading.Event()
    failures: list[str] = []

    def change() -> None:
        try:
            field.session.ok("backend", "use", "cu128", "-e", "work")
            for _ in range(100 if NIGHTLY else 10):
                field.session.ok("undo", "-e", "work")
        except AssertionError as error:
            failures.append(str(error))
        finally:
            ended.set()

    thread = threading.Thread(target=change)
    thread.start()
    seen: dict[tuple[object, ...], int] = {}
    while not ended.is_set():
        status = field.session.data("status", "-e", "work")
        assert [row["name"] for row in field.session.data("list")["environments"]] == ["spare", "work"]
        key = (status["torch_backend"], status["packages"]["state"], status["operation_in_progress"])
        seen[key] = seen.get(key, 0) + 1
    thread.join()
    print(f"\nreaders saw {seen}")
    assert failures == []
    settled = {key[:2] for key in seen if not key[2]}
    assert settled <= {("cpu", "in-sync"), ("cu128", "in-sync")}
