"""Which release of a node pack is meant: a registry, GitHub's API and real git on loopback."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.factories.pack_factory import node_lookup, pack_contents
from comfydock_core.models.exceptions import (
    NetworkUnavailable,
    OfflineRefused,
    PackNotFound,
    PackRefused,
    PackVersionNotFound,
    RepositoryNotFound,
    UnusableAnswer,
)
from comfydock_core.models.protocols import KnownPacks
from comfydock_core.models.registry import RegistryVersion
from comfydock_core.models.shared import NodeInfo
from comfydock_core.repositories.workspace_config_repository import WorkspaceConfigRepository
from comfydock_core.resolvers.pack_references import parse_reference
from comfydock_core.utils.reporting import SilentReporter
from tests.support.miniature import git
from tests.support.pack_host import BANNED, DELETED, FLAGGED, PENDING, PackHost, pack_host
from tests.support.reporters import RecordingReporter

SILENT = SilentReporter()
HUB = "https://github.com/alice/fancy"


@dataclass(frozen=True)
class ListedPack:
    identifier: str
    source: str
    repository: str | None = None
    versions: tuple[RegistryVersion, ...] = ()


class ListedPacks:
    """Lists of node packs, in memory."""

    def __init__(self, *packs: ListedPack) -> None:
        self._packs = packs

    def package(self, identifier: str) -> ListedPack | None:
        return next((pack for pack in self._packs if pack.identifier == identifier.lower()), None)

    def package_of_repository(self, address: str) -> ListedPack | None:
        return next((pack for pack in self._packs if pack.repository == address.removesuffix(".git")), None)

    def near(self, identifier: str, *, limit: int = 5) -> list[str]:
        return [pack.identifier for pack in self._packs if pack.identifier[0] == identifier[0]][:limit]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PackHost]:
    monkeypatch.setattr("comfydock_core.clients.transport._BACKOFF_SECONDS", 0.0)
    with pack_host(tmp_path / "repositories") as running:
        for name, value in running.variables().items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def layout(tmp_path: Path) -> WorkspaceLayout:
    layout = WorkspaceLayout(str(tmp_path / "workspace"))
    os.makedirs(os.path.dirname(layout.config_file))
    WorkspaceConfigRepository(layout.config_file).create(str(tmp_path / "models"))
    return layout


class Finder:
    """Lookups in one workspace, each with a lookup of its own, as in commands."""

    def __init__(self, layout: WorkspaceLayout) -> None:
        self.layout = layout
        self.reporter = RecordingReporter()

    def __call__(
        self, text: str, *, force: bool = False, offline: bool = False, known: KnownPacks | None = None
    ) -> NodeInfo:
        lookup = node_lookup(self.layout, known=known, offline=offline)
        return lookup.release(parse_reference(text), self.reporter, force=force)

    def latest(self, release: NodeInfo) -> NodeInfo:
        return node_lookup(self.layout).latest(release, self.reporter)


@pytest.fixture
def find(host: PackHost, layout: WorkspaceLayout) -> Finder:
    return Finder(layout)


def test_the_newest_version_of_a_pack_of_the_registry(host: PackHost, find: Finder) -> None:
    for version in ("1.9.0", "1.10.0", "2.0.0-beta"):
        address = host.add("fancy", version, repository=HUB)
    assert find("Fancy") == NodeInfo(
        identifier="fancy",
        name="fancy",
        source="registry",
        version="1.10.0",
        repository=HUB,
        registry_id="fancy",
        download_url=address.replace("2.0.0-beta", "1.10.0"),
    )


def test_a_named_version(host: PackHost, find: Finder) -> None:
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        host.add("fancy", version)
    assert find("fancy@1.1.0").version == "1.1.0"
    assert find("fancy@v1.1.0").version == "1.1.0"
    with pytest.raises(PackVersionNotFound) as caught:
        find("fancy@1.3.0")
    assert set(caught.value.context["near"]) == {"1.0.0", "1.1.0", "1.2.0"}  # type: ignore[call-overload]
    assert "1.2.0" in str(caught.value.hint)


def test_an_unknown_pack_and_those_like_it(host: PackHost, find: Finder) -> None:
    host.add("comfyui-fancy")
    with pytest.raises(PackNotFound) as caught:
        find("fancy")
    assert caught.value.context["near"] == ["comfyui-fancy"]
    with pytest.raises(PackNotFound) as caught:
        find("fancy", known=ListedPacks(ListedPack("fancier", "registry")))
    assert caught.value.context["near"] == ["fancier"]


@pytest.mark.parametrize(("status", "word"), [(FLAGGED, "flagged"), (BANNED, "banned"), (DELETED, "deleted")])
def test_a_version_with_a_fault_is_passed_over_refused_and_forced(
    host: PackHost, find: Finder, status: str, word: str
) -> None:
    host.add("fancy", "1.0.0")
    host.add("fancy", "1.1.0", status=status)
    assert find("fancy").version == "1.0.0"
    with pytest.raises(PackRefused, match=word) as caught:
        find("fancy@1.1.0")
    assert "fancy@1.0.0" in str(caught.value.hint)
    forced = find("fancy@1.1.0", force=True)
    assert forced.version == "1.1.0"
    assert word in forced.notes[0]


def test_a_pack_with_faulty_versions_only_is_refused(host: PackHost, find: Finder) -> None:
    host.add("fancy", "1.0.0", deprecated=True)
    host.add("fancy", "1.1.0", deprecated=True)
    with pytest.raises(PackRefused, match=r"1\.1\.0 is deprecated"):
        find("fancy")
    assert find("fancy", force=True).version == "1.1.0"


def test_a_version_that_was_not_checked_yet_is_the_last_choice(host: PackHost, find: Finder) -> None:
    host.add("fancy", "1.1.0", status=PENDING)
    assert "not been checked" in find("fancy").notes[0]
    host.add("fancy", "1.0.0")
    assert find("fancy").version == "1.0.0"
    assert find("fancy@1.1.0").version == "1.1.0"


def test_a_banned_pack_is_refused_whatever_its_versions(host: PackHost, find: Finder) -> None:
    host.add("fancy")
    host.nodes["fancy"]["status"] = "NodeStatusBanned"
    with pytest.raises(PackRefused, match="registry banned"):
        find("fancy")
    assert find("fancy", force=True).notes
    commit = host.add_repository("alice", "fancy")
    host.nodes["fancy"]["repository"] = HUB
    with pytest.raises(PackRefused, match="registry banned"):
        find("fancy@nightly")
    forced = find("fancy@nightly", force=True)
    assert (forced.version, bool(forced.notes)) == (commit, True)


def test_a_pack_whose_versions_the_registry_does_not_give_is_banned(host: PackHost, find: Finder) -> None:
    host.add("fancy")
    host.forbidden.add("fancy")
    with pytest.raises(PackRefused, match="registry banned"):
        find("fancy")
    assert find("fancy", force=True).version == "1.0.0"


def test_without_an_archive_the_tag_of_the_repository_is_taken(host: PackHost, find: Finder) -> None:
    host.add("fancy", "1.0.0", download=False, repository=HUB)
    commit = host.add_repository("alice", "fancy", tag="v1.0.0")
    host.add_repository("alice", "fancy", {"later.py": ""})
    release = find("fancy")
    assert (release.source, release.version, release.branch) == ("git", commit, None)
    assert (release.identifier, release.name, release.registry_id) == ("fancy", "fancy", "fancy")
    assert "no archive" in release.notes[0]


def test_a_version_is_pinned_also_where_its_author_made_a_branch_of_it(host: PackHost, find: Finder) -> None:
    host.add("fancy", "1.0.0", download=False, repository=HUB)
    commit = host.add_repository("alice", "fancy")
    git(host.repository("alice", "fancy"), "branch", "1.0.0")
    assert (find("fancy").version, find("fancy").branch) == (commit, None)


def test_without_an_archive_and_a_tag_or_a_repository_it_is_told(host: PackHost, find: Finder) -> None:
    host.add("fancy", "1.0.0", download=False, repository=HUB)
    host.add_repository("alice", "fancy", tag="v2.0.0")
    with pytest.raises(PackVersionNotFound, match=r"`1\.0\.0`"):
        find("fancy")
    host.add("bare", "1.0.0", download=False)
    with pytest.raises(PackRefused, match="nor the address of its repository"):
        find("bare")


@pytest.mark.parametrize("published", ["/etc", "file:///srv/a", "--upload-pack=x", "ext::sh -c x", "fancy", "./x"])
def test_a_published_address_that_is_of_this_machine_or_none_is_not_used(
    host: PackHost, find: Finder, published: str
) -> None:
    host.add("fancy", "1.0.0", repository=published)
    with pytest.raises(PackRefused, match="nor the address of its repository"):
        find("fancy@nightly")
    with pytest.raises(PackNotFound):
        find("other", known=ListedPacks(ListedPack("other", "manager", published)))


def test_a_published_page_leads_to_its_repository(host: PackHost, find: Finder) -> None:
    host.add("fancy", "1.0.0", repository=f"{HUB}/tree/main/nodes")
    host.add_repository("alice", "fancy")
    assert find("fancy@nightly").repository == HUB


def test_nightly_is_the_head_of_the_repository(host: PackHost, find: Finder) -> None:
    host.add("fancy", "1.0.0", repository=HUB)
    commit = host.add_repository("alice", "fancy")
    release = find("fancy@nightly")
    assert (release.source, release.version, release.branch, release.registry_id) == ("git", commit, "main", "fancy")


def test_a_repository_without_a_ref_follows_its_default_branch(host: PackHost, find: Finder) -> None:
    commit = host.add_repository("alice", "ComfyUI-Fancy")
    assert find("https://github.com/alice/ComfyUI-Fancy") == NodeInfo(
        identifier="ComfyUI-Fancy",
        name="ComfyUI-Fancy",
        source="git",
        version=commit,
        repository="https://github.com/alice/ComfyUI-Fancy",
        branch="main",
    )


def test_branches_tags_and_commits(host: PackHost, find: Finder) -> None:
    first = host.add_repository("alice", "fancy", tag="v1")
    second = host.add_repository("alice", "fancy", {"b.py": ""})
    git(host.repository("alice", "fancy"), "branch", "feature/x", first)
    third = host.add_repository("alice", "fancy", {"c.py": ""})
    address = host.address("alice", "fancy")
    found = {
        ref: (release.version, release.branch)
        for ref in ("v1", "main", "feature/x", second, second[:9], third[:9])
        for release in [find(f"{address}@{ref}")]
    }
    assert found == {
        "v1": (first, None),
        "main": (third, "main"),
        "feature/x": (first, "feature/x"),
        second: (second, None),
        second[:9]: (second, None),
        third[:9]: (third, None),
    }
    assert find(f"{HUB}/tree/feature/x/deep").branch == "feature/x"
    with pytest.raises(PackVersionNotFound) as caught:
        find(f"{address}@feature/y")
    assert caught.value.context["near"] == ["feature/x"]


def test_a_pack_of_this_machine(host: PackHost, find: Finder) -> None:
    commit = host.add_repository("alice", "fancy", tag="v1")
    place = str(host.repository("alice", "fancy"))
    release = find(f"{place}@{commit[:8]}")
    assert (release.source, release.version, release.repository, release.name) == ("git", commit, place, "fancy")
    with pytest.raises(PackVersionNotFound):
        find(f"{place}@{'0' * 40}")
    development = find(place)
    assert (development.source, development.version, development.name) == ("development", "dev", "fancy.git")
    assert "follows no release" in find.latest(development).notes[0]


def test_github_completes_a_commit_and_its_limit_costs_a_warning_only(host: PackHost, find: Finder) -> None:
    first = host.add_repository("alice", "fancy")
    host.add_repository("alice", "fancy", {"b.py": ""})
    assert find(f"{HUB}@{first[:9]}").version == first
    assert not Path(find.layout.git_mirrors).exists()
    host.github_limited = True
    assert find(f"{HUB}@{first[:10]}").version == first
    assert "too many requests" in find.reporter.warnings[0]


def test_a_repository_that_is_not_there_and_one_that_is_empty(host: PackHost, find: Finder) -> None:
    with pytest.raises(RepositoryNotFound, match="nothing"):
        find(host.address("alice", "nothing"))
    empty = host.repository("alice", "empty")
    empty.mkdir(parents=True)
    git(empty, "init", "--quiet")
    with pytest.raises(PackVersionNotFound, match="no default branch"):
        find(host.address("alice", "empty"))


def test_a_login_in_an_address_is_noted_and_not_told(host: PackHost, find: Finder) -> None:
    host.add_repository("alice", "fancy")
    address = host.address("alice", "fancy").replace("http://", "http://name:secret@")
    release = find(address)
    assert release.repository == address
    assert "login" in release.notes[0]
    with pytest.raises(PackVersionNotFound) as caught:
        find(f"{address}@nothing")
    assert "secret" not in f"{caught.value.message}{caught.value.hint}{caught.value.context}"


def test_a_repository_that_the_lists_know_gets_its_identifier(host: PackHost, find: Finder) -> None:
    host.add_repository("alice", "fancy")
    known = ListedPacks(ListedPack("fancy-nodes", "registry", HUB))
    release = find(f"{HUB}.git", known=known)
    assert (release.identifier, release.registry_id, release.name) == ("fancy-nodes", "fancy-nodes", "fancy")
    assert find(HUB, known=ListedPacks(ListedPack("github_alice_fancy", "manager", HUB))).registry_id is None


def test_a_pack_that_only_the_lists_know_comes_from_its_repository(host: PackHost, find: Finder) -> None:
    commit = host.add_repository("alice", "fancy", tag="v1.0")
    known = ListedPacks(ListedPack("github_alice_fancy", "manager", HUB))
    release = find("github_alice_fancy", known=known)
    assert (release.source, release.version, release.repository, release.branch) == ("git", commit, HUB, "main")
    assert find("github_alice_fancy@1.0", known=known).branch is None


def test_offline_what_was_asked_before_is_known(host: PackHost, find: Finder) -> None:
    host.add("fancy", "1.0.0")
    online = find("fancy")
    assert find("fancy", offline=True) == online
    assert len(find.reporter.warnings) == 1
    with pytest.raises(OfflineRefused):
        find("other", offline=True)
    with pytest.raises(OfflineRefused):
        find(HUB, offline=True)


def test_offline_a_repository_is_as_its_mirror_knows_it(host: PackHost, find: Finder) -> None:
    commit = host.add_repository("alice", "fancy", tag="v1")
    online = find(HUB)
    pack_contents(find.layout).obtain(online, SILENT)
    host.add_repository("alice", "fancy", {"later.py": ""})
    assert find(HUB, offline=True) == online
    assert find(f"{HUB}@v1", offline=True).version == commit
    assert find(f"{HUB}@{commit[:9]}", offline=True).version == commit


def test_without_the_registry_the_lists_know_versions(host: PackHost, find: Finder) -> None:
    versions = (
        RegistryVersion("1.9.0", download_url="http://x/1.zip"),
        RegistryVersion("1.10.0", download_url="http://x/2"),
    )
    known = ListedPacks(ListedPack("fancy", "registry", HUB, versions))
    host.registry_status = 500
    release = find("fancy", known=known)
    assert (release.version, release.download_url) == ("1.10.0", "http://x/2")
    assert "may be older" in find.reporter.warnings[0]


def test_the_lists_stand_in_for_the_registry_only_where_the_settings_let_them(host: PackHost, find: Finder) -> None:
    known = ListedPacks(ListedPack("fancy", "registry", HUB, (RegistryVersion("1.9.0", download_url="http://x/1"),)))
    WorkspaceConfigRepository(find.layout.config_file).set_prefer_registry_cache(False)
    host.registry_status = 500
    with pytest.raises(UnusableAnswer):
        find("fancy", known=known)
    host.registry_status = 200
    host.add("fancy", "2.0.0")
    assert find("fancy", known=known).version == "2.0.0"


def test_an_unreachable_registry_is_told(host: PackHost, find: Finder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMFYDOCK_REGISTRY_URL", "http://127.0.0.1:9")
    with pytest.raises(NetworkUnavailable):
        find("fancy")


def test_updating_a_pack_of_the_registry(host: PackHost, find: Finder) -> None:
    host.add("fancy", "1.9.0")
    old = find("fancy")
    assert find.latest(old) == old
    address = host.add("fancy", "1.10.0")
    host.add("fancy", "1.11.0", status=FLAGGED)
    host.add("fancy", "1.12.0-beta")
    new = find.latest(old)
    assert (new.version, new.download_url, new.name) == ("1.10.0", address, "fancy")
    assert find.latest(new) == new


def test_an_update_never_goes_back_and_tells_what_became_of_a_version(host: PackHost, find: Finder) -> None:
    host.add("fancy", "1.0.0")
    host.add("fancy", "2.0.0-beta")
    beta = find("fancy@2.0.0-beta")
    assert find.latest(beta) == beta
    host.add("fancy", "2.0.0-beta", status=BANNED)
    assert "banned" in find.latest(beta).notes[0]


def test_updating_a_pack_keeps_the_name_that_the_manifest_has(host: PackHost, find: Finder) -> None:
    host.add("fancy", "1.0.0")
    old = NodeInfo("Fancy", "My Fancy Nodes", "registry", "1.0.0", registry_id="fancy")
    host.add("fancy", "1.1.0")
    new = find.latest(old)
    assert (new.identifier, new.name, new.version) == ("Fancy", "My Fancy Nodes", "1.1.0")


def test_updating_a_pack_from_git_stays_on_its_branch(host: PackHost, find: Finder) -> None:
    host.add_repository("alice", "fancy", tag="v1")
    place = host.repository("alice", "fancy")
    git(place, "checkout", "--quiet", "-b", "dev")
    on_dev = find(f"{HUB}@dev")
    assert find.latest(on_dev) == on_dev
    newer = host.add_repository("alice", "fancy", {"dev.py": ""})
    git(place, "checkout", "--quiet", "main")
    host.add_repository("alice", "fancy", {"main.py": ""})
    assert (find.latest(on_dev).version, find.latest(on_dev).branch) == (newer, "dev")
    pinned = find(f"{HUB}@v1")
    assert find.latest(pinned).version == pinned.version
    assert "follows no branch" in find.latest(pinned).notes[0]
    git(place, "branch", "--delete", "--force", "dev")
    with pytest.raises(PackVersionNotFound, match="dev"):
        find.latest(on_dev)
