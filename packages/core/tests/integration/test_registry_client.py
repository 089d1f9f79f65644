"""The registry's API as it is and as it might be: real HTTP on loopback."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.caching.api_cache import APICacheManager
from comfydock_core.clients.answers import Answer
from comfydock_core.clients.registry_client import ComfyRegistryClient
from comfydock_core.clients.remembering import RememberingTransport
from comfydock_core.clients.transport import Transport
from comfydock_core.models.exceptions import AuthenticationFailed, RateLimited, UnusableAnswer
from comfydock_core.models.registry import BANNED, DELETED, FLAGGED, PENDING, RegistryNode, RegistryVersion
from comfydock_core.utils.reporting import SilentReporter
from tests.support.http_server import Reply, Server, serving

SILENT = SilentReporter()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def client(server: Server, tmp_path: Path) -> ComfyRegistryClient:
    return ComfyRegistryClient(RememberingTransport(Transport(), APICacheManager(str(tmp_path))), base_url=server.url)


def test_a_pack_with_everything(server: Server, client: ComfyRegistryClient) -> None:
    server.replies["/nodes/fancy"] = Reply(
        {
            "id": "fancy",
            "name": "Fancy Nodes",
            "description": "Blurs",
            "author": "Alice",
            "license": '{"file": "LICENSE"}',
            "publisher": {"id": "alice", "name": "Alice & Co"},
            "repository": "https://github.com/alice/fancy",
            "status": "NodeStatusActive",
            "tags": ["blur", 3],
            "downloads": 12,
            "latest_version": {"version": "1.2.0", "downloadUrl": "https://cdn.example/a.zip", "deprecated": False},
        }
    )
    node = client.node("FANCY", SILENT)
    assert node is not None
    assert (node.identifier, node.name, node.publisher, node.license) == (
        "fancy",
        "Fancy Nodes",
        "Alice & Co",
        "LICENSE",
    )
    assert (node.tags, node.downloads, node.status) == (("blur",), 12, "active")
    assert node.latest is not None
    assert (node.latest.version, node.latest.download_url) == ("1.2.0", "https://cdn.example/a.zip")


@pytest.mark.parametrize(
    "record",
    [{"id": "fancy"}, {"id": "fancy", "name": "", "latest_version": [], "tags": None, "publisher": 3, "license": "{"}],
)
def test_a_pack_with_nothing_but_its_identifier(server: Server, client: ComfyRegistryClient, record: object) -> None:
    server.replies["/nodes/fancy"] = Reply(record)
    node = client.node("fancy", SILENT)
    assert node is not None
    assert (node.name, node.latest, node.repository) == ("fancy", None, None)


@pytest.mark.parametrize("body", ["no json", [], "3", {}, {"id": 3}, {"id": ""}])
def test_what_is_no_pack_is_told(server: Server, client: ComfyRegistryClient, body: object) -> None:
    server.replies["/nodes/fancy"] = Reply(body)
    with pytest.raises(UnusableAnswer):
        client.node("fancy", SILENT)


def test_versions_with_both_spellings_and_their_faults(server: Server, client: ComfyRegistryClient) -> None:
    server.replies["/nodes/fancy/versions"] = Reply(
        [
            {"version": "1", "downloadUrl": "https://x/1.zip", "status": "NodeVersionStatusActive"},
            {"version": "2", "download_url": "https://x/2.zip", "status": "NodeVersionStatusFlagged"},
            {"version": "3", "status": "NodeVersionStatusBanned", "downloadUrl": "file:///etc/passwd"},
            {"version": "4", "status": "NodeVersionStatusDeleted"},
            {"version": "5", "status": "NodeVersionStatusPending", "dependencies": ["six", 3]},
            {"version": "6", "deprecated": True, "status": 3},
            {"no": "version"},
            "text",
        ]
    )
    found = client.versions("fancy", SILENT)
    assert [one.status for one in found] == ["active", FLAGGED, BANNED, DELETED, PENDING, "active"]
    assert [one.download_url for one in found[:3]] == ["https://x/1.zip", "https://x/2.zip", None]
    assert [one.refusal is None for one in found] == [True, False, False, False, True, False]
    assert found[4].dependencies == ("six",)


@pytest.mark.parametrize("body", ["no json", {"versions": 3}, "3"])
def test_what_is_no_list_of_versions_is_told(server: Server, client: ComfyRegistryClient, body: object) -> None:
    server.replies["/nodes/fancy/versions"] = Reply(body)
    with pytest.raises(UnusableAnswer):
        client.versions("fancy", SILENT)


def test_what_to_install(server: Server, client: ComfyRegistryClient) -> None:
    server.replies["/nodes/fancy/install?version=1.0%2Bx"] = Reply({"version": "1.0+x", "downloadUrl": "http://x/a"})
    server.replies["/nodes/fancy/install"] = Reply({"version": "2"})
    exact, newest = client.install("fancy", "1.0+x", SILENT), client.install("fancy", None, SILENT)
    assert exact is not None
    assert newest is not None
    assert (exact.download_url, newest.version) == ("http://x/a", "2")
    assert client.install("other", None, SILENT) is None


def test_searching(server: Server, client: ComfyRegistryClient) -> None:
    server.replies["/nodes/search?search=a+b&limit=5"] = Reply({"nodes": [{"id": "x"}, {"no": "id"}, 3]})
    server.replies["/nodes/search?search=c&limit=10"] = Reply({"nodes": "none"})
    assert [node.identifier for node in client.search("a b", SILENT, limit=5)] == ["x"]
    assert client.search("nothing", SILENT) == []
    with pytest.raises(UnusableAnswer):
        client.search("c", SILENT)


def test_what_is_not_there_is_none(client: ComfyRegistryClient) -> None:
    assert client.node("nothing", SILENT) is None
    assert client.versions("nothing", SILENT) == []


@pytest.mark.parametrize(
    ("status", "error"), [(401, AuthenticationFailed), (403, AuthenticationFailed), (418, UnusableAnswer)]
)
def test_refusals_are_told(server: Server, client: ComfyRegistryClient, status: int, error: type[Exception]) -> None:
    server.replies["/nodes/fancy"] = Reply(status=status)
    with pytest.raises(error):
        client.node("fancy", SILENT)


def test_a_rate_limit_is_told_without_an_older_answer(server: Server, client: ComfyRegistryClient) -> None:
    server.replies["/nodes/fancy"] = Reply(status=429, headers={"Retry-After": "3600"})
    with pytest.raises(RateLimited):
        client.node("fancy", SILENT)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["id", "name", "version", "versions", "status", "downloadUrl", "download_url", "deprecated", "tags",
             "nodes", "latest_version", "publisher", "license", "dependencies", "downloads", "repository"]
        ),
        inner,
        max_size=6,
    ),
    max_leaves=12,
)  # fmt: skip


@given(_JSON)
def test_any_json_is_understood_or_told(value: object) -> None:
    class Fixed:
        def get(self, url: str, headers: object = None, *, reporter: object = None) -> Answer:
            return Answer(url, 200, {}, json.dumps(value).encode())

    client = ComfyRegistryClient(Fixed(), base_url="https://registry.invalid")
    for ask in (
        client.node,
        client.versions,
        lambda name, reporter: client.install(name, None, reporter),
        client.search,
    ):
        try:
            found = ask("fancy", SILENT)
        except UnusableAnswer:
            continue
        for one in found if isinstance(found, list) else [found]:
            assert one is None or isinstance(one, RegistryNode | RegistryVersion)
            if isinstance(one, RegistryVersion):
                assert one.version
                assert (one.download_url or "http://").startswith("http")


def test_an_identifier_never_becomes_another_path(server: Server, client: ComfyRegistryClient) -> None:
    assert client.node("../publishers/x?y", SILENT) is None
    assert server.requests[-1][0] == "/nodes/..%2Fpublishers%2Fx%3Fy"


@pytest.mark.parametrize("identifier", ["a\udcff", "\ud800"])
def test_an_identifier_with_half_a_character_is_asked_for_as_far_as_an_address_can_have_it(
    client: ComfyRegistryClient, identifier: str
) -> None:
    assert client.node(identifier, SilentReporter()) is None
    assert client.install(identifier, identifier, SilentReporter()) is None
    assert client.search(identifier, SilentReporter()) == []
