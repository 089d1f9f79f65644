"""Histories in mirrors: with the submodules of node packs, and what of them no mirror has. Real git over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from comfydock_core.caching.repository_mirrors import RepositoryMirrors
from comfydock_core.core.usecases.mirroring.histories import HistoryTaker
from comfydock_core.repositories.mirrors.store import MirrorWriter
from comfydock_core.utils.git_urls import submodule_address
from comfydock_core.utils.reporting import SilentReporter
from tests.support.miniature import git
from tests.support.pack_host import PackHost, pack_files, pack_host

HUB = "https://github.com/alice/fancy"
_IDENTITY = ("-c", "user.name=x", "-c", "user.email=x@example.invalid")


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PackHost]:
    with pack_host(tmp_path / "repositories") as running:
        for name, value in running.variables().items():
            monkeypatch.setenv(name, value)
        running.add_repository("alice", "fancy")
        running.add_repository("bob", "inner")
        yield running


def add_submodule(host: PackHost, owner: str, name: str, path: str, address: str, commit: str) -> str:
    """One more commit of a repository, with another one inside of it; returns the commit."""
    place = host.repository(owner, name)
    with (place / ".gitmodules").open("a") as file:
        file.write(f'[submodule "{path}"]\n\tpath = {path}\n\turl = {address}\n')
    git(place, "update-index", "--add", "--cacheinfo", f"160000,{commit},{path}")
    git(place, "add", ".gitmodules")
    git(place, *_IDENTITY, "commit", "--quiet", "-m", f"Add {path}")
    return head(host, owner, name)


def head(host: PackHost, owner: str, name: str) -> str:
    return git(host.repository(owner, name), "rev-parse", "HEAD").strip()


def taken(tmp_path: Path, commit: str) -> tuple[set[str], list[tuple[str, str]]]:
    """The repositories that a mirror has of a node pack, and what it lacks."""
    writer = MirrorWriter(str(tmp_path / "mirror"))
    with writer.writing(0):
        taker = HistoryTaker(RepositoryMirrors(str(tmp_path / "git")), writer, SilentReporter())
        taker.want(HUB, commit, of_pack=True)
        taker.take()
        writer.note()
    return set(writer.now.repositories), taker.lacking


@pytest.mark.parametrize("address", ["https://github.com/bob/inner", "../../bob/inner"])
def test_a_submodule_goes_along(host: PackHost, tmp_path: Path, address: str) -> None:
    commit = add_submodule(host, "alice", "fancy", "vendor", address, head(host, "bob", "inner"))
    assert taken(tmp_path, commit) == ({HUB, "https://github.com/bob/inner"}, [])


def test_a_submodule_of_a_submodule_goes_along(host: PackHost, tmp_path: Path) -> None:
    deep = host.add_repository("carol", "deep")
    inner = add_submodule(host, "bob", "inner", "deep", "../../carol/deep", deep)
    commit = add_submodule(host, "alice", "fancy", "vendor", "https://github.com/bob/inner", inner)
    assert taken(tmp_path, commit)[0] == {HUB, *(f"https://github.com/{one}" for one in ("bob/inner", "carol/deep"))}


def test_a_commit_of_a_submodule_that_no_branch_has_goes_along(host: PackHost, tmp_path: Path) -> None:
    first, place = head(host, "bob", "inner"), host.repository("bob", "inner")
    git(place, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(place, *_IDENTITY, "commit", "--quiet", "--amend", "-m", "Another")
    commit = add_submodule(host, "alice", "fancy", "vendor", "https://github.com/bob/inner", first)
    assert taken(tmp_path, commit)[1] == []
    assert RepositoryMirrors(str(tmp_path / "git")).known_commit("https://github.com/bob/inner", first) == first


@pytest.mark.parametrize("address", ["ext::sh -c true", "/etc", "file:///etc", "-x", "https://-x/y", "."])
def test_a_submodule_that_leads_to_no_server_is_told_and_asked_for_nothing(
    host: PackHost, tmp_path: Path, address: str
) -> None:
    commit = add_submodule(host, "alice", "fancy", "vendor", address, head(host, "bob", "inner"))
    reason = "its address leads to no server"
    assert taken(tmp_path, commit) == ({HUB}, [(f"the submodule vendor of {HUB}", reason)])


def test_a_submodule_without_an_address_is_told(host: PackHost, tmp_path: Path) -> None:
    place = host.repository("alice", "fancy")
    git(place, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},forgotten")
    git(place, *_IDENTITY, "commit", "--quiet", "-m", "Forget one")
    reason = "the repository gives no address for it"
    assert taken(tmp_path, head(host, "alice", "fancy"))[1] == [(f"the submodule forgotten of {HUB}", reason)]


def test_a_submodule_that_is_gone_is_told(host: PackHost, tmp_path: Path) -> None:
    commit = add_submodule(host, "alice", "fancy", "vendor", "https://github.com/bob/gone", "1" * 40)
    has, lacking = taken(tmp_path, commit)
    assert (has, [what for what, _ in lacking]) == ({HUB}, ["https://github.com/bob/gone"])


def test_a_commit_that_nobody_has_is_told(host: PackHost, tmp_path: Path) -> None:
    commit = add_submodule(host, "alice", "fancy", "vendor", "https://github.com/bob/inner", "1" * 40)
    lacking = taken(tmp_path, commit)[1]
    assert lacking == [("https://github.com/bob/inner at 1111111111", "the repository does not have that commit")]


def test_files_of_lfs_are_told(host: PackHost, tmp_path: Path) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 5\n"
    attributes = {"weights/.gitattributes": "*.bin filter=lfs -text\n"}
    files = {**pack_files(), **attributes, "weights/a.bin": pointer, "weights/b.bin": pointer, "c.md": pointer * 20}
    commit = host.add_repository("alice", "fancy", files)
    assert [what for what, _ in taken(tmp_path, commit)[1]] == [f"2 files in Git LFS of {HUB}"]


@pytest.mark.parametrize(
    ("written", "parent", "address"),
    [
        ("../inner", "https://h/a/b", "https://h/a/inner"),
        ("../inner", "https://h/a/b/", "https://h/a/inner"),
        ("./inner", "https://h/a/b", "https://h/a/b/inner"),
        ("../../c/inner", "git@h:a/b.git", "git@h:c/inner"),
        ("../inner", "git@h:a/b.git", "git@h:a/inner"),
        ("ssh://git@h:22/a/b", "", "ssh://git@h:22/a/b"),
        ("../../../../etc", "https://h/a/b", None),
        ("../../../x", "git@h:a/b", None),
        ("ext::sh", "https://h/a/b", None),
        ("git@-oProxyCommand=x:y", "https://h/a/b", None),
        ("-u@h:y", "https://h/a/b", None),
        ("https://h/a\nb", "https://h/a/b", None),
        ("inner", "https://h/a/b", None),
        ("~/inner", "https://h/a/b", None),
    ],
)
def test_addresses_of_submodules_start_at_their_repository_and_lead_to_servers(
    written: str, parent: str, address: str | None
) -> None:
    assert submodule_address(written, parent) == address
