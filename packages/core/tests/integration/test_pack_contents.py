"""The code of node packs: fetched once, whole or not at all, and copied into environments. Real HTTP and real git."""

import hashlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from comfydock_core.caching.repository_mirrors import RepositoryMirrors
from comfydock_core.clients.transport import Transport
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.factories.pack_factory import pack_contents
from comfydock_core.integrations.git import changes
from comfydock_core.integrations.git.head import read_head
from comfydock_core.models.exceptions import (
    ArchiveRefused,
    ComfyDockError,
    DigestMismatch,
    FileSystemError,
    GitFailed,
    NetworkUnavailable,
    OfflineRefused,
    PackNotFound,
    PackVersionNotFound,
    RefNotFound,
    RepositoryNotFound,
)
from comfydock_core.models.packs.node_packs import PackContent
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.shared import NodeInfo
from comfydock_core.services.pack_contents import PackContents
from comfydock_core.utils import faults
from comfydock_core.utils.reporting import SilentReporter
from tests.support.children import Child, Side
from tests.support.miniature import commit, git
from tests.support.pack_host import PackHost, pack_files, pack_host
from tests.support.reporters import RecordingReporter

SILENT = SilentReporter()
HUB = "https://github.com/alice/fancy"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PackHost]:
    monkeypatch.setattr("comfydock_core.clients.transport._BACKOFF_SECONDS", 0.0)
    monkeypatch.setattr("comfydock_core.clients.downloads._PAUSE_SECONDS", 0.0)
    with pack_host(tmp_path / "repositories") as running:
        for name, value in running.variables().items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def layout(tmp_path: Path) -> WorkspaceLayout:
    return WorkspaceLayout(str(tmp_path / "Große Ablage ☃"))


@pytest.fixture
def contents(layout: WorkspaceLayout) -> PackContents:
    return pack_contents(layout)


def archived(url: str, version: str = "1.0.0", sha256: str | None = None) -> NodeInfo:
    return NodeInfo("fancy", "fancy", "registry", version, registry_id="fancy", download_url=url, sha256=sha256)


def committed(repository: str, version: str) -> NodeInfo:
    return NodeInfo("fancy", "fancy", "git", version, repository=repository, branch="main")


def tree(directory: str) -> dict[str, str]:
    found = {}
    for place, directories, files in os.walk(directory):
        directories[:] = [name for name in directories if name != ".git"]
        for name in files:
            path = os.path.join(place, name)
            if name != ".git":
                found[os.path.relpath(path, directory)] = Path(path).read_text()
    return found


def kept(layout: WorkspaceLayout) -> list[str]:
    """Everything in the cache but locks and notes."""
    names = os.listdir(layout.packs) if os.path.isdir(layout.packs) else []
    return sorted(name for name in names if not name.endswith(".lock") and name != "digests")


def downloads(host: PackHost) -> int:
    return sum(path.startswith("/cdn/") for path in host.requests)


def test_an_archive_is_fetched_once_and_its_digest_told(host: PackHost, contents: PackContents) -> None:
    url = host.add("fancy", files={"top/__init__.py": "x = 1\n", "top/web/a.js": "//\n"})
    first = contents.obtain(archived(url), SILENT)
    raw = host.archive(url).content
    assert tree(first.directory) == {"__init__.py": "x = 1\n", "web/a.js": "//\n"}
    assert first.release.sha256 == hashlib.sha256(raw).hexdigest()
    assert (first.fetched, first.missing) == (len(raw), ())
    second = contents.obtain(archived(url), SILENT)
    assert (second.directory, second.release, second.fetched) == (first.directory, first.release, 0)
    assert downloads(host) == 1


def test_one_transport_made_for_the_first_archive_fetches_all(host: PackHost, layout: WorkspaceLayout) -> None:
    """It reuses connections; most commands fetch nothing and are spared it."""
    made: list[Transport] = []

    def make() -> Transport:
        made.append(Transport())
        return made[-1]

    contents = PackContents(layout.packs, make, RepositoryMirrors(layout.git_mirrors))
    urls = [host.add("fancy"), host.add("other")]
    assert contents.kept(archived(urls[0])) is None
    assert made == []
    for url in urls:
        contents.obtain(archived(url), SILENT)
    assert (len(made), downloads(host)) == (1, 2)


def test_what_was_fetched_is_there_without_a_network(
    host: PackHost, contents: PackContents, layout: WorkspaceLayout
) -> None:
    url = host.add("fancy")
    first = contents.obtain(archived(url), SILENT)
    offline = pack_contents(layout, offline=True)
    assert offline.obtain(archived(url), SILENT).directory == first.directory
    moved = archived("http://elsewhere.invalid/", sha256=first.release.sha256)
    assert offline.obtain(moved, SILENT).directory == first.directory
    with pytest.raises(OfflineRefused):
        offline.obtain(archived(host.add("other")), SILENT)


def test_another_file_than_was_recorded_is_refused(
    host: PackHost, contents: PackContents, layout: WorkspaceLayout
) -> None:
    url = host.add("fancy")
    recorded = contents.obtain(archived(url), SILENT).release
    host.replace_archive(url, {"__init__.py": "evil = True\n"})
    subprocess.run(["rm", "-r", layout.packs], check=True)
    with pytest.raises(DigestMismatch) as caught:
        contents.obtain(recorded, SILENT)
    assert caught.value.context["expected"] == recorded.sha256
    assert kept(layout) == []


@pytest.mark.parametrize("kind", ["add_huge", "add_escaping", "add_link_escaping", "add_truncated"])
def test_archives_that_are_not_safe_leave_nothing(
    host: PackHost, contents: PackContents, layout: WorkspaceLayout, kind: str
) -> None:
    url = getattr(host, kind)("fancy")
    with pytest.raises(ArchiveRefused, match=r"fancy-1\.0\.0"):
        contents.obtain(archived(url), SILENT)
    assert kept(layout) == []
    assert not (Path(layout.cache) / "escaped.py").exists()


def test_an_archive_that_vanishes_midway_is_taken_up_again(host: PackHost, contents: PackContents) -> None:
    url = host.add_vanishing("fancy", cuts=2)
    content = contents.obtain(archived(url), SILENT)
    assert content.release.sha256 == hashlib.sha256(host.archive(url).content).hexdigest()
    assert content.fetched == len(host.archive(url).content)


def test_an_archive_that_never_comes_whole_leaves_nothing(
    host: PackHost, contents: PackContents, layout: WorkspaceLayout
) -> None:
    with pytest.raises(NetworkUnavailable):
        contents.obtain(archived(host.add_vanishing("fancy", cuts=-1)), SILENT)
    assert kept(layout) == []


def test_an_archive_that_is_gone_is_told(host: PackHost, contents: PackContents) -> None:
    url = host.add("fancy")
    del host.archives["/cdn/fancy/1.0.0/node.zip"]
    with pytest.raises(PackVersionNotFound, match="is gone"):
        contents.obtain(archived(url), SILENT)


def test_two_addresses_of_one_file_are_kept_once(
    host: PackHost, contents: PackContents, layout: WorkspaceLayout
) -> None:
    one, other = host.add("fancy"), host.add("same")
    assert contents.obtain(archived(one), SILENT).directory == contents.obtain(archived(other), SILENT).directory
    assert len(kept(layout)) == 1


def remove_a_file(content: Path) -> None:
    (content / "__init__.py").unlink()


def shorten_a_file(content: Path) -> None:
    (content / "__init__.py").write_text("")


def add_a_file(content: Path) -> None:
    (content / "extra.py").write_text("")


def empty_the_listing(content: Path) -> None:
    (content.parent / "listing.json").write_text("")


def remove_all(content: Path) -> None:
    subprocess.run(["rm", "-r", str(content)], check=True)


DAMAGE = [remove_a_file, shorten_a_file, add_a_file, empty_the_listing, remove_all]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_kept_pack_that_is_damaged_is_made_again(
    host: PackHost, contents: PackContents, layout: WorkspaceLayout, damage: Callable[[Path], None]
) -> None:
    releases = [archived(host.add("fancy")), committed(HUB, host.add_repository("alice", "fancy"))]
    for release in releases:
        first = contents.obtain(release, SILENT)
        before = tree(first.directory)
        damage(Path(first.directory))
        with pytest.raises(OfflineRefused):
            if release.source == "git":
                subprocess.run(["rm", "-r", layout.git_mirrors], check=True)
            pack_contents(layout, offline=True).obtain(release, SILENT)
        assert tree(contents.obtain(release, SILENT).directory) == before
    assert len(kept(layout)) == 2


def test_a_checkout_of_the_exact_commit(host: PackHost, contents: PackContents) -> None:
    first = host.add_repository("alice", "fancy")
    host.add_repository("alice", "fancy", {"later.py": ""})
    content = contents.obtain(committed(HUB, first), SILENT)
    assert set(tree(content.directory)) == set(pack_files())
    assert read_head(content.directory) == (first, None)
    assert git(Path(content.directory), "remote", "get-url", "origin").strip() == HUB
    assert content.fetched > 0
    asked = len(host.git.requests)
    assert contents.obtain(committed(f"{HUB}.git", first), SILENT).directory == content.directory
    assert len(host.git.requests) == asked


def test_the_second_commit_of_a_repository_costs_its_difference_only(
    host: PackHost, contents: PackContents, layout: WorkspaceLayout
) -> None:
    first = host.add_repository("alice", "fancy", {**pack_files(), "big.bin": os.urandom(300_000)})
    large = contents.obtain(committed(HUB, first), SILENT).fetched
    second = host.add_repository("alice", "fancy", {"small.py": "x = 1\n"})
    assert contents.obtain(committed(HUB, second), SILENT).fetched < large / 5
    assert pack_contents(layout, offline=True).obtain(committed(HUB, first), SILENT).fetched == 0


def test_a_commit_that_no_branch_leads_to_any_more_is_fetched_by_its_name(
    host: PackHost, contents: PackContents
) -> None:
    host.add_repository("alice", "fancy")
    lost = host.add_repository("alice", "fancy", {"lost.py": ""})
    git(host.repository("alice", "fancy"), "reset", "--hard", "--quiet", "HEAD~1")
    assert "lost.py" in tree(contents.obtain(committed(HUB, lost), SILENT).directory)


def test_a_commit_and_a_repository_that_do_not_exist_are_told(
    host: PackHost, contents: PackContents, layout: WorkspaceLayout
) -> None:
    host.add_repository("alice", "fancy")
    with pytest.raises(PackVersionNotFound, match="no commit"):
        contents.obtain(committed(HUB, "0" * 40), SILENT)
    with pytest.raises(RepositoryNotFound):
        contents.obtain(committed("https://github.com/alice/nothing", "0" * 40), SILENT)
    assert kept(layout) == []


def test_a_release_without_a_place_is_refused(contents: PackContents) -> None:
    for release in (
        archived(""),
        committed(HUB, "main"),
        committed("", "0" * 40),
        NodeInfo("mine", "mine", "development", "dev"),
    ):
        with pytest.raises(PackNotFound):
            contents.obtain(release, SILENT)


def with_submodule(host: PackHost, address: str, owner: str = "alice", name: str = "fancy") -> str:
    """A repository that has another one in `vendor`, under any address."""
    host.add_repository(owner, name)
    place = host.repository(owner, name)
    inner = git(host.repository("bob", "inner"), "rev-parse", "HEAD").strip()
    (place / ".gitmodules").write_text(f'[submodule "vendor"]\n\tpath = vendor\n\turl = {address}\n')
    git(place, "update-index", "--add", "--cacheinfo", f"160000,{inner},vendor")
    git(place, "add", ".gitmodules")
    git(place, "-c", "user.name=x", "-c", "user.email=x@example.invalid", "commit", "--quiet", "-m", "Add inner")
    return git(place, "rev-parse", "HEAD").strip()


@pytest.mark.parametrize("address", ["https://github.com/bob/inner", "../../bob/inner"])
def test_submodules_come_along(host: PackHost, contents: PackContents, tmp_path: Path, address: str) -> None:
    host.add_repository("bob", "inner", {"inner.py": "x = 1\n"})
    content = contents.obtain(committed(HUB, with_submodule(host, address)), SILENT)
    assert "vendor/inner.py" in tree(content.directory)
    contents.place(content, str(tmp_path / "copy"))
    assert git(tmp_path / "copy", "status", "--porcelain") == ""
    assert git(tmp_path / "copy" / "vendor", "status", "--porcelain") == ""


def test_a_submodule_of_this_machine_comes_with_a_repository_of_this_machine_only(
    host: PackHost, contents: PackContents, layout: WorkspaceLayout
) -> None:
    host.add_repository("bob", "inner", {"inner.py": "x = 1\n"})
    version = with_submodule(host, str(host.repository("bob", "inner")))
    with pytest.raises(ComfyDockError, match="submodules of fancy"):
        contents.obtain(committed(HUB, version), SILENT)
    assert kept(layout) == []
    local = committed(str(host.repository("alice", "fancy")), version)
    assert "vendor/inner.py" in tree(contents.obtain(local, SILENT).directory)


def test_a_submodule_that_cannot_be_had_is_named(host: PackHost, contents: PackContents) -> None:
    host.add_repository("bob", "inner")
    version = with_submodule(host, "https://github.com/bob/gone")
    with pytest.raises(RepositoryNotFound, match="bob/gone"):
        contents.obtain(committed(HUB, version), SILENT)


def test_a_submodule_without_an_address_is_told_and_the_others_come(host: PackHost, contents: PackContents) -> None:
    host.add_repository("bob", "inner", {"inner.py": "x = 1\n"})
    with_submodule(host, "https://github.com/bob/inner")
    place = host.repository("alice", "fancy")
    git(place, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},forgotten")
    git(place, "-c", "user.name=x", "-c", "user.email=x@example.invalid", "commit", "--quiet", "-m", "Forget one")
    content = contents.obtain(committed(HUB, git(place, "rev-parse", "HEAD").strip()), SILENT)
    assert "vendor/inner.py" in tree(content.directory)
    assert [note for note in content.missing if "forgotten" in note and "no address" in note]


def test_a_submodule_whose_commit_nobody_has_is_named(host: PackHost, contents: PackContents) -> None:
    host.add_repository("bob", "inner")
    with_submodule(host, "https://github.com/bob/inner")
    place = host.repository("alice", "fancy")
    git(place, "update-index", "--cacheinfo", f"160000,{'1' * 40},vendor")
    git(place, "-c", "user.name=x", "-c", "user.email=x@example.invalid", "commit", "--quiet", "-m", "Pin another")
    with pytest.raises(RefNotFound, match="`vendor` of fancy is pinned to the commit 1111"):
        contents.obtain(committed(HUB, git(place, "rev-parse", "HEAD").strip()), SILENT)


def test_submodules_come_from_the_mirrors_of_this_machine_without_a_network(
    host: PackHost, contents: PackContents, layout: WorkspaceLayout
) -> None:
    inner = host.add_repository("bob", "inner", {"inner.py": "x = 1\n"})
    version = with_submodule(host, "../../bob/inner")
    mirrors = RepositoryMirrors(layout.git_mirrors)
    for repository, wanted in ((HUB, version), ("https://github.com/bob/inner", inner)):
        assert mirrors.fetched_commit(repository, wanted, reporter=SILENT) == wanted
    host.git.requests.clear()
    content = pack_contents(layout, offline=True).obtain(committed(HUB, version), SILENT)
    assert "vendor/inner.py" in tree(content.directory)
    assert host.git.requests == []


def test_a_submodule_that_git_leaves_empty_is_told(host: PackHost, layout: WorkspaceLayout) -> None:
    inner = host.add_repository("bob", "inner", {"inner.py": "x = 1\n"})
    with_submodule(host, "../../bob/inner")
    place = host.repository("alice", "fancy")
    for name in ("another", "vendor"):  # Git takes the last of them.
        with (place / ".gitmodules").open("a") as file:
            file.write(f'[submodule "{name}"]\n\tpath = vendor\n\turl = ../../bob/inner\n')
    git(place, "add", ".gitmodules")
    git(place, "-c", "user.name=x", "-c", "user.email=x@example.invalid", "commit", "--quiet", "-m", "Name it again")
    version = git(place, "rev-parse", "HEAD").strip()
    mirrors = RepositoryMirrors(layout.git_mirrors)
    for repository, wanted in ((HUB, version), ("https://github.com/bob/inner", inner)):
        assert mirrors.fetched_commit(repository, wanted, reporter=SILENT) == wanted
    with pytest.raises(GitFailed, match="left the submodule `vendor` empty"):
        pack_contents(layout, offline=True).obtain(committed(HUB, version), SILENT)
    assert kept(layout) == []


def lose_an_object(place: Path, path: str) -> None:
    blob = git(place, "rev-parse", f"HEAD:{path}").strip()
    (place / ".git" / "objects" / blob[:2] / blob[2:]).unlink()


def test_a_repository_that_lost_an_object_is_called_damaged(host: PackHost, contents: PackContents) -> None:
    version = host.add_repository("alice", "fancy", {"lost.py": "x = 1\n"})
    lose_an_object(host.repository("alice", "fancy"), "lost.py")
    for repository in (HUB, str(host.repository("alice", "fancy"))):
        with pytest.raises(GitFailed) as caught:
            contents.obtain(committed(repository, version), SILENT)
        assert "network" not in str(caught.value.hint)


def test_a_checkout_that_leaves_files_out_fails(host: PackHost) -> None:
    version = host.add_repository("alice", "fancy", {"lost.py": "x = 1\n"})
    place = host.repository("alice", "fancy")
    lose_an_object(place, "lost.py")
    (place / "lost.py").unlink()
    with pytest.raises(GitFailed, match="check out"):
        changes.check_out(str(place), version, branch=None)


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 5\n".format("0" * 64)
LFS = {**pack_files(), ".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n", "model.bin": POINTER}


def test_files_of_lfs_are_missed_without_it_and_fetched_once_it_is_there(
    host: PackHost,
    contents: PackContents,
    layout: WorkspaceLayout,
    fake_program: Callable[[str, str], Path],
) -> None:
    release = committed(HUB, host.add_repository("alice", "fancy", LFS))
    fake_program("git-lfs", "exit 1")
    without = contents.obtain(release, SILENT)
    assert "model.bin" in without.missing[0]
    assert "install git-lfs" in without.missing[0]
    assert contents.obtain(release, SILENT) == replace(without, fetched=0)
    fake_program("git-lfs", 'case "$1" in pull) printf large > model.bin;; esac')
    with_lfs = contents.obtain(release, SILENT)
    assert with_lfs.missing == ()
    assert tree(with_lfs.directory)["model.bin"] == "large"
    assert len(kept(layout)) == 1


def test_why_lfs_failed_is_told(
    host: PackHost, contents: PackContents, fake_program: Callable[[str, str], Path]
) -> None:
    release = committed(HUB, host.add_repository("alice", "fancy", LFS))
    fake_program("git-lfs", 'case "$1" in pull) echo "over its data quota" >&2; exit 2;; esac')
    assert "over its data quota" in contents.obtain(release, SILENT).missing[0]


def test_a_copy_is_of_its_own_but_for_the_objects_of_git(
    host: PackHost, contents: PackContents, tmp_path: Path
) -> None:
    content = contents.obtain(committed(HUB, host.add_repository("alice", "fancy")), SILENT)
    copy = tmp_path / "copy"
    contents.place(content, str(copy))
    assert tree(str(copy)) == tree(content.directory)
    assert not (copy / "__init__.py").samefile(f"{content.directory}/__init__.py")
    (pack,) = copy.glob(".git/objects/pack/*.pack")
    assert pack.stat().st_nlink > 1
    (copy / "__init__.py").write_text("changed = True\n")
    commit(copy, "Change the copy")
    assert contents.obtain(content.release, SILENT) == replace(content, fetched=0)
    with pytest.raises(FileSystemError):
        contents.place(content, str(copy))


class At:
    """A reporter that acts at the first event that has a word."""

    def __new__(cls, word: str, act: Callable[[], None]) -> Reporter:
        return RecordingReporter(lambda _, text: act() if word in text else None)


def interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("word", ["Fetching", "Unpacking"])
def test_ctrl_c_leaves_nothing(host: PackHost, contents: PackContents, layout: WorkspaceLayout, word: str) -> None:
    release = archived(host.add("fancy"))
    with pytest.raises(KeyboardInterrupt):
        contents.obtain(release, At(word, interrupt))
    assert kept(layout) == []
    assert contents.obtain(release, SILENT).fetched


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("source", ["registry", "git"])
@pytest.mark.parametrize("point", ["Fetching fancy", "keep pack", "replace pack"])
def test_what_a_killed_command_left_is_never_taken_for_whole(
    host: PackHost, contents: PackContents, layout: WorkspaceLayout, source: str, point: str
) -> None:
    url, version = host.add("fancy"), host.add_repository("alice", "fancy")
    release = archived(url) if source == "registry" else committed(HUB, version)

    def work(side: Side) -> None:
        # Each lock is a point as well: those of the pack, its mirror when it has one, and its place.
        locks = 2 if source == "registry" else 3
        faults.arm({"keep pack": f"kill:{locks + 1}", "replace pack": f"kill:{locks + 2}"}.get(point, ""))
        contents.obtain(release, At(point, kill))

    with Child(work) as child:
        assert child.wait() == -signal.SIGKILL
    assert len(kept(layout)) == 1
    with pytest.raises(OfflineRefused):
        pack_contents(layout, offline=True).obtain(archived(url), SILENT)
    content = contents.obtain(release, SILENT)
    assert tree(content.directory) == {name: str(text) for name, text in pack_files().items()}
    assert [name for name in kept(layout) if name.startswith(".")] == []


def test_what_others_left_goes_and_what_others_are_making_stays(
    host: PackHost, contents: PackContents, layout: WorkspaceLayout
) -> None:
    one, two, three = (archived(host.add(name)) for name in ("one", "two", "three"))

    def be_killed(side: Side) -> None:
        contents.obtain(one, At("Unpacking", kill))

    def wait(side: Side) -> None:
        def pause() -> None:
            side.say()
            side.hear()

        contents.obtain(two, At("Unpacking", pause))

    with Child(be_killed) as child:
        child.wait()
    with Child(wait) as child:
        child.hear()
        assert sum(name.startswith(".") for name in kept(layout)) == 1
        contents.obtain(three, SILENT)
        assert sum(name.startswith(".") for name in kept(layout)) == 1
        child.say()
    assert not any(name.startswith(".") for name in kept(layout))


@pytest.mark.parametrize("source", ["registry", "git"])
def test_commands_at_once_fetch_once(
    host: PackHost, contents: PackContents, layout: WorkspaceLayout, source: str
) -> None:
    url, version = host.add("fancy"), host.add_repository("alice", "fancy")
    release = archived(url) if source == "registry" else committed(HUB, version)

    def work(side: Side) -> None:
        side.hear()
        content: PackContent = contents.obtain(release, SILENT)
        side.say(str(content.fetched))

    with Child(work) as one, Child(work) as two, Child(work) as three:
        for child in (one, two, three):
            child.say()
        fetched = [int(child.hear()) for child in (one, two, three)]
    assert sorted(bool(size) for size in fetched) == [False, False, True]
    assert downloads(host) == (1 if source == "registry" else 0)
    assert len(kept(layout)) == 1


def test_a_full_disk_is_told_and_leaves_nothing(
    host: PackHost, tmp_path: Path, small_disk: Callable[[str], Path]
) -> None:
    layout = WorkspaceLayout(str(small_disk("size=256k")))
    url = host.add("fancy", files={**pack_files(), "zeros.bin": bytes(1_000_000)})
    with pytest.raises(FileSystemError, match="No space left"):
        pack_contents(layout).obtain(archived(url), SILENT)
    assert kept(layout) == []
    git_release = committed(HUB, host.add_repository("alice", "fancy", {"random.bin": os.urandom(1_000_000)}))
    with pytest.raises(FileSystemError):
        pack_contents(layout).obtain(git_release, SILENT)
    assert kept(layout) == []
