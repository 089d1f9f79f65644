"""Changes that fail or are stopped: what was there stays, nobody is left waiting, and the way out is reported."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.installations import make_checkout, make_git_pack, seen
from tests.support.miniature import Miniature
from tests.support.sessions import Session, envelope_of, names_in, refuse_unfinished, stop, wait_for_line
from tests.support.source import Ran

LOST = "lib/python3.11/site-packages/mini_imaging/__init__.py"


@pytest.fixture
def work(source: Session) -> Session:
    source.ok("create", "work", "--torch-backend", "cpu", "--use")
    return source


@pytest.fixture
def installation(source: Session, miniature: Miniature) -> Path:
    """ComfyUI as somebody installed it, with a node pack and a workflow."""
    place = make_checkout(source.workspace.parent / "Früher ☃/ComfyUI", miniature)
    make_git_pack(place / "custom_nodes/Fancy", requires="mini-math\n")
    (place / "user/default/workflows").mkdir(parents=True)
    (place / "user/default/workflows/w.json").write_text("{}")
    return place


def told(ran: Ran, code: int, *words: str) -> Ran:
    """Check the form that every error has: what happened, a hint, nothing on standard output."""
    assert (ran.code, ran.out) == (code, ""), ran
    assert re.search(r"^error: \S", ran.err, re.MULTILINE), ran
    assert "\nhint: " in ran.err, ran
    assert "Traceback" not in ran.err, ran
    for word in words:
        assert word in ran.err, ran
    return ran


# What git and Python write when somebody looks, and what is not a part of an environment's state.
VOLATILE = (".git/index", "__pycache__", "/.ops/")


def state(session: Session) -> dict[str, object]:
    """All environments and the settings, by content, after seeing that nothing is left in the middle."""
    refuse_unfinished(session.environments)
    found: dict[str, object] = {}
    for root in (session.environments, session.workspace / ".metadata"):
        for path in sorted(root.rglob("*")):
            name = f"/{path.relative_to(session.workspace)}"
            if not any(part in f"{name}/" for part in VOLATILE):
                content = path.read_bytes() if path.is_file() and not path.is_symlink() else None
                found[name] = os.readlink(path) if path.is_symlink() else content
    return found


def damaged(session: Session) -> None:
    """Something for `sync` to do: a package that is not as locked."""
    (info,) = session.environments.glob("work/.venv/lib/python*/site-packages/mini_base-1.5.dist-info")
    shutil.rmtree(info)


# A full disk


@pytest.fixture
def disk(source: Session, tmp_path: Path) -> Iterator[Session]:
    """A session with the environment `work` on a small file system in memory; skips where mounting is not allowed."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(place)]
    if subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("mounting a file system is not allowed here")
    source.workspace = place / "workspace"
    source.ok("init")
    source.ok("create", "work", "--torch-backend", "cpu", "--use")
    yield source
    subprocess.run(["umount", str(place)], check=True)


@contextlib.contextmanager
def filled(session: Session, kilobytes: int) -> Iterator[None]:
    """The disk with no more than so much space left, while inside."""
    filler = session.workspace.parent / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    os.truncate(filler, max(0, filler.stat().st_size - kilobytes * 1024))
    yield
    filler.unlink()


FULL = {
    "clone": ("clone", "work", "new"),
    "sync": ("sync",),
    "repair": ("repair",),
    "backend use": ("backend", "use", "cu128"),
    "adopt": ("adopt", "{installation}", "--name", "new", "--torch-backend", "cpu"),
}


LINKS_NEED = 100  # Kilobytes: with them a virtual environment made of links may fit.


@pytest.mark.parametrize("kilobytes", [0, 20, 40, 150])
@pytest.mark.parametrize("name", FULL)
def test_a_full_disk_is_told_and_everything_stays(disk: Session, installation: Path, name: str, kilobytes: int) -> None:
    damaged(disk)
    words = tuple(word.format(installation=installation) for word in FULL[name])
    before, source = state(disk), seen(installation)
    with filled(disk, kilobytes):
        ran = disk.run(*words)
        if ran.code != 0 or kilobytes < LINKS_NEED:
            told(ran, 6)
            assert re.search("o space left on device|not enough space", ran.err), ran
            assert "free some space" in ran.err
            assert state(disk) == before
            assert disk.data("list")["environments"] == [{"name": "work"}]
    assert seen(installation) == source
    disk.ok(*words)


def test_on_a_full_disk_the_hint_names_what_pruning_frees_and_that_is_enough(disk: Session) -> None:
    disk.ok("clone", "work", "spare")
    disk.ok("delete", "spare", "--yes")
    with filled(disk, 0):
        ran = told(disk.run("clone", "work", "new"), 6, "`comfydock operation prune`")
        assert re.search(r"for example \d+(\.\d)? [kM]B with `comfydock operation prune`", ran.err), ran
        error = disk.error("clone", "work", "new")
        assert error["context"]["prunable"] > 0
        disk.ok("operation", "prune")
        disk.ok("clone", "work", "new")


def test_on_a_full_disk_what_needs_no_space_works(disk: Session) -> None:
    """Renames and a line of record: the reserve is for that."""
    disk.ok("clone", "work", "spare")
    with filled(disk, 0):
        disk.ok("rename", "spare", "other")
        disk.ok("delete", "other", "--yes")
        disk.ok("undo")
        assert disk.data("list")["environments"] == [{"name": "other"}, {"name": "work"}]
        disk.ok("delete", "other", "--purge", "--yes")
    refuse_unfinished(disk.environments)


@pytest.mark.parametrize(
    "words",
    [("clone", "work", "new"), ("rename", "work", "new"), ("sync",), ("repair",), ("backend", "lock", "cu128"),
     ("backend", "use", "cu128"), ("undo",), ("operation", "undo", "1"), ("operation", "prune"),
     ("adopt", "{installation}", "--name", "new", "--torch-backend", "cpu")],
    ids=" ".join,
)  # fmt: skip
def test_a_read_only_disk_is_told_by_every_change(disk: Session, installation: Path, words: tuple[str, ...]) -> None:
    damaged(disk)
    before = state(disk)
    subprocess.run(["mount", "-o", "remount,ro", str(disk.workspace.parent)], check=True)
    told(disk.run(*(word.format(installation=installation) for word in words)), 6, "ead-only file system")
    assert state(disk) == before
    disk.ok("operation", "list")


# What cannot be read


POWERLESS = """
import ctypes, os, sys
prctl = ctypes.CDLL(None, use_errno=True).prctl
for capability in (1, 2):  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH
    if prctl(24, capability, 0, 0, 0) != 0 and os.geteuid() == 0:
        sys.exit("cannot give up the powers of the superuser")
os.execv(sys.argv[1], sys.argv[1:])
"""


def run_without_powers(session: Session, *words: str) -> Ran:
    """Run a command for which permissions count, though it be the superuser's."""
    command = [sys.executable, "-c", POWERLESS, *session.program.command, *words]
    done = subprocess.run(command, capture_output=True, text=True, env=session.environment(), stdin=subprocess.DEVNULL)
    if "cannot give up the powers" in done.stderr:
        pytest.skip("permissions do not count for this user")
    return Ran(done.returncode, done.stdout, done.stderr)


@contextlib.contextmanager
def forbidden(path: Path, mode: int = 0) -> Iterator[None]:
    before = path.stat().st_mode
    path.chmod(mode)
    try:
        yield
    finally:
        path.chmod(before)


@pytest.mark.parametrize(
    ("words", "path"),
    [(("clone", "work", "new"), "work/ComfyUI/user"), (("clone", "work", "new"), "work/.cec/.git"),
     (("sync",), "work/.cec"), (("repair",), "work/.cec/backends"), (("backend", "lock", "cu128"), "work/.cec"),
     (("adopt", "{installation}", "--name", "new"), "{installation}/user"),
     (("adopt", "{installation}", "--name", "new"), "{installation}/custom_nodes/Fancy")],
    ids=lambda value: value if isinstance(value, str) else " ".join(value[:1]),
)  # fmt: skip
def test_a_directory_that_cannot_be_read_is_named_and_everything_stays(
    work: Session, installation: Path, words: tuple[str, ...], path: str
) -> None:
    (work.environments / "work/ComfyUI/user").mkdir(exist_ok=True)
    before, source = state(work), seen(installation)
    place = work.environments / path.format(installation=installation)
    with forbidden(place):
        ran = run_without_powers(work, *(word.format(installation=installation) for word in words))
    assert ran.code in (6, 8), ran
    told(ran, ran.code, "ermission denied")
    assert str(place) in ran.err
    assert (state(work), seen(installation)) == (before, source)


def test_a_directory_of_environments_that_cannot_be_written_to_is_named(work: Session) -> None:
    before = state(work)
    with forbidden(work.environments, 0o555):
        for words in (("clone", "work", "new"), ("rename", "work", "new"), ("delete", "work", "--yes")):
            told(run_without_powers(work, *words), 6, "ermission denied", str(work.environments))
    assert state(work) == before


# Streams


def shell(session: Session, line: str) -> Ran:
    """Run a line of shell in which `comfydock` is the program."""
    program = " ".join(f"'{word}'" if "'" not in word else f'"{word}"' for word in session.program.command)
    done = subprocess.run(
        ["bash", "-c", f'comfydock() {{ {program} "$@"; }}\n{line}'],
        capture_output=True, text=True, env=session.environment(),
    )  # fmt: skip
    return Ran(done.returncode, done.stdout, done.stderr)


def test_changes_work_without_standard_streams(work: Session, installation: Path) -> None:
    damaged(work)
    for line in ("clone work new", "sync", "repair", "undo -e work", "rename new other", "delete other --yes",
                 "undo", "operation prune", f"adopt '{installation}' --name old --torch-backend none"):  # fmt: skip
        assert shell(work, f"comfydock {line} <&- 2>&-").code == 0, line
    assert names_in(work.environments) == ["old", "other", "work"]


@pytest.mark.parametrize("line", ["clone work new", "rename work new", "repair", "backend lock cu128"])
def test_what_was_changed_stays_though_nobody_could_be_told(work: Session, line: str) -> None:
    """And it can be undone."""
    before = state(work)
    ran = shell(work, f"comfydock {line} >&-")
    assert (ran.code, "error: standard output is closed\n" in ran.err) == (6, True), ran
    refuse_unfinished(work.environments)
    scope = ("-e", "work") if line in ("repair", "backend lock cu128") else ("--workspace",)
    work.ok("undo", *scope)
    assert state(work) == before


# Signals

SIGNALS = {signal.SIGINT: (130, "error: interrupted\n"), signal.SIGTERM: (143, "error: stopped by signal 15\n"),
           signal.SIGHUP: (129, "error: stopped by signal 1\n")}  # fmt: skip

# For each command its words, its phases, and the call of a program that does not end before it is told to: the last
# phase lasts that long.
STOPPED: dict[str, tuple[tuple[str, ...], tuple[str, ...], str, str]] = {
    "clone": (("clone", "work", "new"), ("Copying work",), "git", "ls-files"),
    "sync": (("sync",), ("Linking a copy", "Installing Python packages"), "uv", "pip sync"),
    "repair": (("repair",), ("Preparing Python", "Installing Python packages"), "uv", "pip sync"),
    "backend use": (("backend", "use", "cu128"), ("Locking PyTorch", "Linking a copy", "Installing"), "uv", "pip sync"),
    "adopt": (("adopt", "{installation}", "--name", "new", "--torch-backend", "cpu"),
              ("Reading", "Copying ComfyUI", "Copying node packs", "Preparing Python", "Resolving Python packages",
               "Locking PyTorch", "Installing Python packages", "Starting the history"), "git", " commit "),
}  # fmt: skip


@pytest.fixture
def endless(tmp_path: Path) -> Callable[[str, str], dict[str, str]]:
    """A git or uv that never ends in one of its calls."""

    def make(program: str, call: str) -> dict[str, str]:
        place = tmp_path / "endless"
        place.mkdir()
        real = shutil.which(program)
        script = place / program
        script.write_text(f'#!/bin/sh\ncase " $* " in *"{call}"*) exec tail -f /dev/null;; esac\nexec {real} "$@"\n')
        script.chmod(0o755)
        return (
            {"PATH": f"{place}{os.pathsep}{os.environ['PATH']}", "COMFYDOCK_UV": str(script)}
            if program == "uv"
            else {"PATH": f"{place}{os.pathsep}{os.environ['PATH']}"}
        )

    return make


CASES = [(name, phase, number) for name, (_, phases, _, _) in STOPPED.items() for phase in phases for number in SIGNALS]


@pytest.mark.parametrize(("name", "phase", "number"), CASES, ids=lambda value: getattr(value, "name", value))
def test_a_signal_in_any_phase_leaves_everything_as_it_was(
    work: Session, installation: Path, endless: Callable[[str, str], dict[str, str]], name: str, phase: str,
    number: signal.Signals,
) -> None:  # fmt: skip
    words, _, program, call = STOPPED[name]
    words = tuple(word.format(installation=installation) for word in words)
    damaged(work)
    before, source = state(work), seen(installation)
    process = work.start(*words, **endless(program, call))
    wait_for_line(process, phase, errors=True)
    ran = stop(process, number)
    code, message = SIGNALS[number]
    assert (ran.code, ran.out) == (code, ""), ran
    assert ran.err.endswith(message), ran
    assert (state(work), seen(installation)) == (before, source)
    work.ok(*words)


def test_an_interrupted_change_has_its_envelope(work: Session, endless: Callable[[str, str], dict[str, str]]) -> None:
    process = work.start("repair", "--json", **endless("uv", "pip sync"))
    wait_for_line(process, "Installing", errors=True)
    envelope = envelope_of(stop(process, signal.SIGINT))
    assert (envelope["exit_code"], envelope["errors"][0]["code"]) == (130, "interrupted")


# Waiting for others


def test_who_comes_second_is_told_who_is_at_work_and_may_wait(
    work: Session, endless: Callable[[str, str], dict[str, str]]
) -> None:
    process = work.start("clone", "work", "new", **endless("git", "ls-files"))
    wait_for_line(process, "Copying work", errors=True)
    owner = f"is being changed by `comfydock clone work new` (process {process.pid} on "
    for words in (("use", "work"), ("rename", "work", "x"), ("sync",), ("repair", "--wait", "1"),
                  ("delete", "work", "--yes", "--wait", "1")):  # fmt: skip
        told(work.run(*words), 7, owner)
    assert work.error("use", "work")["code"] == "scope-busy"
    waiting = work.start("use", "work", "--wait", "60")
    stop(process, signal.SIGINT)
    assert waiting.communicate()[0] == "using work\n"
    assert waiting.returncode == 0


def test_reading_commands_wait_for_nobody(work: Session, endless: Callable[[str, str], dict[str, str]]) -> None:
    process = work.start("repair", **endless("uv", "pip sync"))
    wait_for_line(process, "Installing", errors=True)
    assert work.data("status")["in_sync"] is True
    assert work.data("list")["environments"] == [{"name": "work"}]
    (row,) = work.data("operation", "list", "-e", "work")["operations"]
    assert (row["state"], row["words"]) == ("staging", ["repair"])
    stop(process, signal.SIGTERM)


# Stopped in the middle

AT = {"before": "journal sync", "after": "after rename"}  # The commit point lies between them.


def killed(session: Session, when: str, *words: str) -> None:
    """Run a command that is killed at the first of those points."""
    log = session.workspace.parent / "points"
    twin = session.workspace.parent / "twin"
    subprocess.run(["cp", "-a", str(session.workspace), str(twin)], check=True)
    assert session.run(*words, COMFYDOCK_HOME=str(twin), COMFYDOCK_FAULT_LOG=str(log)).code == 0
    shutil.rmtree(twin)
    at = log.read_text().splitlines().index(AT[when]) + 1
    assert session.run(*words, COMFYDOCK_FAULT=f"kill:{at}").code == -signal.SIGKILL


SCOPES = {("clone", "work", "new"): ("--workspace",), ("rename", "work", "new"): ("--workspace",),
          ("repair", "-e", "work"): ("-e", "work")}  # fmt: skip


@pytest.mark.parametrize("words", SCOPES, ids=" ".join)
@pytest.mark.parametrize("when", AT)
def test_what_was_stopped_is_undone_by_hand(work: Session, words: tuple[str, ...], when: str) -> None:
    before = state(work)
    killed(work, when, *words)
    refused = told(work.run("use", "work", "--no-settle") if words[0] != "repair" else
                   work.run("sync", "-e", "work", "--no-settle"), 7, f"(`{' '.join(words)}`) was interrupted",
                   "`comfydock operation resume`", "`comfydock operation undo`")  # fmt: skip
    assert "without `--no-settle`" in refused.err
    planned = work.ok("operation", "undo", *SCOPES[words], "--dry-run").out
    assert re.fullmatch(rf"would revert operation \d+ \({' '.join(words)}\)\n", planned)
    undone = work.ok("operation", "undo", *SCOPES[words]).out
    assert re.fullmatch(rf"reverted operation \d+: {' '.join(words)}\n", undone)
    assert state(work) == before
    work.ok(*words)


@pytest.mark.parametrize("words", SCOPES, ids=" ".join)
@pytest.mark.parametrize("when", AT)
def test_what_was_stopped_is_finished_by_hand(work: Session, words: tuple[str, ...], when: str) -> None:
    if words[0] == "repair":
        (work.environments / "work/.venv" / LOST).unlink()
    killed(work, when, *words)
    planned = work.ok("operation", "resume", *SCOPES[words], "--dry-run").out
    verb = "start again" if when == "before" else "finish"
    assert re.fullmatch(rf"would {verb} operation \d+ \({' '.join(words)}\)\n", planned)
    resumed = work.ok("operation", "resume", *SCOPES[words])
    if when == "before":
        assert f"starting again: comfydock {' '.join(words)}\n" in resumed.err
    else:
        assert re.fullmatch(rf"finished operation \d+: {' '.join(words)}\n", resumed.out)
    refuse_unfinished(work.environments)
    expected = {"clone": ["new", "work"], "rename": ["new"], "repair": ["work"]}[words[0]]
    assert names_in(work.environments) == expected
    assert (work.environments / expected[0] / ".venv" / LOST).is_file()
    assert work.data("status", "-e", expected[0])["in_sync"] is True


@pytest.mark.parametrize("when", AT)
def test_what_was_stopped_is_settled_by_the_next_change_which_says_so(work: Session, when: str) -> None:
    killed(work, when, "rename", "work", "new")
    ran = work.run("use", "new")
    if when == "before":
        assert (ran.code, "was stopped before it changed anything; what it had prepared was removed" in ran.err) == (
            3,
            True,
        )
        assert work.data("list")["environments"] == [{"name": "work"}]
    else:
        assert (ran.code, "was stopped while it changed names; it is finished now" in ran.err) == (0, True)
        assert work.data("list")["environments"] == [{"name": "new"}]


def test_with_nothing_stopped_there_is_nothing_to_resume(work: Session) -> None:
    told(work.run("operation", "resume"), 3, "nothing was interrupted")
