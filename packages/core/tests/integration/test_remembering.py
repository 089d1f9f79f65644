"""Answers that are asked for again only when they changed, and used when nobody answers: real HTTP on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from comfydock_core.caching.api_cache import APICacheManager
from comfydock_core.clients.remembering import RememberingTransport
from comfydock_core.clients.transport import Transport
from comfydock_core.models.exceptions import (
    AuthenticationFailed,
    NetworkUnavailable,
    OfflineRefused,
    RateLimited,
    UnusableAnswer,
)
from tests.support.http_server import Reply, Server, serving
from tests.support.reporters import RecordingReporter


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("comfydock_core.clients.transport._BACKOFF_SECONDS", 0.0)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


def transport(tmp_path: Path, *, offline: bool = False) -> RememberingTransport:
    return RememberingTransport(Transport(offline=offline), APICacheManager(str(tmp_path / "cache")))


@pytest.mark.parametrize(
    ("header", "sent", "value"),
    [("ETag", "if-none-match", '"1"'), ("Last-Modified", "if-modified-since", "Wed, 01 Jan 2025 00:00:00 GMT")],
)
def test_what_did_not_change_is_not_sent_again(
    server: Server, tmp_path: Path, header: str, sent: str, value: str
) -> None:
    server.replies["/a"] = [Reply('"body"', headers={header: value}), Reply(status=304)]
    for _ in range(3):
        answer = transport(tmp_path).get(f"{server.url}/a")
        assert (answer.status, answer.body) == (200, b'"body"')
    assert [headers.get(sent) for _, headers in server.requests] == [None, value, value]


def test_what_changed_replaces_what_was_kept(server: Server, tmp_path: Path) -> None:
    server.replies["/a"] = [Reply('"old"', headers={"ETag": "1"}), Reply('"new"', headers={"ETag": "2"})]
    bodies = [transport(tmp_path).get(f"{server.url}/a").body for _ in range(2)]
    assert bodies == [b'"old"', b'"new"']
    answer = transport(tmp_path, offline=True).get(f"{server.url}/a", reporter=RecordingReporter())
    assert answer.body == b'"new"'


def test_without_the_network_the_kept_answer_is_used_and_told_once_for_a_host(server: Server, tmp_path: Path) -> None:
    for path in ("/a", "/b"):
        server.replies[path] = Reply([path])
        transport(tmp_path).get(server.url + path)
    reporter = RecordingReporter()
    offline = transport(tmp_path, offline=True)
    assert [offline.get(server.url + path, reporter=reporter).body for path in ("/a", "/b")] == [b'["/a"]', b'["/b"]']
    assert len(reporter.warnings) == 1
    assert "using what it answered on" in reporter.warnings[0]
    with pytest.raises(OfflineRefused):
        offline.get(f"{server.url}/c", reporter=reporter)


@pytest.mark.parametrize(
    "reply", [Reply(status=500), Reply("<html>"), Reply(status=429, headers={"Retry-After": "3600"})]
)
def test_a_server_in_trouble_is_asked_once_only(server: Server, tmp_path: Path, reply: Reply) -> None:
    for path in ("/a", "/b"):
        server.replies[path] = Reply([path])
        transport(tmp_path).get(server.url + path)
    server.replies |= {"/a": reply, "/b": reply}
    reporter = RecordingReporter()
    one = transport(tmp_path)
    assert one.get(f"{server.url}/a", reporter=reporter).json() == ["/a"]
    asked = len(server.requests)
    assert one.get(f"{server.url}/b", reporter=reporter).json() == ["/b"]
    assert len(server.requests) == asked


def test_an_unreachable_server_is_told_when_nothing_is_kept_or_nobody_listens(tmp_path: Path) -> None:
    with serving({"/a": Reply(["kept"])}) as gone:
        transport(tmp_path).get(f"{gone.url}/a")
    with pytest.raises(NetworkUnavailable):
        transport(tmp_path).get(f"{gone.url}/a")
    with pytest.raises(NetworkUnavailable):
        transport(tmp_path).get(f"{gone.url}/b", reporter=RecordingReporter())
    assert transport(tmp_path).get(f"{gone.url}/a", reporter=RecordingReporter()).json() == ["kept"]


def test_refusals_and_absence_are_answers_of_their_own(server: Server, tmp_path: Path) -> None:
    server.replies["/a"] = [Reply(["kept"]), Reply(status=403), Reply(status=404)]
    transport(tmp_path).get(f"{server.url}/a")
    with pytest.raises(AuthenticationFailed):
        transport(tmp_path).get(f"{server.url}/a", reporter=RecordingReporter())
    assert transport(tmp_path).get(f"{server.url}/a", reporter=RecordingReporter()).status == 404
    server.replies["/a"] = Reply("API rate limit exceeded", status=403)
    with pytest.raises(RateLimited):
        transport(tmp_path).get(f"{server.url}/a", reporter=RecordingReporter())


def test_a_host_that_wants_no_requests_gets_no_more_for_what_is_not_kept_either(server: Server, tmp_path: Path) -> None:
    server.replies["/a"] = server.replies["/b"] = Reply(status=429, headers={"Retry-After": "3600"})
    one = transport(tmp_path)
    for path in ("/a", "/b"):
        with pytest.raises(RateLimited):
            one.get(server.url + path, reporter=RecordingReporter())
    assert len(server.requests) == 1


def test_one_answer_that_is_of_no_use_says_nothing_of_others(server: Server, tmp_path: Path) -> None:
    server.replies |= {"/a": Reply("<html>"), "/b": Reply([])}
    one = transport(tmp_path)
    with pytest.raises(UnusableAnswer):
        one.get(f"{server.url}/a", reporter=RecordingReporter())
    assert one.get(f"{server.url}/b", reporter=RecordingReporter()).json() == []


def test_an_answer_that_stands_in_is_told_also_after_an_error(server: Server, tmp_path: Path) -> None:
    server.replies["/a"] = Reply(["kept"])
    transport(tmp_path).get(f"{server.url}/a")
    offline, reporter = transport(tmp_path, offline=True), RecordingReporter()
    with pytest.raises(OfflineRefused):
        offline.get(f"{server.url}/b", reporter=reporter)
    assert offline.get(f"{server.url}/a", reporter=reporter).json() == ["kept"]
    assert len(reporter.warnings) == 1
