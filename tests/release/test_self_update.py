"""`self update` and `self uninstall` of the compiled program: they happen or do not, and disturb nobody."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from build.describe import version as version_of
from build.paths import Layout
from build.programs import Program, plain_environment
from comfydock_cli.table import resolve
from tests.e2e.test_terminal import CONTROL, ESCAPE, end, terminal
from tests.support import miniature
from tests.support.http_server import Reply, serving
from tests.support.programs import program as program_of
from tests.support.releases import archive_of, real_release, run_installer, small_release
from tests.support.sessions import Session, new_session

SCRIPT = Layout().root / "build/install/install.sh"
OLD = version_of(Layout())
NEW = f"9{OLD[1:]}"  # Later than any, and of the same length.
POINTS = 6

pytestmark = pytest.mark.skipif(os.name != "posix", reason="on Windows the installer is a script for PowerShell")


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two releases of the program: this one, and a later one."""
    place = tmp_path_factory.mktemp("releases")
    real_release(place, OLD)
    return real_release(place, NEW)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, releases: Path) -> Path:
    """A prefix with the older release."""
    place = tmp_path_factory.mktemp("first")
    words = ("--prefix", str(place), "--from", str(releases), "--version", OLD)
    assert run_installer(SCRIPT, *words, env=plain_environment()).returncode == 0
    return place


@pytest.fixture
def installed(tmp_path: Path, first: Path, releases: Path) -> Session:
    """The older release, installed in a place with spaces and other letters; the later one is on offer."""
    prefix = tmp_path / "große Ablage ☃"
    subprocess.run(["cp", "-al", str(first), str(prefix)], check=True)  # Versions are never written to.
    (tmp_path / "home").mkdir()
    program = Program("nuitka", (str(prefix / "bin/comfydock"),))
    variables = {"COMFYDOCK_RELEASE_URL": str(releases), "HOME": str(tmp_path / "home")}
    return Session(program, tmp_path / "workspace", variables)


def prefix_of(session: Session) -> Path:
    return Path(session.program.command[0]).parent.parent


def said(session: Session) -> str:
    return session.ok("--version").out.strip()


def versions(session: Session) -> list[str]:
    """The versions that lie there, and whatever else does."""
    names = os.listdir(prefix_of(session) / "lib/comfydock")
    return sorted(re.sub("-[^-]*$", "", name) for name in names)


def test_it_checks_updates_goes_back_and_goes_forth(installed: Session) -> None:
    checked = installed.data("self", "update", "--check")
    assert checked == {"version": OLD, "available": NEW, "newer": True}
    assert said(installed) == f"comfydock {OLD}"
    done = installed.data("self", "update")
    assert done == {"prefix": str(prefix_of(installed)), "before": OLD, "version": NEW, "updated": True}
    assert said(installed) == f"comfydock {NEW}"
    pages = prefix_of(installed) / "share/man/man1"
    assert [path.name for path in pages.iterdir()] == [f"comfydock-{NEW}.1"]
    assert installed.data("self", "update")["updated"] is False
    assert installed.data("self", "update", "--back")["version"] == OLD
    assert said(installed) == f"comfydock {OLD}"
    assert [path.name for path in pages.iterdir()] == [f"comfydock-{OLD}.1"]
    assert installed.data("self", "update", "--back")["version"] == NEW
    assert installed.data("self", "update", "--to", f"v{OLD}")["version"] == OLD
    assert versions(installed) == sorted([OLD, OLD, NEW, "current", "made", "previous"])


def test_the_plan_of_an_update_changes_nothing(installed: Session) -> None:
    plan = installed.data("self", "update", "--dry-run")["plan"]
    assert [step["action"] for step in plan] == ["fetch", "verify", "install", "keep"]
    assert versions(installed) == [OLD, "current", "made"]
    assert installed.data("self", "uninstall", "--dry-run")["plan"][0]["target"] == f"ComfyDock {OLD}"
    assert said(installed) == f"comfydock {OLD}"


def test_uninstalling_leaves_nothing_but_what_was_there(installed: Session, tmp_path: Path) -> None:
    installed.ok("self", "update")
    installed.ok("init")
    assert installed.run("self", "uninstall").code == 2  # Nobody there to answer.
    answer = installed.data("self", "uninstall", "--yes")
    assert (answer["version"], answer["removed"]) == (NEW, True)
    left = [path for path in prefix_of(installed).rglob("*") if not path.is_dir()]
    assert left == []
    assert not (prefix_of(installed) / "lib").exists() or os.listdir(prefix_of(installed) / "lib") == []
    assert (installed.workspace / ".metadata/workspace.json").is_file()


def test_the_installer_and_the_program_follow_each_other(installed: Session, releases: Path) -> None:
    installed.ok("self", "update")
    words = ("--prefix", str(prefix_of(installed)), "--from", str(releases), "--version", OLD)
    assert run_installer(SCRIPT, *words, env=plain_environment()).returncode == 0
    assert said(installed) == f"comfydock {OLD}"
    assert installed.data("self", "update", "--back")["version"] == NEW
    ran = run_installer(SCRIPT, "--uninstall", "--prefix", str(prefix_of(installed)), env=plain_environment())
    assert ran.returncode == 0, ran.stderr
    assert [path for path in prefix_of(installed).rglob("*") if not path.is_dir()] == []


def test_a_mirror_on_a_server_is_used(installed: Session, releases: Path) -> None:
    with serving({f"/m/{path.name}": Reply(path.read_bytes()) for path in releases.iterdir()}) as server:
        installed.ok("self", "update", COMFYDOCK_RELEASE_URL=f"{server.url}/m/")
        assert [path for path, _ in server.requests] == ["/m/SHA256SUMS", f"/m/{archive_of(releases, NEW).name}"]
    assert said(installed) == f"comfydock {NEW}"


def test_no_network_is_used_unless_asked(installed: Session) -> None:
    error = installed.error("self", "update", "--offline", COMFYDOCK_RELEASE_URL="http://127.0.0.1:9")
    assert (error["code"], error["exit_code"]) == ("offline", 5)
    with serving() as server:
        for words in (("list",), ("help",), ("self", "update", "--back")):
            installed.run(*words, COMFYDOCK_RELEASE_URL=server.url)
        assert server.requests == []


@pytest.mark.parametrize("place", ["http://127.0.0.1:9", "/nowhere", "file:///nowhere"])
def test_a_place_without_releases_changes_nothing(installed: Session, place: str) -> None:
    error = installed.error("self", "update", COMFYDOCK_RELEASE_URL=place)
    assert error["code"] == ("network-unavailable" if place.startswith("http") else "release-not-found")
    assert error["hint"]
    assert versions(installed) == [OLD, "current", "made"]


def test_a_release_that_there_is_not_is_named_with_those_there_are(installed: Session) -> None:
    error = installed.error("self", "update", "--to", "1.0")
    assert (error["code"], error["context"]["known"]) == ("release-not-found", [OLD, NEW])


def test_there_must_be_a_version_to_go_back_to(installed: Session) -> None:
    assert installed.error("self", "update", "--back")["code"] == "release-not-found"
    error = installed.error("self", "update", "--back", "--check")
    assert (error["code"], error["exit_code"]) == ("usage", 2)


def test_ctrl_c_during_the_download_leaves_terminal_and_installation_as_they_were(
    installed: Session, releases: Path
) -> None:
    before = versions(installed)
    replies: dict[str, Reply | list[Reply]] = {
        f"/m/{path.name}": Reply(path.read_bytes(), waits=path.suffix == ".gz") for path in releases.iterdir()
    }
    with serving(replies) as server:
        url = {"COMFYDOCK_RELEASE_URL": f"{server.url}/m"}
        child = terminal(installed, "self", "update", **url)
        child.expect(r"MB/\d+\.\d MB")
        child.sendintr()
        code, shown = end(child)
    assert code == 130
    assert CONTROL.sub("", shown).splitlines()[-1] == "error: interrupted"
    assert shown.rindex(f"{ESCAPE}[?25h") > shown.rfind(f"{ESCAPE}[?25l")
    assert (versions(installed), said(installed)) == (before, f"comfydock {OLD}")


@pytest.mark.parametrize(
    ("damage", "code"), [("flipped", "digest-mismatch"), ("cut", "digest-mismatch"), ("no archive", "archive-refused")]
)
def test_a_damaged_release_changes_nothing(
    installed: Session, releases: Path, tmp_path: Path, damage: str, code: str
) -> None:
    place = tmp_path / "damaged"
    place.mkdir()
    archive = archive_of(place, NEW)
    content = archive_of(releases, NEW).read_bytes()
    changed = {"flipped": content[:500] + b"!" + content[501:], "cut": content[:-1], "no archive": b"no archive"}[
        damage
    ]
    archive.write_bytes(changed)
    shutil.copyfile(releases / "SHA256SUMS", place / "SHA256SUMS")
    if damage == "no archive":
        from build.release.sums import write_sums

        write_sums(place)
    assert installed.error("self", "update", COMFYDOCK_RELEASE_URL=str(place))["code"] == code
    assert said(installed) == f"comfydock {OLD}"
    assert versions(installed) == [OLD, "current", "made"]


@pytest.mark.parametrize("script", ["echo comfydock 0.1", "echo GLIBC_9.99 not found >&2; exit 127", "kill -9 $$"])
def test_a_release_that_does_not_start_changes_nothing(installed: Session, tmp_path: Path, script: str) -> None:
    (tmp_path / "broken").mkdir()
    place = small_release(tmp_path / "broken", NEW, program=f"#!/bin/sh\n{script}\n")
    error = installed.error("self", "update", COMFYDOCK_RELEASE_URL=str(place))
    assert (error["code"], error["exit_code"]) == ("release-broken", 8)
    assert said(installed) == f"comfydock {OLD}"
    assert versions(installed) == [OLD, "current", "made"]


@pytest.mark.parametrize("action", ["kill", "raise", "enospc"])
def test_it_can_be_stopped_at_every_step_and_run_again(installed: Session, tmp_path: Path, action: str) -> None:
    log = tmp_path / "points"
    pristine = tmp_path / "pristine"
    subprocess.run(["cp", "-al", str(prefix_of(installed)), str(pristine)], check=True)
    installed.ok("self", "update", COMFYDOCK_FAULT_LOG=str(log))
    points = log.read_text().splitlines()
    assert len(points) >= POINTS
    for number, point in enumerate(points, 1):
        shutil.rmtree(prefix_of(installed))
        subprocess.run(["cp", "-al", str(pristine), str(prefix_of(installed))], check=True)
        stopped = installed.run("self", "update", COMFYDOCK_FAULT=f"{action}:{number}")
        assert stopped.code == {"kill": -9, "raise": 130, "enospc": 6}[action], (point, stopped)
        assert said(installed) in (f"comfydock {OLD}", f"comfydock {NEW}"), point
        assert installed.run("self", "update").code == 0, point
        assert said(installed) == f"comfydock {NEW}", point


def test_a_running_comfyui_and_its_watcher_survive_an_update(installed: Session, tmp_path: Path) -> None:
    small = miniature.build(tmp_path / "miniature")
    made = new_session(program_of("source"), tmp_path / "made", small)
    session = Session(installed.program, made.workspace, {**made.variables, **installed.variables})
    made.ok("init")
    made.ok("create", "work", "--use")
    session.ok("run", "--background", "--port", "0")
    try:
        for version in (NEW, OLD, NEW):  # The version that watches is neither in use nor the one before it then.
            session.ok("self", "update", "--to", version)
            age_versions(session)
        assert session.data("status")["running"]
        error = session.error("self", "uninstall", "--yes")
        assert (error["code"], error["exit_code"]) == ("program-in-use", 7)
    finally:
        session.run("run", "--stop")
    assert session.data("status")["running"] == []
    session.ok("self", "uninstall", "--yes")


def test_old_versions_go_and_the_last_two_stay(installed: Session) -> None:
    for version in (NEW, OLD, NEW, OLD):
        installed.ok("self", "update", "--to", version)
        age_versions(installed)
    installed.ok("self", "update")
    assert versions(installed) == sorted([OLD, NEW, "current", "made", "previous"])


@pytest.mark.parametrize(
    "example", [example for row in resolve.all_commands() for example in row.examples if row.path[0] == "self"]
)
def test_every_example_works_with_an_installed_release(installed: Session, example: str) -> None:
    _, *words = example.replace("2.0.1", NEW).split()
    if "--back" in words:
        installed.ok("self", "update")
    installed.ok(*words, "--yes")


def test_a_program_that_was_not_installed_says_how_it_is_updated(tmp_path: Path) -> None:
    for form in ("source", "nuitka"):
        session = Session(program_of(form), tmp_path, {"COMFYDOCK_RELEASE_URL": "/nowhere"})
        for words in (("self", "update"), ("self", "uninstall", "--yes")):
            error = session.error(*words)
            assert (error["code"], error["exit_code"]) == ("program-not-installed", 4)
            assert ("pip install --upgrade" if form == "source" else "install.sh") in error["hint"]


def age_versions(session: Session) -> None:
    """As if they had been installed an hour ago."""
    for path in (prefix_of(session) / "lib/comfydock").iterdir():
        if path.is_dir() and not path.is_symlink():
            os.utime(path, (1, 1))
