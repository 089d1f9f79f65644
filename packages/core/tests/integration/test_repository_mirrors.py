"""Mirrors of repositories elsewhere: real git, a real git server on loopback."""

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from comfydock_core.caching.mirror_names import mirror_key
from comfydock_core.caching.repository_mirrors import RepositoryMirrors
from comfydock_core.clients.github_client import GitHubClient
from comfydock_core.clients.transport import Transport
from comfydock_core.core.environment import Environment
from comfydock_core.core.workspace import Workspace
from comfydock_core.factories.workspace_factory import open_workspace
from comfydock_core.models.environments.creation import CreateRequest
from comfydock_core.models.exceptions import NetworkUnavailable, OfflineRefused, RepositoryNotFound
from comfydock_core.models.operation import Initiator
from comfydock_core.services.comfyui_versions import ComfyUIVersions
from comfydock_core.utils.files.filesystem import remove_tree
from comfydock_core.utils.reporting import SilentReporter
from tests.support.git_server import GitServer, git_serving
from tests.support.miniature import BRANCH, NEWEST, build_repository, commit, git
from tests.support.reporters import RecordingReporter

SILENT = SilentReporter()


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    build_repository(tmp_path / "served" / "ComfyUI")
    return tmp_path / "served" / "ComfyUI"


@pytest.fixture
def server(upstream: Path) -> Iterator[GitServer]:
    with git_serving(upstream.parent) as serving:
        yield serving


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "Große Ablage ☃" / "git"


@pytest.fixture
def mirrors(cache: Path) -> RepositoryMirrors:
    return RepositoryMirrors(str(cache))


def tip(repository: Path, revision: str = "HEAD") -> str:
    return git(repository, "rev-parse", f"{revision}^{{commit}}").strip()


def refs(repository: Path) -> dict[str, str]:
    lines = git(repository, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    return dict(line.split(" ") for line in lines)


def test_a_clone_is_as_one_from_the_repository_itself(
    server: GitServer, mirrors: RepositoryMirrors, upstream: Path, tmp_path: Path
) -> None:
    address = server.address("ComfyUI/.git")
    mirrors.clone(address, str(tmp_path / "clone"), wanted=tip(upstream), reporter=SILENT)
    subprocess.run(["git", "clone", "-q", "--no-checkout", "--template=", address, str(tmp_path / "plain")], check=True)
    assert refs(tmp_path / "clone") == refs(tmp_path / "plain")
    for name in ("HEAD", "config"):
        one, other = ((tmp_path / place / ".git" / name).read_text() for place in ("clone", "plain"))
        assert one == other
    for question in (["status", "--porcelain"], ["symbolic-ref", "refs/remotes/origin/HEAD"]):
        assert git(tmp_path / "clone", *question) == git(tmp_path / "plain", *question)


def test_the_second_clone_asks_nobody_and_shares_its_files(
    server: GitServer, mirrors: RepositoryMirrors, upstream: Path, tmp_path: Path
) -> None:
    address = server.address("ComfyUI/.git")
    mirrors.clone(address, str(tmp_path / "one"), wanted=tip(upstream), reporter=SILENT)
    asked = len(server.requests)
    mirrors.clone(address, str(tmp_path / "two"), wanted=tip(upstream), reporter=SILENT)
    assert len(server.requests) == asked
    (one,), (two,) = ((tmp_path / name).glob(".git/objects/pack/*.pack") for name in ("one", "two"))
    assert one.samefile(two)


def test_a_mirror_on_another_device_is_copied_from(upstream: Path, server: GitServer, tmp_path: Path) -> None:
    here = os.stat(tmp_path).st_dev
    places = [one for one in ("/dev/shm", "/var/tmp") if os.path.isdir(one) and os.stat(one).st_dev != here]
    if not places:
        pytest.skip("there is no other device to write to")
    with tempfile.TemporaryDirectory(dir=places[0]) as other:
        elsewhere = RepositoryMirrors(f"{other}/git")
        address = server.address("ComfyUI/.git")
        elsewhere.clone(address, str(tmp_path / "clone"), wanted=tip(upstream), reporter=SILENT)
    git(tmp_path / "clone", "checkout", "--quiet", "v0.1.0")


def test_a_clone_lives_on_without_the_mirror(
    server: GitServer, mirrors: RepositoryMirrors, cache: Path, upstream: Path, tmp_path: Path
) -> None:
    mirrors.clone(server.address("ComfyUI/.git"), str(tmp_path / "clone"), wanted=tip(upstream), reporter=SILENT)
    remove_tree(str(cache))
    git(tmp_path / "clone", "checkout", "--quiet", "v0.1.0")
    assert subprocess.run(["git", "-C", str(tmp_path / "clone"), "fsck"], capture_output=True).returncode == 0
    git(tmp_path / "clone", "fetch", "--quiet")


def test_a_commit_that_is_not_there_yet_is_fetched(
    server: GitServer, mirrors: RepositoryMirrors, upstream: Path, tmp_path: Path
) -> None:
    address = server.address("ComfyUI/.git")
    mirrors.clone(address, str(tmp_path / "one"), wanted=tip(upstream), reporter=SILENT)
    (upstream / "new.py").write_text("new = True\n")
    git(upstream, "branch", "-D", BRANCH)
    newer = commit(upstream, "Newer")
    git(upstream, "tag", "v9.0.0")
    mirrors.clone(address, str(tmp_path / "two"), wanted=newer, reporter=SILENT)
    assert tip(tmp_path / "two", "v9.0.0") == newer
    assert "refs/remotes/origin/experiment" not in refs(tmp_path / "two")
    assert "refs/remotes/origin/experiment" in refs(tmp_path / "one")


def test_a_commit_that_no_branch_leads_to_is_fetched_by_its_name(
    server: GitServer, mirrors: RepositoryMirrors, upstream: Path, tmp_path: Path
) -> None:
    (upstream / "lost.py").write_text("lost = True\n")
    lost = commit(upstream, "Lost")
    git(upstream, "reset", "--hard", "--quiet", "HEAD~1")
    mirrors.clone(server.address("ComfyUI/.git"), str(tmp_path / "clone"), wanted=lost, reporter=SILENT)
    git(tmp_path / "clone", "checkout", "--quiet", lost)
    assert (tmp_path / "clone/lost.py").exists()


def test_a_name_is_looked_up_anew_each_time(
    server: GitServer, mirrors: RepositoryMirrors, upstream: Path, tmp_path: Path
) -> None:
    for number in range(2):
        (upstream / "new.py").write_text(f"new = {number}\n")
        newer = commit(upstream, f"Newer {number}")
        mirrors.clone(server.address("ComfyUI/.git"), str(tmp_path / str(number)), wanted="main", reporter=SILENT)
        assert tip(tmp_path / str(number), "origin/main") == newer


def test_progress_is_told(server: GitServer, mirrors: RepositoryMirrors, upstream: Path, tmp_path: Path) -> None:
    reporter = RecordingReporter()
    mirrors.clone(server.address("ComfyUI/.git"), str(tmp_path / "clone"), wanted=tip(upstream), reporter=reporter)
    assert "Receiving objects" in {label for label, *_ in reporter.steps}


def test_a_login_is_stored_nowhere_in_the_mirror(upstream: Path, cache: Path, tmp_path: Path) -> None:
    with git_serving(upstream.parent, login="ada:s3cret") as server:
        address = server.address("ComfyUI/.git")
        mirrors = RepositoryMirrors(str(cache))
        mirrors.clone(address, str(tmp_path / "clone"), wanted=tip(upstream), reporter=SILENT)
        (upstream / "new.py").write_text("new = True\n")
        newer = commit(upstream, "Newer")
        mirrors.clone(address, str(tmp_path / "other"), wanted=newer, reporter=SILENT)
    stored = [path for path in cache.rglob("*") if path.is_file() and b"s3cret" in path.read_bytes()]
    assert stored == []
    assert "s3cret" not in "".join(os.listdir(cache))


@pytest.mark.parametrize(
    "spelling",
    [
        "https://github.com/Comfy-Org/ComfyUI",
        "https://github.com/comfy-org/comfyui.git/",
        "git@github.com:Comfy-Org/ComfyUI.git",
        "https://token@github.com/Comfy-Org/ComfyUI",
        "ssh://git@github.com/Comfy-Org/ComfyUI.git",
    ],
)
def test_every_spelling_of_an_address_has_the_same_mirror(spelling: str) -> None:
    key = mirror_key(spelling)
    assert key == mirror_key("https://github.com/Comfy-Org/ComfyUI.git")
    assert key.startswith("comfy-org-comfyui-")
    assert "token" not in key


def test_other_repositories_have_other_mirrors() -> None:
    addresses = ["https://a.example/x/y", "https://b.example/x/y", "https://a.example/x/Y", "https://a.example/../y"]
    keys = {mirror_key(address) for address in addresses}
    assert len(keys) == len(addresses)
    assert all("/" not in key and not key.startswith(".") for key in keys)


def truncate_pack(mirror: Path) -> None:
    (pack,) = mirror.glob("objects/pack/*.pack")
    content = pack.read_bytes()
    pack.unlink()
    pack.write_bytes(content[: len(content) // 2])


def flip_in_pack(mirror: Path) -> None:
    (pack,) = mirror.glob("objects/pack/*.pack")
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 1
    pack.unlink()
    pack.write_bytes(content)


def remove_head(mirror: Path) -> None:
    (mirror / "HEAD").unlink()


def replace_by_file(mirror: Path) -> None:
    remove_tree(str(mirror))
    mirror.write_text("")


@pytest.mark.parametrize("damage", [truncate_pack, flip_in_pack, remove_head, replace_by_file])
def test_a_damaged_mirror_is_made_anew(
    server: GitServer,
    mirrors: RepositoryMirrors,
    cache: Path,
    upstream: Path,
    tmp_path: Path,
    damage: Callable[[Path], None],
) -> None:
    address = server.address("ComfyUI/.git")
    mirrors.clone(address, str(tmp_path / "one"), wanted=tip(upstream), reporter=SILENT)
    damage(Path(mirrors.path(address)))
    reporter = RecordingReporter()
    mirrors.clone(address, str(tmp_path / "two"), wanted=tip(upstream), reporter=reporter)
    assert (whole(tmp_path / "one"), whole(tmp_path / "two")) == (True, True)
    assert len(reporter.warnings) == 1
    assert names_in(cache) == [f"{mirror_key(address)}.git", f"{mirror_key(address)}.lock"]


def whole(repository: Path) -> bool:
    return subprocess.run(["git", "-C", str(repository), "fsck", "--strict"], capture_output=True).returncode == 0


def names_in(directory: Path) -> list[str]:
    return sorted(os.listdir(directory))


def test_a_mirror_whose_packs_are_gone_is_filled_again(
    server: GitServer, mirrors: RepositoryMirrors, upstream: Path, tmp_path: Path
) -> None:
    address = server.address("ComfyUI/.git")
    mirrors.clone(address, str(tmp_path / "one"), wanted=tip(upstream), reporter=SILENT)
    for path in Path(mirrors.path(address)).glob("objects/pack/*"):
        path.unlink()
    mirrors.clone(address, str(tmp_path / "two"), wanted=tip(upstream), reporter=SILENT)
    assert whole(tmp_path / "two")


def test_a_lock_that_a_killed_git_left_is_overcome(
    server: GitServer, mirrors: RepositoryMirrors, upstream: Path, tmp_path: Path
) -> None:
    address = server.address("ComfyUI/.git")
    mirrors.clone(address, str(tmp_path / "one"), wanted=tip(upstream), reporter=SILENT)
    lock = Path(mirrors.path(address), "refs/heads/main.lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.write_text("")
    (upstream / "new.py").write_text("new = True\n")
    newer = commit(upstream, "Newer")
    mirrors.clone(address, str(tmp_path / "two"), wanted=newer, reporter=SILENT)
    assert tip(tmp_path / "two", "origin/main") == newer


def test_a_damaged_mirror_is_kept_while_the_server_is_away(
    server: GitServer, mirrors: RepositoryMirrors, upstream: Path, tmp_path: Path
) -> None:
    address = server.address("ComfyUI/.git")
    mirrors.clone(address, str(tmp_path / "one"), wanted=tip(upstream), reporter=SILENT)
    truncate_pack(Path(mirrors.path(address)))
    upstream.rename(tmp_path / "away")
    with pytest.raises(RepositoryNotFound):
        mirrors.clone(address, str(tmp_path / "two"), wanted="f" * 40, reporter=SILENT)
    assert Path(mirrors.path(address)).is_dir()


def test_offline_the_mirror_is_enough(server: GitServer, cache: Path, upstream: Path, tmp_path: Path) -> None:
    address = server.address("ComfyUI/.git")
    RepositoryMirrors(str(cache)).clone(address, str(tmp_path / "one"), wanted=tip(upstream), reporter=SILENT)
    asked = len(server.requests)
    offline = RepositoryMirrors(str(cache), offline=True)
    for name, wanted in (("two", tip(upstream)), ("three", "main"), ("four", None)):
        offline.clone(address, str(tmp_path / name), wanted=wanted, reporter=SILENT)
        assert tip(tmp_path / name, "origin/main") == tip(upstream)
    with pytest.raises(OfflineRefused, match="is not on this machine"):
        offline.clone(address, str(tmp_path / "five"), wanted="f" * 40, reporter=SILENT)
    assert len(server.requests) == asked


def test_offline_without_a_mirror_nothing_is_left(cache: Path, tmp_path: Path) -> None:
    offline = RepositoryMirrors(str(cache), offline=True)
    with pytest.raises(OfflineRefused):
        offline.clone("https://host.invalid/x", str(tmp_path / "clone"), wanted=None, reporter=SILENT)
    assert not (tmp_path / "clone").exists()
    assert [name for name in os.listdir(cache) if not name.endswith(".lock")] == []


def test_a_server_that_cannot_be_reached_leaves_nothing(
    mirrors: RepositoryMirrors, cache: Path, tmp_path: Path
) -> None:
    with pytest.raises(NetworkUnavailable):
        mirrors.clone("http://127.0.0.1:9/x.git", str(tmp_path / "clone"), wanted=None, reporter=SILENT)
    assert [name for name in os.listdir(cache) if not name.endswith(".lock")] == []


def test_a_repository_on_this_machine_is_cloned_directly(
    mirrors: RepositoryMirrors, cache: Path, upstream: Path, tmp_path: Path
) -> None:
    for number, address in enumerate((str(upstream), upstream.as_uri())):
        mirrors.clone(address, str(tmp_path / str(number)), wanted=None, reporter=SILENT)
    assert not cache.exists()


def clone_elsewhere(cache: str, address: str, target: str, wanted: str) -> None:
    RepositoryMirrors(cache).clone(address, target, wanted=wanted, reporter=SILENT)


def test_two_processes_fetch_it_once(server: GitServer, cache: Path, upstream: Path, tmp_path: Path) -> None:
    spawning = multiprocessing.get_context("spawn")
    address, wanted = server.address("ComfyUI/.git"), tip(upstream)
    processes = [
        spawning.Process(target=clone_elsewhere, args=(str(cache), address, str(tmp_path / name), wanted))
        for name in ("one", "two")
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    asked = len(server.requests)
    clone_elsewhere(str(tmp_path / "another"), address, str(tmp_path / "three"), wanted)
    assert asked == len(server.requests) - asked
    assert [tip(tmp_path / name, "origin/main") for name in ("one", "two")] == [wanted, wanted]


KILLED = """
import os, signal, sys
from comfydock_core.caching.repository_mirrors import RepositoryMirrors
from comfydock_core.utils.reporting import SilentReporter
class Killing(SilentReporter):
    def progress(self, label, done, total, unit):
        os.kill(os.getpid(), signal.SIGKILL)
RepositoryMirrors(sys.argv[1]).clone(sys.argv[2], sys.argv[3], wanted=None, reporter=Killing())
"""


def test_what_a_killed_command_left_is_removed_by_the_next(
    server: GitServer, mirrors: RepositoryMirrors, cache: Path, upstream: Path, tmp_path: Path
) -> None:
    address = server.address("ComfyUI/.git")
    done = subprocess.run([sys.executable, "-c", KILLED, str(cache), address, str(tmp_path / "one")])
    assert done.returncode == -signal.SIGKILL
    assert not Path(mirrors.path(address)).exists()
    mirrors.clone(address, str(tmp_path / "two"), wanted=tip(upstream), reporter=SILENT)
    assert names_in(cache) == [f"{mirror_key(address)}.git", f"{mirror_key(address)}.lock"]


def versions(cache: Path, *, offline: bool) -> ComfyUIVersions:
    return ComfyUIVersions(
        GitHubClient(Transport(offline=offline)), RepositoryMirrors(str(cache), offline=offline), offline=offline
    )


@pytest.mark.parametrize(
    ("named", "kind"), [(None, "release"), ("v0.1.0", "release"), ("main", "branch"), ("commit", "commit")]
)
def test_versions_are_known_without_the_network(
    server: GitServer, mirrors: RepositoryMirrors, cache: Path, upstream: Path, tmp_path: Path, named: str, kind: str
) -> None:
    address = server.address("ComfyUI/.git")
    mirrors.clone(address, str(tmp_path / "one"), wanted=None, reporter=SILENT)
    asked = len(server.requests)
    earlier = tip(upstream, "v0.1.0")
    ref = earlier[:9] if named == "commit" else named
    found = versions(cache, offline=True).resolve(address, ref, SILENT)
    expected = {None: NEWEST, "v0.1.0": "v0.1.0", "main": "main", "commit": "v0.1.0"}[named]
    assert (found.repository, found.kind, found.commit) == (address, kind, tip(upstream, expected))
    assert len(server.requests) == asked


def test_versions_nobody_told_are_not_known_without_the_network(cache: Path) -> None:
    with pytest.raises(OfflineRefused):
        versions(cache, offline=True).resolve("https://host.invalid/x", None, SILENT)


def test_the_second_environment_is_made_without_the_network(
    server: GitServer, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, upstream: Path
) -> None:
    monkeypatch.setenv("COMFYDOCK_COMFYUI_REPOSITORY", server.address("ComfyUI/.git"))

    def make(name: str, opened: Workspace) -> Environment:
        plan = opened.environments.plan_creation(CreateRequest(name, torch_backend="none"), SILENT)
        opened.environments.create(plan, Initiator(("create", name)), SILENT)
        return opened.open_environment(name)

    make("one", workspace)
    asked = len(server.requests)
    second = make("two", open_workspace(workspace.layout, offline=True))
    assert len(server.requests) == asked
    assert tip(Path(second.layout.comfyui)) == tip(upstream, NEWEST)
    assert git(Path(second.layout.comfyui), "remote", "get-url", "origin").strip() == server.address("ComfyUI/.git")
