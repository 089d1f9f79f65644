"""`install.sh`: what it makes and takes away, what it refuses, and that it can be stopped anywhere."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from build.paths import Layout
from build.programs import plain_environment
from tests.support.http_server import Reply, serving
from tests.support.releases import archive_of, run_installer, small_release

SCRIPT = Layout().root / "build/install/install.sh"
SHELLS = (("dash",), ("busybox", "ash"), ("bash",), ("sh",))
MANUAL = "man/man1/comfydock.1"
COMPLETION = "bash-completion/completions/comfydock"
# Every program that the script calls, but for those that the shell itself may have.
CALLED = ("chmod", "cp", "cut", "dirname", "find", "grep", "gzip", "ln", "mkdir", "mktemp", "mv", "readlink", "rm",
          "sed", "sha256sum", "sort", "tail", "tar", "touch", "uname")  # fmt: skip

pytestmark = pytest.mark.skipif(os.name != "posix", reason="install.sh is for POSIX systems")

Install = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """Where it is installed: a place with spaces and other letters, which is not there yet."""
    return tmp_path / "große Ablage ☃" / "prefix"


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    """A directory with the first of two releases."""
    place = tmp_path / "releases"
    place.mkdir()
    return small_release(place, "2.0.0", share=[MANUAL, COMPLETION])


@pytest.fixture
def install(tmp_path: Path, prefix: Path, releases: Path) -> Install:
    (tmp_path / "home").mkdir()
    environment = {**plain_environment(), "HOME": str(tmp_path / "home")}

    def run(*words: str, shell: tuple[str, ...] = ("sh",), **changes: str) -> "subprocess.CompletedProcess[str]":
        env = {**environment, "COMFYDOCK_RELEASE_URL": str(releases), **changes}
        return run_installer(SCRIPT, "--prefix", str(prefix), *words, shell=shell, env=env)

    return run


def said(prefix: Path) -> str:
    """What the installed command says its version is."""
    ran = subprocess.run([str(prefix / "bin/comfydock"), "--version"], capture_output=True, text=True)
    return ran.stdout.strip() if ran.returncode == 0 else f"exit code {ran.returncode}: {ran.stderr}"


def everything(directory: Path) -> list[str]:
    return sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*"))


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_it_installs_updates_and_uninstalls_with_every_shell(
    install: Install, prefix: Path, releases: Path, shell: tuple[str, ...]
) -> None:
    if shutil.which(shell[0]) is None:
        pytest.skip(f"{shell[0]} is not installed")
    first = install(shell=shell)
    assert (first.returncode, first.stdout) == (0, ""), first.stderr
    assert said(prefix) == "comfydock 2.0.0"
    assert (prefix / "bin/cfd").resolve() == (prefix / "bin/comfydock").resolve()
    assert (prefix / "share" / MANUAL).read_text() == f"{MANUAL} of 2.0.0\n"
    small_release(releases, "2.0.1", share=[COMPLETION])
    assert install(shell=shell).returncode == 0
    assert said(prefix) == "comfydock 2.0.1"
    assert os.readlink(prefix / "lib/comfydock/previous").startswith("2.0.0-")
    assert not os.path.lexists(prefix / "share" / MANUAL)  # The new version has no such page.
    assert (prefix / "share" / COMPLETION).read_text() == f"{COMPLETION} of 2.0.1\n"
    gone = install("--uninstall", shell=shell)
    assert gone.returncode == 0, gone.stderr
    assert everything(prefix.parent.parent / "home") == []
    assert not prefix.parent.exists()  # It was made by the installer as well.


def test_what_was_there_before_stays_when_it_is_uninstalled(install: Install, prefix: Path) -> None:
    (prefix / "bin").mkdir(parents=True)
    (prefix / "bin/other").write_text("mine")
    (prefix / "share/man/man1").mkdir(parents=True)
    before = everything(prefix)
    assert install().returncode == 0
    assert install("--uninstall").returncode == 0
    assert everything(prefix) == before


def test_the_newest_finished_release_is_taken_and_any_by_its_version(
    install: Install, prefix: Path, releases: Path
) -> None:
    for version in ("2.0.10", "2.0.9", "2.1.0rc1"):
        small_release(releases, version)
    assert install().returncode == 0
    assert said(prefix) == "comfydock 2.0.10"
    assert install("--version", "v2.1.0rc1").returncode == 0
    assert said(prefix) == "comfydock 2.1.0rc1"
    missing = install("--version", "3.0")
    assert (missing.returncode, "there is no ComfyDock 3.0" in missing.stderr) == (1, True)
    assert said(prefix) == "comfydock 2.1.0rc1"


def test_the_release_beside_the_script_is_taken_without_being_named(
    tmp_path: Path, prefix: Path, releases: Path
) -> None:
    shutil.copyfile(SCRIPT, releases / "install.sh")
    (tmp_path / "elsewhere").mkdir()
    script = releases / "install.sh"
    ran = run_installer(script, "--prefix", str(prefix), env=plain_environment(), cwd=tmp_path / "elsewhere")
    assert ran.returncode == 0, ran.stderr
    assert said(prefix) == "comfydock 2.0.0"


def test_a_place_that_is_not_on_the_path_is_reported_and_no_file_is_edited(
    install: Install, prefix: Path, tmp_path: Path
) -> None:
    (tmp_path / "home/.bashrc").write_text("# mine\n")
    assert f'export PATH="{prefix}/bin:$PATH"' in install().stderr
    assert "comfydock help" in install(PATH=f"{prefix}/bin:{os.environ['PATH']}").stderr
    assert (tmp_path / "home/.bashrc").read_text() == "# mine\n"
    assert everything(tmp_path / "home") == [".bashrc"]


@pytest.mark.parametrize("tool", ["curl", "wget"])
def test_a_release_is_fetched_from_a_server(install: Install, prefix: Path, releases: Path, tool: str) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    with serving({f"/{path.name}": Reply(path.read_bytes()) for path in releases.iterdir()}) as server:
        ran = install("--from", server.url, PATH=path_without("curl" if tool == "wget" else "", prefix))
    assert ran.returncode == 0, ran.stderr
    assert said(prefix) == "comfydock 2.0.0"


@pytest.mark.parametrize("damage", ["flipped", "cut", "listed otherwise", "missing"])
def test_a_damaged_download_changes_nothing(install: Install, prefix: Path, releases: Path, damage: str) -> None:
    assert install().returncode == 0
    before = everything(prefix)
    small_release(releases, "2.0.1")
    archive = archive_of(releases, "2.0.1")
    content = archive.read_bytes()
    if damage == "flipped":
        archive.write_bytes(content[:200] + bytes([content[200] ^ 1]) + content[201:])
    elif damage == "cut":
        archive.write_bytes(content[:-100])
    elif damage == "missing":
        archive.unlink()
    else:
        sums = releases / "SHA256SUMS"
        sums.write_text(re.sub("^[0-9a-f]{64}", "0" * 64, sums.read_text(), flags=re.MULTILINE))
    ran = install()
    assert ran.returncode == 1
    assert ("there is no comfydock-2.0.1" if damage == "missing" else "is damaged") in ran.stderr
    assert everything(prefix) == before
    assert said(prefix) == "comfydock 2.0.0"


def test_a_download_that_is_cut_off_is_an_error(install: Install, prefix: Path, releases: Path) -> None:
    replies: dict[str, Reply | list[Reply]] = {f"/{one.name}": Reply(one.read_bytes()) for one in releases.iterdir()}
    archive = archive_of(releases, "2.0.0")
    size = str(archive.stat().st_size)
    replies[f"/{archive.name}"] = Reply(archive.read_bytes()[:100], headers={"Content-Length": size})
    with serving(replies) as server:
        ran = install("--from", server.url)
    assert ran.returncode == 1
    assert "could not be downloaded" in ran.stderr or "is damaged" in ran.stderr  # Not every program notices.
    assert not (prefix / "bin").exists()


def test_a_release_that_does_not_start_here_changes_nothing(install: Install, prefix: Path, releases: Path) -> None:
    assert install().returncode == 0
    small_release(releases, "2.0.1", program="#!/bin/sh\necho 'version GLIBC_9.99 not found' >&2\nexit 1\n")
    ran = install()
    assert ran.returncode == 1
    assert "ComfyDock does not start here: version GLIBC_9.99 not found" in ran.stderr
    assert said(prefix) == "comfydock 2.0.0"
    small_release(releases, "2.0.2", program="#!/bin/sh\necho comfydock 1.0\n")
    assert 'holds "comfydock 1.0" instead of ComfyDock 2.0.2' in install().stderr


def test_a_command_of_somebody_else_is_not_replaced(install: Install, prefix: Path) -> None:
    (prefix / "bin").mkdir(parents=True)
    (prefix / "bin/comfydock").write_text("theirs")
    ran = install()
    assert ran.returncode == 1
    assert f"{prefix}/bin/comfydock is there and was not made by this script" in ran.stderr
    assert everything(prefix) == ["bin", "bin/comfydock"]


def test_a_file_of_somebody_else_below_share_stays(install: Install, prefix: Path) -> None:
    (prefix / "share" / MANUAL).parent.mkdir(parents=True)
    (prefix / "share" / MANUAL).write_text("theirs")
    ran = install()
    assert ran.returncode == 0
    assert f"note: {prefix}/share/{MANUAL} is there already" in ran.stderr
    assert (prefix / "share" / MANUAL).read_text() == "theirs"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--prefix",), "--prefix needs a value"),
        (("--frobnicate",), "unknown word: --frobnicate"),
        (("--version", "../../x"), "not a version: ../../x"),
        (("--uninstall",), "ComfyDock is not installed in"),
        (("--from", "/nowhere"), "there is no SHA256SUMS in /nowhere"),
        (("--from", "http://127.0.0.1:9"), "http://127.0.0.1:9/SHA256SUMS could not be downloaded"),
    ],
)
def test_what_cannot_be_done_is_an_error_that_leaves_nothing(
    install: Install, prefix: Path, words: tuple[str, ...], error: str
) -> None:
    ran = install(*words)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert f"error: {error}" in ran.stderr
    assert not (prefix / "bin").exists()
    assert list(prefix.glob("lib/comfydock/.new.*")) == []


def test_without_a_home_the_prefix_has_to_be_named(releases: Path) -> None:
    ran = run_installer(SCRIPT, env={"PATH": os.environ["PATH"], "COMFYDOCK_RELEASE_URL": str(releases)})
    assert ran.returncode == 1
    assert "HOME is not set" in ran.stderr


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else")
def test_a_place_that_cannot_be_written_to_is_an_error(releases: Path, tmp_path: Path) -> None:
    for path in (tmp_path, *tmp_path.parents):
        path.chmod(path.stat().st_mode | 0o055)
    (tmp_path / "closed").mkdir(mode=0o755)
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh")
    environment = {**plain_environment(), "COMFYDOCK_RELEASE_URL": str(releases)}
    script = shutil.copyfile(SCRIPT, tmp_path / "script.sh")
    ran = run_installer(script, "--prefix", str(tmp_path / "closed/prefix"), shell=nobody, env=environment)
    assert ran.returncode == 1
    assert "closed/prefix cannot be made" in ran.stderr


def test_a_full_disk_changes_nothing(install: Install, prefix: Path, releases: Path) -> None:
    assert install().returncode == 0
    large = "#!/bin/sh\necho comfydock 2.0.1\n#" + "x" * 3_000_000
    small_release(releases, "2.0.1", program=large)
    ran = install(shell=("sh", "-c", 'ulimit -f 2000; trap "" XFSZ; exec sh "$0" "$@"'))
    assert ran.returncode == 1
    assert "could not be unpacked" in ran.stderr
    assert said(prefix) == "comfydock 2.0.0"


def test_it_can_be_killed_at_every_step_and_run_again(
    install: Install, prefix: Path, releases: Path, tmp_path: Path
) -> None:
    assert install().returncode == 0
    pristine = tmp_path / "pristine"
    shutil.copytree(prefix, pristine, symlinks=True)
    small_release(releases, "2.0.1", share=[COMPLETION, "man/man7/comfydock.7"])
    shims, counter = tmp_path / "shims", tmp_path / "counter"
    make_shims(shims, counter)

    def update(killed_at: int) -> "subprocess.CompletedProcess[str]":
        shutil.rmtree(prefix)
        shutil.copytree(pristine, prefix, symlinks=True)
        counter.write_text("")
        return install(PATH=f"{shims}:{os.environ['PATH']}", KILL_AT=str(killed_at))

    assert update(0).returncode == 0
    steps = len(counter.read_text())
    assert steps > 40
    seen = set()
    for step in range(1, steps + 1):
        assert update(step).returncode == -9
        seen.add(said(prefix))
        again = install()
        assert (again.returncode, said(prefix)) == (0, "comfydock 2.0.1"), again.stderr
        assert (prefix / "share/man/man7/comfydock.7").read_text() == "man/man7/comfydock.7 of 2.0.1\n"
    assert seen == {"comfydock 2.0.0", "comfydock 2.0.1"}


def make_shims(place: Path, counter: Path) -> None:
    """Stand-ins for the programs of the script: each counts, and kills the whole group from `KILL_AT` on."""
    place.mkdir()
    for name in CALLED:
        program = shutil.which(name)
        assert program is not None, name
        shim = place / name
        shim.write_text(
            f'#!/bin/sh\nprintf . >>"{counter}"\n'
            f'[ "$KILL_AT" = 0 ] || [ "$(/usr/bin/wc -c <"{counter}")" -lt "$KILL_AT" ] || kill -9 0\n'
            f'exec {program} "$@"\n'
        )
        shim.chmod(0o755)


def path_without(program: str, prefix: Path) -> str:
    """A `PATH` without one program, by links to all others."""
    if not program:
        return os.environ["PATH"]
    place = prefix.parent.parent / "path"
    place.mkdir(exist_ok=True)
    for directory in os.environ["PATH"].split(os.pathsep):
        for found in Path(directory).glob("*") if Path(directory).is_dir() else ():
            if found.name != program and not os.path.lexists(place / found.name):
                (place / found.name).symlink_to(found)
    return str(place)
