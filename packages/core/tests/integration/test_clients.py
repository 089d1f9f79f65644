"""The transport and GitHub's API against real servers on loopback."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from comfydock_core.caching.repository_mirrors import RepositoryMirrors
from comfydock_core.clients.github_client import GitHubClient
from comfydock_core.clients.transport import Transport, may_carry_secrets
from comfydock_core.clients.watching import Limits
from comfydock_core.models.exceptions import (
    AuthenticationFailed,
    NetworkUnavailable,
    OfflineRefused,
    RateLimited,
    UnusableAnswer,
)
from comfydock_core.services.comfyui_versions import ComfyUIVersions
from comfydock_core.utils.reporting import SilentReporter
from tests.support.http_server import Reply, Server, serving
from tests.support.miniature import NEWEST, Miniature
from tests.support.reporters import RecordingReporter

UPSTREAM = "https://github.com/comfyanonymous/ComfyUI.git"
LATEST = "/repos/comfyanonymous/ComfyUI/releases/latest"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


def test_what_fails_for_the_moment_is_asked_again(server: Server) -> None:
    server.replies["/a"] = [Reply(status=503, headers={"Retry-After": "0"}), Reply({"fine": True})]
    assert Transport().get(f"{server.url}/a").json() == {"fine": True}
    assert len(server.requests) == 2


def test_a_date_in_the_past_means_at_once(server: Server) -> None:
    past = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
    server.replies["/a"] = [Reply(status=429, headers={"Retry-After": past}), Reply("fine")]
    assert Transport().get(f"{server.url}/a").body == b"fine"


def test_a_server_that_wants_us_gone_for_long_is_not_asked_again(server: Server) -> None:
    server.replies["/a"] = Reply(status=429, headers={"Retry-After": "3600"})
    with pytest.raises(RateLimited):
        Transport().get(f"{server.url}/a")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("reply", "family"),
    [
        (Reply(status=401), AuthenticationFailed),
        (Reply(status=403), AuthenticationFailed),
        (Reply(status=403, headers={"X-RateLimit-Remaining": "0"}), RateLimited),
        (Reply("API rate limit exceeded", status=403), RateLimited),
        (Reply(status=418), UnusableAnswer),
    ],
)
def test_refusals_have_their_kind(server: Server, reply: Reply, family: type[Exception]) -> None:
    server.replies["/a"] = reply
    with pytest.raises(family):
        Transport().get(f"{server.url}/a")


def test_not_found_is_an_answer(server: Server) -> None:
    assert Transport().get(f"{server.url}/nothing").status == 404


def test_what_is_no_json_is_told(server: Server) -> None:
    server.replies["/a"] = Reply("<html>")
    with pytest.raises(UnusableAnswer):
        Transport().get(f"{server.url}/a").json()


def test_redirects_are_followed_and_endless_ones_are_not(server: Server) -> None:
    server.replies["/a"] = Reply(status=302, headers={"Location": "/b"})
    server.replies["/b"] = Reply("there")
    server.replies["/round"] = Reply(status=302, headers={"Location": "/round"})
    assert Transport().get(f"{server.url}/a").body == b"there"
    with pytest.raises(UnusableAnswer):
        Transport().get(f"{server.url}/round")


def test_a_redirect_out_of_http_is_refused(server: Server) -> None:
    server.replies["/a"] = Reply(status=302, headers={"Location": "file:///etc/passwd"})
    with pytest.raises(UnusableAnswer):
        Transport().get(f"{server.url}/a")


@pytest.mark.parametrize("location", ["http://[::1", "http://localhost:99999/", "http://localhost:port/"])
def test_a_redirect_to_no_address_is_refused_without_repeating_it(server: Server, location: str) -> None:
    server.replies["/a"] = Reply(status=302, headers={"Location": location})
    with pytest.raises(UnusableAnswer) as refused:
        Transport().get(f"{server.url}/a")
    assert location not in str(refused.value)


@pytest.mark.parametrize("status", [200, 400])
def test_an_answer_is_measured_after_it_was_decompressed(server: Server, status: int) -> None:
    bomb = gzip.compress(bytes(100_000))
    server.replies["/a"] = Reply(bomb, status=status, headers={"Content-Encoding": "gzip"})
    with pytest.raises(UnusableAnswer, match="more than 5000 bytes"):
        Transport(answers=Limits(5000, 60, 30, 1)).get(f"{server.url}/a")


def test_half_a_character_is_no_json(server: Server) -> None:
    server.replies["/a"] = Reply('{"id": "\\ud800"}')
    with pytest.raises(UnusableAnswer):
        Transport().get(f"{server.url}/a").json()


def test_a_token_never_goes_to_another_host(server: Server) -> None:
    with serving({"/b": Reply("there")}) as other:
        server.replies["/a"] = Reply(status=302, headers={"Location": f"{other.url}/b"})
        Transport().get(f"{server.url}/a", {"Authorization": "Bearer secret"})
        assert "authorization" in server.requests[0][1]
        assert "authorization" not in other.requests[0][1]


def test_an_unreachable_server_is_told_and_offline_asks_nobody(server: Server) -> None:
    with pytest.raises(OfflineRefused):
        Transport(offline=True).get(f"{server.url}/a")
    assert server.requests == []


def test_a_refused_connection_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("comfydock_core.clients.transport._BACKOFF_SECONDS", 0.0)
    with pytest.raises(NetworkUnavailable):
        Transport().get("http://127.0.0.1:9/")


def test_proxies_of_the_environment_are_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.replies["http://somewhere.invalid/a"] = Reply("by proxy")
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert Transport().get("http://somewhere.invalid/a").body == b"by proxy"


def test_secrets_travel_encrypted_or_not_at_all() -> None:
    assert may_carry_secrets("https://example.invalid/")
    assert may_carry_secrets("http://127.0.0.1:1/")
    assert not may_carry_secrets("http://example.invalid/")


def test_github_gets_the_token_and_gives_releases(server: Server) -> None:
    server.replies["/repos/a/b/releases?per_page=60"] = Reply(
        [{"tag_name": "v2", "draft": True}, {"tag_name": "v1", "prerelease": True, "name": "One"}]
    )
    server.replies["/repos/a/b/commits/main"] = Reply({"sha": "1" * 40})
    server.replies["/repos/a/b"] = Reply({"default_branch": "main", "clone_url": "https://x/"})
    client = GitHubClient(Transport(), base_url=server.url, token="secret")
    assert [(release.tag_name, release.name, release.prerelease) for release in client.releases("a", "b")] == [
        ("v1", "One", True)
    ]
    assert client.commit("a", "b", "main") == "1" * 40
    assert client.commit("a", "b", "nothing") is None
    assert client.release("a", "b", "v9") is None
    info = client.repository("a", "b")
    assert info is not None
    assert info.default_branch == "main"
    assert all(headers["authorization"] == "Bearer secret" for _, headers in server.requests)


def test_a_commit_that_github_does_not_have_is_none_and_its_limit_is_told(server: Server) -> None:
    client = GitHubClient(Transport(), base_url=server.url)
    server.replies["/repos/a/b/commits/abcdef1"] = [
        Reply({"message": "No commit found for SHA: abcdef1"}, status=422),
        Reply({"message": "API rate limit exceeded"}, status=403),
        Reply(status=418),
    ]
    assert client.commit("a", "b", "abcdef1") is None
    with pytest.raises(RateLimited):
        client.commit("a", "b", "abcdef1")
    with pytest.raises(UnusableAnswer):
        client.commit("a", "b", "abcdef1")


@pytest.mark.parametrize("body", [[], "text", {"tag_name": 3}, {}])
def test_answers_of_another_shape_are_told(server: Server, body: object) -> None:
    server.replies["/repos/a/b/releases/latest"] = Reply(body if not isinstance(body, str) else '"text"')
    with pytest.raises(UnusableAnswer):
        GitHubClient(Transport(), base_url=server.url).latest_release("a", "b")


@pytest.fixture
def upstream(miniature: Miniature, monkeypatch: pytest.MonkeyPatch) -> Miniature:
    """git finds the miniature at ComfyUI's address."""
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{miniature.repository.as_uri()}.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", UPSTREAM)
    return miniature


def versions(server: Server, *, offline: bool = False) -> ComfyUIVersions:
    mirrors = RepositoryMirrors("/nowhere", offline=offline)
    return ComfyUIVersions(GitHubClient(Transport(offline=offline), base_url=server.url), mirrors, offline=offline)


def test_the_newest_release_is_what_github_says(server: Server, upstream: Miniature) -> None:
    server.replies[LATEST] = Reply({"tag_name": "v0.2.0"})
    found = versions(server).resolve(UPSTREAM, None, SilentReporter())
    assert (found.ref, found.kind, found.commit) == ("v0.2.0", "release", upstream.commits["v0.2.0"])


@pytest.mark.parametrize("reply", [Reply(status=404), Reply({"tag_name": "v9"}), Reply(status=403), Reply("no json")])
def test_without_githubs_help_git_names_the_newest_release(server: Server, upstream: Miniature, reply: Reply) -> None:
    server.replies[LATEST] = reply
    reporter = RecordingReporter()
    assert versions(server).resolve(UPSTREAM, "latest", reporter).ref == NEWEST
    assert bool(reporter.warnings) is (reply.status == 403 or reply.body == "no json")


def test_github_completes_a_short_commit(server: Server, upstream: Miniature) -> None:
    server.replies["/repos/comfyanonymous/ComfyUI/commits/abcdef1"] = Reply({"sha": "abcdef1" + "0" * 33})
    found = versions(server).resolve(UPSTREAM, "abcdef1", SilentReporter())
    assert (found.kind, found.commit) == ("commit", "abcdef1" + "0" * 33)


def test_offline_a_repository_elsewhere_is_refused_and_one_here_is_not(server: Server, miniature: Miniature) -> None:
    offline = versions(server, offline=True)
    with pytest.raises(OfflineRefused):
        offline.resolve(UPSTREAM, None, SilentReporter())
    assert offline.resolve(str(miniature.repository), None, SilentReporter()).ref == NEWEST
    assert server.requests == []
