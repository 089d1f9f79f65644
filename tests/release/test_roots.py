"""A release on systems that have nothing but a C library, git and certificates: the oldest one and a current one."""

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from build.describe import version as version_of
from build.paths import Layout
from build.release.making import Release
from build.release.sums import digest_of
from tests.support import miniature
from tests.support.miniature import Miniature
from tests.support.pack_host import pack_files
from tests.support.releases import archive_of, real_release

VERSION = version_of(Layout())
NEW = f"9{VERSION[1:]}"
# Debian's suites: glibc 2.31, the oldest that its mirrors have, and 2.41.
OLDEST, CURRENT = "bullseye", "trixie"
MIRROR = os.environ.get("COMFYDOCK_TEST_DEBIAN_MIRROR", "http://deb.debian.org/debian")
HOME = "/home/user"


class Root:
    """A system in a directory of its own, entered by `chroot`, as a user whose home is `/home/user`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def path(self, name: str) -> Path:
        return self.directory / name.lstrip("/")

    def run(self, line: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run a line of shell in it, with nothing but a path and a home."""
        given = {"PATH": f"{HOME}/.local/bin:/usr/bin:/bin", "HOME": HOME, **variables}
        settings = [f"{name}={value}" for name, value in given.items()]
        command = ["chroot", str(self.directory), "env", "-i", *settings, "sh", "-c", line]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def ok(self, line: str, **variables: str) -> str:
        """Run what must succeed; what it wrote to standard output."""
        ran = self.run(line, **variables)
        assert ran.returncode == 0, f"{line}\n{ran.stdout}{ran.stderr}"
        return ran.stdout


def make_root(suite: str, place: Path) -> Root:
    """A minimal system with git and certificates. Skips where none can be made."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can make a root directory of a system")
    if shutil.which("debootstrap") is None:
        pytest.skip("debootstrap is not installed")
    command = ["debootstrap", "--variant=minbase", "--include=git,ca-certificates", suite, str(place), MIRROR]
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip(f"debootstrap cannot make {suite} here: {(made.stdout + made.stderr).strip()[-300:]}")
    root = Root(place)
    root.path(HOME).mkdir(parents=True)
    mounted = subprocess.run(["mount", "--bind", "/proc", str(root.path("/proc"))], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"/proc cannot be mounted in a root directory here: {mounted.stderr.strip()}")
    assert root.run("command -v python3").returncode != 0
    return root


@pytest.fixture(scope="module")
def releases(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the release as `just release` makes it, and with a later one."""
    place = tmp_path_factory.mktemp("releases")
    shutil.copytree(release.directory, place / "release")
    (place / "later").mkdir()
    real_release(place / "later", NEW, release.builder.layout.artifact(release.form))
    return place


@pytest.fixture(scope="module")
def oldest(releases: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Root]:
    yield from furnished(make_root(OLDEST, tmp_path_factory.mktemp("oldest") / "root"), releases)


@pytest.fixture(scope="module")
def current(releases: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Root]:
    yield from furnished(make_root(CURRENT, tmp_path_factory.mktemp("current") / "root"), releases)


def furnished(root: Root, releases: Path) -> Iterator[Root]:
    """With the release in `/release` and the later one in `/later`; the directory goes at the end, it is large."""
    for place in releases.iterdir():
        shutil.copytree(place, root.path(place.name))
    try:
        yield root
    finally:
        subprocess.run(["umount", str(root.path("/proc"))], check=True)
        shutil.rmtree(root.directory)


@pytest.fixture(scope="module")
def places(oldest: Root) -> dict[str, str]:
    """What the story needs in the old system: a miniature ComfyUI with its index, and a Python for uv to install."""
    # The same path inside and outside, because addresses are in its files.
    small: Miniature = miniature.build(oldest.path("/srv/miniature"))
    pack = oldest.path("/srv/packs/fancy")
    pack.mkdir(parents=True)
    for name, text in pack_files("Fancy", "mini-masks\n").items():
        (pack / name).write_text(str(text))
    prefix = str(oldest.directory)
    variables = {name: value.replace(prefix, "") for name, value in small.variables().items()}
    variables |= python_to_install(oldest)
    del variables["UV_PYTHON_DOWNLOADS"]
    return variables


def python_to_install(root: Root) -> dict[str, str]:
    """The portable interpreter as uv downloads one, from a directory instead of a server."""
    prefix = Layout(portable=True).portable_work / "python"
    archive = root.path("/srv/python.tar.gz")
    with tarfile.open(archive, "w:gz", compresslevel=1) as packed:
        packed.add(prefix, "python")
    version = subprocess.run([str(prefix / "bin/python3.11"), "-V"], capture_output=True, text=True).stdout.split()[1]
    patch = int(version.rpartition(".")[2])
    entry = {
        "name": "cpython", "arch": {"family": "x86_64", "variant": None}, "os": "linux", "libc": "gnu",
        "major": 3, "minor": 11, "patch": patch, "prerelease": "", "url": "file:///srv/python.tar.gz",
        "sha256": digest_of(archive), "variant": None, "build": "20260101",
    }  # fmt: skip
    root.path("/srv/pythons.json").write_text(json.dumps({f"cpython-{version}-linux-x86_64-gnu": entry}))
    return {"UV_PYTHON_DOWNLOADS_JSON_URL": "file:///srv/pythons.json"}


def test_the_whole_story_on_the_oldest_system(oldest: Root, places: dict[str, str]) -> None:
    before = snapshot(oldest)
    oldest.ok("sh /release/install.sh")
    assert oldest.ok("comfydock --version") == f"comfydock {VERSION}\n"
    oldest.ok("comfydock init")
    oldest.ok("comfydock create work --python 3.11 --torch-backend cpu --use", **places)
    oldest.ok("comfydock node add /srv/packs/fancy", **places)
    assert "1 pack" in oldest.ok("comfydock status", **places)
    oldest.ok("comfydock run -- --cpu --quick-test-for-ci", **places)
    oldest.ok("comfydock undo", **places)
    assert "node packs  none" in oldest.ok("comfydock status", **places)
    oldest.ok("comfydock self update", COMFYDOCK_RELEASE_URL="/later")
    assert oldest.ok("comfydock --version") == f"comfydock {NEW}\n"
    assert "as locked" in oldest.ok("comfydock status", **places)
    oldest.ok("comfydock self update --back")
    assert oldest.ok("comfydock --version") == f"comfydock {VERSION}\n"
    oldest.ok("comfydock self uninstall --yes")
    left = snapshot(oldest) - before
    assert {name.split("/")[3] for name in left} == {"comfydock"}  # The workspace, in the home of the user.


def snapshot(root: Root) -> set[str]:
    """Everything in the home of the user."""
    return {"/" + str(path.relative_to(root.directory)) for path in root.path("/home").rglob("*")}


ODD = "/opt/große Ablage ☃"
# Ways to start a program that is not where its user would put it.
WAYS = {
    "from a path with spaces and other letters": shlex.quote(f"{ODD}/comfydock"),
    "through a link": "/usr/local/bin/linked",
    "with no variables at all": f"env -i {shlex.quote(f'{ODD}/comfydock')}",
    "without a home": f"env -u HOME {shlex.quote(f'{ODD}/comfydock')}",
    "as somebody who does not own it": f"setpriv --reuid=65534 --clear-groups {shlex.quote(f'{ODD}/comfydock')}",
}


@pytest.fixture(scope="module", params=["oldest", "current"])
def unpacked(request: pytest.FixtureRequest) -> Root:
    """A system with the archive unpacked by hand, in a folder that nobody can write to, and a link to it."""
    root: Root = request.getfixturevalue(request.param)
    archive = archive_of(root.path("/release"), VERSION)
    place = root.path(ODD)
    if not place.exists():
        place.mkdir(parents=True)
        root.ok(f"tar -xzf /release/{archive.name} -C {shlex.quote(ODD)} --strip-components=1")
        for path in (place, *place.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & ~0o222)
        root.path("/usr/local/bin/linked").symlink_to(f"{ODD}/comfydock")
    return root


@pytest.mark.parametrize("way", WAYS)
def test_it_runs_however_it_is_started(unpacked: Root, way: str) -> None:
    assert unpacked.ok(f"{WAYS[way]} --version") == f"comfydock {VERSION}\n"
    answer = json.loads(unpacked.run(f"{WAYS[way]} --json list").stdout)
    assert (answer["command"], answer["exit_code"] in (0, 3)) == ("list", True)


def test_uv_and_every_library_of_it_load(unpacked: Root) -> None:
    parts = "bz2 ctypes decimal hashlib lzma sqlite3 ssl zlib rich.console:Console truststore:inject_into_ssl"
    assert "parts work" in unpacked.ok(f"{shlex.quote(f'{ODD}/comfydock')} __check {parts}")
    assert unpacked.ok(f"{shlex.quote(f'{ODD}/uv')} --version").startswith("uv ")


def test_the_archive_is_what_the_sums_say(unpacked: Root) -> None:
    sums = dict(reversed(line.split("  ")) for line in unpacked.path("/release/SHA256SUMS").read_text().splitlines())
    archive = archive_of(unpacked.path("/release"), VERSION)
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == sums[archive.name]
