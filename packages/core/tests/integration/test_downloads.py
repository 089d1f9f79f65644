"""Large files over real HTTP: cut connections, changed files, limits, and redirects."""

import gzip
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from comfydock_core.clients.transport import Transport
from comfydock_core.models.exceptions import (
    AuthenticationFailed,
    NetworkUnavailable,
    OfflineRefused,
    UnusableAnswer,
)
from tests.support.http_server import Reply, serving
from tests.support.pack_host import Archive, PackHost, pack_host


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("comfydock_core.clients.downloads._PAUSE_SECONDS", 0.0)
    monkeypatch.setattr("comfydock_core.clients.transport._BACKOFF_SECONDS", 0.0)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[PackHost]:
    with pack_host(tmp_path / "repositories") as running:
        yield running


CONTENT = os.urandom(1_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def served(host: PackHost, **options: object) -> str:
    host.archives["/cdn/file"] = Archive(CONTENT, **options)  # type: ignore[arg-type]
    return f"{host.url}/cdn/file"


def ranges(host: PackHost) -> list[str | None]:
    return [headers.get("range") for headers in host.headers]


def test_a_file_is_fetched_hashed_and_counted(host: PackHost, tmp_path: Path) -> None:
    steps: list[tuple[int, int | None]] = []
    done = Transport().download(
        served(host), str(tmp_path / "file"), on_progress=lambda *step: steps.append(step), max_bytes=len(CONTENT)
    )
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert (done.sha256, done.size, done.carried) == (SHA256, len(CONTENT), len(CONTENT))
    assert steps[-1] == (len(CONTENT), len(CONTENT))
    assert steps == sorted(steps)


def test_a_cut_connection_is_taken_up_where_it_was_cut(host: PackHost, tmp_path: Path) -> None:
    done = Transport().download(served(host, cuts=2), str(tmp_path / "file"))
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert (done.sha256, done.carried) == (SHA256, len(CONTENT))
    assert ranges(host) == [None, "bytes=500000-", "bytes=750000-"]


def test_a_server_without_ranges_sends_everything_again(host: PackHost, tmp_path: Path) -> None:
    done = Transport().download(served(host, cuts=1, ranges=False), str(tmp_path / "file"))
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert (done.sha256, done.carried) == (SHA256, 1_500_000)


def test_a_file_that_changed_meanwhile_is_fetched_from_its_beginning(host: PackHost, tmp_path: Path) -> None:
    address = served(host, cuts=1)
    other = CONTENT[::-1] + b"more"

    def change(done: int, total: int | None) -> None:
        host.archives["/cdn/file"].content = other

    done = Transport().download(address, str(tmp_path / "file"), on_progress=change)
    assert (tmp_path / "file").read_bytes() == other
    assert done.sha256 == hashlib.sha256(other).hexdigest()


@pytest.mark.parametrize("with_ranges", [True, False])
def test_a_connection_that_is_always_cut_ends_in_an_error(host: PackHost, tmp_path: Path, with_ranges: bool) -> None:
    with pytest.raises(NetworkUnavailable):
        Transport().download(served(host, cuts=-1, ranges=with_ranges), str(tmp_path / "file"))
    assert len(host.requests) < 30


def test_what_is_larger_than_allowed_is_not_fetched(host: PackHost, tmp_path: Path) -> None:
    with pytest.raises(UnusableAnswer, match=r"larger than 1\.0 MB"):
        Transport().download(served(host), str(tmp_path / "file"), max_bytes=len(CONTENT) - 1)
    assert (tmp_path / "file").stat().st_size == 0


def test_what_is_not_there_is_an_error(host: PackHost, tmp_path: Path) -> None:
    with pytest.raises(UnusableAnswer, match="404"):
        Transport().download(f"{host.url}/cdn/nothing", str(tmp_path / "file"))


def test_offline_nothing_is_fetched(host: PackHost, tmp_path: Path) -> None:
    with pytest.raises(OfflineRefused):
        Transport(offline=True).download(served(host), str(tmp_path / "file"))
    assert host.requests == []


def test_a_busy_server_is_asked_again_and_a_refusal_is_told(tmp_path: Path) -> None:
    with serving(
        {"/a": [Reply(status=503, headers={"Retry-After": "0"}), Reply("fine")], "/b": Reply(status=403)}
    ) as s:
        assert Transport().download(f"{s.url}/a", str(tmp_path / "file")).size == 4
        with pytest.raises(AuthenticationFailed):
            Transport().download(f"{s.url}/b", str(tmp_path / "file"))


def test_redirects_to_storage_drop_secrets_and_messages_drop_signatures(host: PackHost, tmp_path: Path) -> None:
    target = f"{served(host)}?signature=abc"
    with serving({"/a": Reply(status=302, headers={"Location": target})}) as server:
        Transport().download(f"{server.url}/a", str(tmp_path / "file"), headers={"Authorization": "secret"})
        assert "authorization" not in host.headers[-1]
        del host.archives["/cdn/file"]
        with pytest.raises(UnusableAnswer) as caught:
            Transport().download(f"{server.url}/a", str(tmp_path / "file"))
        assert "signature" not in f"{caught.value.message}{caught.value.context}"


def test_another_part_than_was_asked_for_is_refused(tmp_path: Path) -> None:
    part = Reply("abc", status=206, headers={"Content-Range": "bytes 7-9/10"})
    with serving({"/a": part}) as server, pytest.raises(UnusableAnswer, match="a different part"):
        Transport().download(f"{server.url}/a", str(tmp_path / "file"))


def test_a_full_disk_is_told_as_such(host: PackHost, small_disk: Callable[[str], Path]) -> None:
    with pytest.raises(OSError, match="No space left"):
        Transport().download(served(host), str(small_disk("size=64k") / "file"))


def test_a_compressed_body_goes_into_a_file_and_no_further_than_allowed(tmp_path: Path) -> None:
    replies = {"/a": Reply(gzip.compress(CONTENT), headers={"Content-Encoding": "gzip"}), "/b": Reply(status=304)}
    with serving(replies) as server, open(tmp_path / "file", "w+b") as file:
        answer = Transport().get_into(f"{server.url}/a", file, most=len(CONTENT))
        assert (answer.status, answer.body, server.requests[0][1]["accept-encoding"]) == (200, b"", "gzip")
        assert (tmp_path / "file").stat().st_size == len(CONTENT)
        assert Transport().get_into(f"{server.url}/b", file, most=1).status == 304
        with pytest.raises(UnusableAnswer, match="sends more than"):
            Transport().get_into(f"{server.url}/a", file, most=len(CONTENT) - 1)


def test_a_body_that_is_cut_begins_anew_in_its_file(host: PackHost, tmp_path: Path) -> None:
    with open(tmp_path / "file", "w+b") as file:
        Transport().get_into(served(host, cuts=1), file, most=len(CONTENT))
    assert (tmp_path / "file").read_bytes() == CONTENT
