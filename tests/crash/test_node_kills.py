"""The program killed at every point of what changes node packs: the environment is as before or as after.

Always run: each command once at each kind of point. With `COMFYDOCK_TEST_NIGHTLY=1` all at every point, with both ways
of recovery, and recovery killed at every point, too.
"""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.crash.conftest import Field
from tests.crash.recovering import both_seen, recovered, settle, trials
from tests.support.pack_host import PackHost, pack_files, pack_host
from tests.support.sessions import Session

FANCY = "https://github.com/alice/Fancy"
COMMANDS = {
    "add": ("node", "add", "blur"),
    "add several": ("node", "add", "blur", "sharp", "plain"),
    "add from git": ("node", "add", "https://github.com/alice/More"),
    "update": ("node", "update", "kept", "Fancy"),
    "remove": ("node", "remove", "kept", "Fancy"),
    "prune": ("node", "prune", "--yes"),
    "disable": ("node", "disable", "kept", "Fancy"),
    "enable": ("node", "enable", "off"),
    "dev-link": ("node", "dev-link", "{checkout}", "--name", "kept"),
}
WORK = ("-e", "work")


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PackHost]:
    with pack_host(tmp_path_factory.mktemp("host")) as served:
        served.add("kept", "1.0.0", files=pack_files("Kept", requirements="mini-masks<2\n"))
        served.add("off", "1.0.0", files=pack_files("Off"))
        served.add_repository("alice", "Fancy", pack_files("Fancy"))
        served.add_repository("alice", "More", pack_files("More", requirements="mini-blend\n"))
        served.add("blur", files=pack_files("Blur", requirements="mini-blend\n"))
        served.add("sharp", files=pack_files("Sharp"))
        served.add("plain", files=pack_files("Plain"))
        yield served


@pytest.fixture(scope="session")
def equipped(prepared: Session, host: PackHost, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """The prepared workspace with node packs, of which there are newer releases, and a checkout beside it."""
    first = Session(prepared.program, prepared.workspace, {**prepared.variables, **host.variables()})
    session = Field(first, tmp_path_factory.mktemp("equipped")).session
    session.ok("node", "add", "kept", "off", FANCY, *WORK)
    session.ok("node", "disable", "off", *WORK)
    # What packages the newer ones need is in uv's cache from then on.
    session.ok("node", "add", "blur", *WORK)
    session.ok("undo", *WORK)
    session.ok("operation", "prune", *WORK)
    host.add("kept", "2.0.0", files=pack_files("Kept", requirements="mini-masks>=2\n"))
    host.add_repository("alice", "Fancy", {"later.py": "later = True\n"})
    workflows = session.environments / "work/ComfyUI/user/default/workflows"
    workflows.mkdir(parents=True)
    (workflows / "flow.json").write_text('{"nodes": [{"id": 1, "type": "Fancy"}], "links": []}')
    checkout = session.workspace.parent / "checkout"
    checkout.mkdir()
    (checkout / "requirements.txt").write_text("mini-blend\n")
    return session


@pytest.fixture
def nodes(equipped: Session, tmp_path: Path) -> Field:
    return Field(equipped, tmp_path)


def words_of(name: str, equipped: Session) -> tuple[str, ...]:
    checkout = str(equipped.workspace.parent / "checkout")
    return (*(word.format(checkout=checkout) for word in COMMANDS[name]), *WORK)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_change_of_node_packs_killed_at_any_point_ends_old_or_new(nodes: Field, equipped: Session, name: str) -> None:
    words = words_of(name, equipped)
    nodes.reset()
    old = nodes.state()
    points = nodes.points(*words)
    new = lasting(nodes.state())
    ended = {"old": 0, "new": 0}
    for place in recovered(nodes, words, points, trials(points)):
        state = nodes.state()
        if state == old:
            ended["old"] += 1
        else:
            assert lasting(state) == new, place
            assert nodes.session.data("status", *WORK)["packages"]["state"] == "in-sync", place
            assert nodes.run("undo", *WORK) == 0
            assert nodes.state() == old, place
            ended["new"] += 1
    both_seen(name, points, ended)


def lasting(state: dict[str, object]) -> dict[str, object]:
    """What is the same whenever a change is made: not when it was made, nor the link's own name."""
    parts = ("/.venv/.comfydock/", "/.git/logs/")
    return {path: content for path, content in state.items() if not any(part in f"/{path}" for part in parts)}


# Killed while fetching


@pytest.fixture
def slow_git(tmp_path: Path) -> Path:
    """The directory of a git whose checkouts never end, and lack a file by then, when the file `half` is there, too."""
    place = tmp_path / "slow"
    place.mkdir()
    real = shutil.which("git")
    script = place / "git"
    script.write_text(
        "#!/bin/sh\n"
        f'case " $* " in *" checkout "*|*" reset "*|*" switch "*) {real} "$@"; rm __init__.py;'
        f' echo half > "{place}/half"; exec tail -f /dev/null;; esac\nexec {real} "$@"\n'
    )
    script.chmod(0o755)
    return place


def kill_with_children(process: "subprocess.Popen[str]") -> None:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.kill()
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(int(child), signal.SIGKILL)
    process.communicate()


def holds_part(cache: Path, pattern: str, process: "subprocess.Popen[str]") -> None:
    """Return as soon as something is there, though not whole."""
    while not any(path.is_file() and path.stat().st_size for path in cache.rglob(pattern)):
        assert process.poll() is None, process.communicate()


def test_an_archive_of_which_a_part_was_fetched_is_never_taken_for_whole(nodes: Field, host: PackHost) -> None:
    address = host.add("large", files={**pack_files("Large"), "data.bin": os.urandom(600_000)})
    words = ("node", "add", "large", *WORK)
    expected = expected_after(nodes, words)
    before = nodes.state()
    host.archive(address).waits = True
    process = nodes.session.start(*words)
    holds_part(nodes.session.workspace / "comfydock_cache/packs", "large*", process)
    kill_with_children(process)
    host.archive(address).waits = False
    assert nodes.state() == before
    assert nodes.run("node", "add", "large", "--offline", "--json", *WORK, allowed=(5,)) == 5
    assert nodes.run(*words) == 0
    assert lasting(nodes.state()) == expected


def test_an_archive_that_was_being_unpacked_is_never_taken_for_whole(nodes: Field, host: PackHost) -> None:
    files = {f"part{number:04}/data.txt": f"{number}\n" * 50 for number in range(1500)}
    host.add("many", files={**pack_files("Many"), **files})
    words = ("node", "add", "many", *WORK)
    expected = expected_after(nodes, words)
    before = nodes.state()
    process = nodes.session.start(*words)
    holds_part(nodes.session.workspace / "comfydock_cache/packs", "data.txt", process)
    kill_with_children(process)
    assert settle(nodes) == 0
    assert nodes.state() == before
    assert nodes.run(*words) == 0
    assert lasting(nodes.state()) == expected


def test_a_checkout_that_was_being_made_is_never_taken_for_whole(
    nodes: Field, host: PackHost, slow_git: Path, equipped: Session
) -> None:
    words = words_of("add from git", equipped)
    expected = expected_after(nodes, words)
    before = nodes.state()
    process = nodes.session.start(*words, PATH=f"{slow_git}{os.pathsep}{os.environ['PATH']}")
    holds_part(slow_git, "half", process)
    kill_with_children(process)
    assert nodes.state() == before
    assert nodes.run(*words) == 0
    assert lasting(nodes.state()) == expected


def expected_after(field: Field, words: Sequence[str]) -> dict[str, object]:
    """What a command makes of the first state, which is there again."""
    field.reset()
    assert field.run(*words) == 0
    made = lasting(field.state())
    field.reset()
    return made
