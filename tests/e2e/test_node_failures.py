"""Node packs that cannot be added, and changes that are stopped: everything stays, and what helps is reported."""

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.nodes import custom_nodes, directories, failure, packs
from tests.e2e.test_failures import SIGNALS, endless, filled, forbidden, run_without_powers, state, told  # noqa: F401
from tests.e2e.test_hints import QUOTED
from tests.support.miniature import NOWHERE, git
from tests.support.pack_host import BANNED, FLAGGED, PackHost, pack_files, zip_archive
from tests.support.sessions import Session, copy_workspace, stop, wait_for_line

Make = Callable[[PackHost], object]


# Names and servers


def test_a_typing_error_is_answered_with_the_near_name(work: Session, host: PackHost) -> None:
    host.add("comfyui-impact-pack")
    error = failure(work, "pack-not-found", "node", "add", "comfyui-impact-pac")
    assert error["exit_code"] == 3
    assert "`comfyui-impact-pack`" in error["hint"]
    work.ok("node", "add", "comfyui-impact-pack")
    for words in (("remove",), ("update",), ("enable",), ("disable",)):
        assert "`comfyui-impact-pack`" in failure(work, "pack-not-found", "node", *words, "comfyui-impct-pack")["hint"]


@pytest.mark.parametrize("word", ["", " ", "a/b", "../x", "https://", "https://github.com/alice", "-", "@", "x@", "☃",
                                  "/nowhere/at/all", "https://github.com/a/b/blob/main/x.py", "file:///nowhere",
                                  "https://civitai.com/models/1", "C:\\x", "x" * 300])  # fmt: skip
def test_what_names_no_pack_is_refused_with_a_reason(work: Session, word: str) -> None:
    before = state(work)
    ran = work.run("node", "add", "--", word)
    assert ran.code in (2, 3, 5), ran
    told(ran, ran.code)
    assert state(work) == before


def test_a_registry_that_cannot_be_reached_is_told(work: Session) -> None:
    error = failure(work, "network-unavailable", "node", "add", "blur", COMFYDOCK_REGISTRY_URL=NOWHERE)
    assert error["exit_code"] == 5
    assert NOWHERE.removeprefix("http://") in error["message"]


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_registry_that_fails_is_told(work: Session, host: PackHost, status: int) -> None:
    host.registry_status = status
    ran = told(work.run("node", "add", "blur"), 5, "127.0.0.1", "again later")
    assert ran.err.startswith("Looking up blur\n")


def test_a_github_that_wants_no_more_questions_does_not_matter(work: Session, host: PackHost) -> None:
    host.github_limited = True
    commit = host.add_repository("alice", "Fancy")
    work.ok("node", "add", "https://github.com/alice/Fancy")
    assert packs(work)["Fancy"][0] == commit
    work.ok("node", "update", "--all")


def test_a_repository_that_is_not_there_is_told(work: Session, host: PackHost) -> None:
    error = failure(work, "repository-not-found", "node", "add", "https://github.com/alice/Nothing")
    assert "alice/Nothing" in error["message"]


def test_a_repository_that_breaks_off_is_told_in_a_few_lines(work: Session, host: PackHost) -> None:
    files = {f"part{number:03}.txt": f"{number}\n" for number in range(300)}
    host.add_repository("alice", "Fancy", {**pack_files(), **files})
    place = host.repository("alice", "Fancy")
    blob = git(place, "rev-parse", "HEAD:part200.txt").strip()
    (place / ".git/objects" / blob[:2] / blob[2:]).unlink()
    before = state(work)
    ran = work.run("node", "add", "https://github.com/alice/Fancy")
    told(ran, ran.code, "Fancy")
    assert "% (" not in ran.err.partition("error: ")[2], ran
    assert state(work) == before


def test_a_login_is_never_shown(work: Session, host: PackHost) -> None:
    host.git.login = "alice:hunter2"
    host.add_repository("alice", "Fancy")
    right = host.address("alice", "Fancy.git")
    wrong = right.replace("hunter2", "swordfish")
    before = state(work)
    other = "https://alice:hunter2@github.com/x"
    for more in (("--json",), ("--keep-going",), ("--dry-run",), (other, "--keep-going")):
        ran = work.run("node", "add", wrong, *more)
        assert ran.code in (2, 4, 5), ran
        assert ("swordfish" in ran.out + ran.err, "hunter2" in ran.out + ran.err) == (False, False), ran
    assert state(work) == before
    done = work.ok("node", "add", right)
    assert "hunter2" not in done.out + done.err
    told_of = [path for path in work.workspace.rglob("*") if path.is_file() and b"hunter2" in path.read_bytes()]
    # git itself has to know it, to look for newer commits.
    assert {path.name for path in told_of} <= {"config", "FETCH_HEAD"}, told_of
    assert not any(b"swordfish" in path.read_bytes() for path in work.workspace.rglob("*") if path.is_file())


# Packs that are not as they should be


def banned(host: PackHost) -> None:
    host.add("evil", "1.0.0", status=BANNED)
    host.forbidden.add("evil")


def refused_version(host: PackHost) -> None:
    host.add("evil", "1.0.0", status=BANNED)


def vanishing(host: PackHost) -> None:
    host.add_vanishing("evil", -1)


def no_archive(host: PackHost) -> None:
    host.add("evil", archive=b"<html>Sign in</html>")


def empty(host: PackHost) -> None:
    host.add("evil", archive=b"")


def twice(host: PackHost) -> None:
    host.add("evil", archive=zip_archive({**pack_files(), "A.py": "", "a.py": ""}))


def absolute(host: PackHost) -> None:
    host.add("evil", files={**pack_files(), "/tmp/escaped.py": ""})


def link_loop(host: PackHost) -> None:
    host.add("evil", archive=zip_archive(pack_files(), {"a": "b", "b": "../evil/../../x"}))


REFUSED: dict[str, tuple[Make, tuple[str, ...]]] = {
    "banned": (banned, ("pack-not-found", "pack-refused")),
    "banned version": (refused_version, ("pack-refused", "pack-version-not-found")),
    "path escaping": (lambda host: host.add_escaping("evil"), ("archive-refused",)),
    "absolute path": (absolute, ("archive-refused",)),
    "link escaping": (lambda host: host.add_link_escaping("evil"), ("archive-refused",)),
    "link loop": (link_loop, ("archive-refused",)),
    "truncated": (lambda host: host.add_truncated("evil"), ("archive-refused",)),
    "huge": (lambda host: host.add_huge("evil"), ("archive-refused",)),
    "no archive": (no_archive, ("archive-refused", "unusable-answer")),
    "empty": (empty, ("archive-refused", "unusable-answer")),
    "vanishing": (vanishing, ("network-unavailable", "unusable-answer")),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_pack_that_cannot_be_trusted_or_had_changes_nothing(work: Session, host: PackHost, case: str) -> None:
    make, codes = REFUSED[case]
    make(host)
    before = state(work)
    error = work.error("node", "add", "evil")
    assert error["code"] in codes, error
    assert "evil" in error["message"]
    told(work.run("node", "add", "evil"), error["exit_code"])
    assert state(work) == before
    assert list(work.workspace.parent.rglob("escaped.py")) == []
    assert not Path("/tmp/escaped.py").exists()
    # What was fetched of it is not kept either.
    kept = work.workspace / "comfydock_cache/packs"
    assert not kept.exists() or [one.name for one in kept.iterdir() if one.is_dir() and one.name != "digests"] == []


def test_an_archive_that_is_gone_is_told(work: Session, host: PackHost) -> None:
    host.add("blur")
    host.archives.clear()
    failure(work, "pack-version-not-found", "node", "add", "blur")


def test_a_flagged_version_is_passed_over_for_the_one_before(work: Session, host: PackHost) -> None:
    host.add("blur", "1.0.0")
    host.add("blur", "2.0.0", status=FLAGGED)
    work.ok("node", "add", "blur")
    assert packs(work)["blur"][0] == "1.0.0"


def test_another_archive_under_a_known_address_is_refused(work: Session, host: PackHost) -> None:
    address = host.add("blur")
    work.ok("node", "add", "blur")
    host.replace_archive(address, pack_files("Other"))
    shutil.rmtree(work.workspace / "comfydock_cache/packs")
    shutil.rmtree(custom_nodes(work) / "blur")
    error = failure(work, "digest-mismatch", "sync")
    assert error["exit_code"] == 8


# Requirements


def test_two_packs_that_collide_are_told_with_their_lines_and_the_hint_works(work: Session, host: PackHost) -> None:
    host.add("older", files=pack_files(requirements="# limits\nmini-masks<2\n"))
    host.add("newer", "1.0.0")
    host.add("newer", "2.0.0", files=pack_files(requirements="mini-math\nmini-masks>=2\n"))
    work.ok("node", "add", "older")
    error = failure(work, "packs-conflict", "node", "add", "newer")
    assert error["exit_code"] == 4
    assert "older → requirements.txt:2 → mini-masks<2" in error["message"]
    assert "newer → requirements.txt:2 → mini-masks>=2" in error["message"]
    follow(work, error["hint"])


def test_three_packs_of_which_any_two_fit_are_told_together(work: Session, host: PackHost) -> None:
    """Each leaves two of the three versions of a package, all together none."""
    for number, name in enumerate(("one", "two", "three"), start=1):
        host.add(name, files=pack_files(requirements=f"mini-choice!={number}.0\n"))
    host.add("bystander", files=pack_files(requirements="mini-choice\nmini-masks\n"))
    work.ok("node", "add", "one", "two", "bystander")
    for pair in (("one", "three"), ("two", "three")):
        (other,) = {"one", "two"} - set(pair)
        work.ok("node", "remove", other)
        work.ok("node", "why-not", "three")
        work.ok("undo", "-e", "work")
    error = failure(work, "packs-conflict", "node", "add", "three")
    for number, name in enumerate(("one", "two", "three"), start=1):
        assert f"{name} → requirements.txt:1 → mini-choice!={number}.0" in error["message"]
    assert "bystander" not in error["message"]
    follow(work, error["hint"])


def test_what_a_package_needs_is_told_with_the_packs_that_collide_over_it(work: Session, host: PackHost) -> None:
    """`mini-blend` needs `mini-masks<2`."""
    host.add("blender", files=pack_files(requirements="mini-blend\n"))
    host.add("plain", files=pack_files(requirements="mini-base\n"))
    host.add("masker", files=pack_files(requirements="mini-masks>=2\n"))
    work.ok("node", "add", "blender", "plain")
    error = failure(work, "packs-conflict", "node", "add", "masker")
    assert "blender → requirements.txt:1 → mini-blend" in error["message"]
    assert "masker → requirements.txt:1 → mini-masks>=2" in error["message"]
    assert "plain" not in error["message"]
    follow(work, error["hint"])


def follow(session: Session, hint: str) -> None:
    """Every command that a hint names does what it promises, each from the same state."""
    lines = [line for line in QUOTED.findall(hint) if line.startswith("comfydock node ")]
    assert lines, hint
    for line in lines:
        before = state(session)
        session.ok(*shlex.split(line)[1:])
        assert state(session) != before, line
        session.ok("undo", "-e", "work")
        assert state(session) == before


BROKEN = ("not a requirement !!", "-r missing.txt", "name @", "mini-masks==", "a>=1,,<2", "-r requirements.txt",
          "mini-masks ; python_version <", "mini-masks[", "no-such-package-anywhere", "mini-masks==99", "../outside",
          "git+https://127.0.0.1:9/x.git", "mini-masks @ https://127.0.0.1:9/x.whl")  # fmt: skip


@pytest.mark.parametrize("line", BROKEN)
def test_broken_requirements_change_nothing_or_are_told_and_left_out(work: Session, host: PackHost, line: str) -> None:
    host.add("broken", files=pack_files(requirements=f"mini-masks\n{line}\n"))
    before = state(work)
    ran = work.run("node", "add", "broken")
    assert "Traceback" not in ran.err
    if ran.code == 0:
        assert "requirements.txt:2" in ran.err, ran
        work.ok("undo", "-e", "work")
    else:
        assert ran.code in (4, 5, 6, 8), ran
        told(ran, ran.code, "requirements.txt" if ran.code == 8 else "")
    assert state(work) == before


def test_requirements_that_are_no_text_are_told(work: Session, host: PackHost) -> None:
    host.add("broken", files={**pack_files(), "requirements.txt": b"\xff\xfe\x00bin\x80"})
    before = state(work)
    ran = work.run("node", "add", "broken")
    assert "Traceback" not in ran.err
    if ran.code != 0:
        told(ran, 8, "requirements.txt")
        assert state(work) == before


def test_an_install_script_is_offered_until_it_is_asked_for(work: Session, host: PackHost) -> None:
    host.add("scripted", files={**pack_files(), "install.py": "print('all is well')\n"})
    offered = "scripted has an install script, which runs only with `--run-install-script`: install.py:1"
    assert offered in work.ok("node", "add", "scripted", "--dry-run").err
    assert "install script" not in work.ok("node", "add", "scripted", "--run-install-script").err


def test_an_install_script_that_reports_an_error_and_ends_well_is_reported(work: Session, host: PackHost) -> None:
    script = "import traceback\ntry:\n    import nobody_has_this\nexcept ImportError:\n    traceback.print_exc()\n"
    host.add("scripted", files={**pack_files(), "install.py": script})
    ran = work.ok("node", "add", "scripted", "--run-install-script")
    assert "scripted: `install.py` ended well but reported: ModuleNotFoundError: No module named" in ran.err


def test_an_install_script_that_fails_changes_nothing(work: Session, host: PackHost) -> None:
    host.add("scripted", files={**pack_files(), "install.py": "raise SystemExit('it cannot be')\n"})
    error = failure(work, "install-script-failed", "node", "add", "scripted", "--run-install-script")
    assert "it cannot be" in error["message"]
    work.ok("node", "add", "scripted")


def test_local_changes_are_not_taken_away(work: Session, host: PackHost) -> None:
    host.add_repository("alice", "Fancy")
    work.ok("node", "add", "https://github.com/alice/Fancy")
    host.add_repository("alice", "Fancy", {"later.py": ""})
    (custom_nodes(work) / "Fancy/__init__.py").write_text("# mine\n")
    for action in ("update", "remove"):
        error = failure(work, "pack-has-changes", "node", action, "Fancy")
        follow(work, error["hint"])


def test_a_directory_in_the_way_is_left_alone_and_the_hint_takes_it_in(work: Session, host: PackHost) -> None:
    host.add("blur")
    mine = custom_nodes(work) / "Blur"
    mine.mkdir()
    (mine / "mine.py").write_text("mine = True\n")
    error = failure(work, "pack-exists", "node", "add", "blur")
    follow(work, error["hint"])
    work.ok("node", "add", "blur", "--force")
    work.ok("undo", "-e", "work")
    assert (mine / "mine.py").read_text() == "mine = True\n"


# The machine


def test_a_running_comfyui_is_left_alone(work: Session, host: PackHost) -> None:
    host.add("blur")
    host.add("sharp")
    work.ok("node", "add", "blur")
    work.ok("run", "--background", "--port", "0")
    try:
        for words in (("add", "sharp"), ("remove", "blur"), ("disable", "blur")):
            ran = told(work.run("node", *words), 7)
            assert "`comfydock run --stop" in ran.err
            assert "--while-running" in ran.err
        work.ok("node", "add", "sharp", "--while-running")
    finally:
        work.ok("run", "--stop")
    assert sorted(packs(work)) == ["blur", "sharp"]


@pytest.fixture
def disk(first: Session, host: PackHost, tmp_path: Path) -> Iterator[Session]:
    """The environment on a small file system in memory; skips where mounting is not allowed."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "none", str(place)], capture_output=True).returncode:
        pytest.skip("mounting a file system is not allowed here")
    copy_workspace(first.workspace, place / "workspace")
    yield Session(first.program, place / "workspace", {**first.variables, **host.variables()})
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("kilobytes", [0, 40, 200, 700, 1100])
def test_a_full_disk_is_told_wherever_it_gets_full(disk: Session, host: PackHost, kilobytes: int) -> None:
    """While the archive is fetched, unpacked, or copied into the environment, of half a megabyte each."""
    host.add("large", files={**pack_files(requirements="mini-masks\n"), "data.bin": os.urandom(500_000)})
    before = state(disk)
    with filled(disk, kilobytes):
        ran = told(disk.run("node", "add", "large"), 6)
        assert "o space left on device" in ran.err or "not enough space" in ran.err, ran
        assert state(disk) == before
    disk.ok("node", "add", "large")
    assert (custom_nodes(disk) / "large/data.bin").stat().st_size == 500_000


def test_on_a_full_disk_packs_are_turned_off_and_what_cannot_be_done_is_told(disk: Session, host: PackHost) -> None:
    host.add("blur", files=pack_files(requirements="mini-masks\n"))
    disk.ok("node", "add", "blur")
    before = state(disk)
    with filled(disk, 0):
        for words in (("disable", "blur"), ("remove", "blur")):
            ran = disk.run("node", *words)
            if ran.code != 0:
                told(ran, 6)
                assert state(disk) == before
    disk.ok("node", "list")


@pytest.mark.parametrize("path", ["ComfyUI/custom_nodes", ".cec/pyproject.toml", ".cec"])
def test_what_cannot_be_read_is_named(work: Session, host: PackHost, path: str) -> None:
    host.add("blur")
    before = state(work)
    place = work.environments / "work" / path
    with forbidden(place):
        ran = run_without_powers(work, "node", "add", "blur")
        assert ran.code in (6, 8), ran
        told(ran, ran.code, "ermission denied", str(place))
    assert state(work) == before


# Stopped


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_while_an_archive_is_fetched_leaves_everything_as_it_was(
    work: Session, host: PackHost, number: signal.Signals
) -> None:
    address = host.add("large", files={**pack_files(), "data.bin": os.urandom(500_000)})
    host.archive(address).waits = True
    stopped(work, ("node", "add", "large"), "Fetching large", number)
    host.archive(address).waits = False
    work.ok("node", "add", "large")


# For each phase the program and the call that does not end before it is told to; the last of them lasts that long.
PHASES = {"Fetching Fancy": ("git", " checkout "), "Resolving Python packages": ("uv", "pip sync"),
          "Installing Python packages": ("uv", "pip sync")}  # fmt: skip


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("phase", PHASES)
def test_a_signal_in_any_phase_leaves_everything_as_it_was(
    work: Session, host: PackHost, endless: Callable[[str, str], dict[str, str]], phase: str, number: signal.Signals  # noqa: F811
) -> None:  # fmt: skip
    host.add_repository("alice", "Fancy", pack_files(requirements="mini-masks\n"))
    words = ("node", "add", "https://github.com/alice/Fancy")
    stopped(work, words, phase, number, **endless(*PHASES[phase]))
    work.ok(*words)
    assert directories(work) == ["Fancy"]


def stopped(session: Session, words: tuple[str, ...], phase: str, number: signal.Signals, **changes: str) -> None:
    before = state(session)
    process = session.start(*words, **changes)
    wait_for_line(process, phase, errors=True)
    ran = stop(process, number)
    code, message = SIGNALS[number]
    assert (ran.code, ran.out) == (code, ""), ran
    assert ran.err.endswith(message), ran
    assert state(session) == before
    assert list((session.workspace / "comfydock_cache/packs").glob(".*")) == []


@pytest.mark.parametrize(
    "line",
    ["thing @ git+https://127.0.0.1:9/a/thing.git@main", "thing @ http://127.0.0.1:9/thing-1.0-py3-none-any.whl"],
)
def test_an_address_that_cannot_be_fetched_is_told_with_the_pack_that_asks_for_it(
    work: Session, host: PackHost, line: str
) -> None:
    host.add("plain")
    host.add("needy", files=pack_files(requirements=f"{line}\n"))
    error = work.error("node", "add", "plain", "needy")
    assert error["hint"].startswith(f"`needy` asks for `{line}`; ")
    assert error["context"]["pack"] == "needy"
