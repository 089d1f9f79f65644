"""Model files over real HTTP: ranges, resuming, and everything that servers, disks and people do to a download."""

import gzip
import hashlib
import os
import random
import resource
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from comfydock_core.clients.transport import Transport
from comfydock_core.models.exceptions import (
    AuthenticationFailed,
    DownloadBusy,
    DownloadPaused,
    FileSystemError,
    ModelExists,
    ModelMismatch,
    ModelNotOffered,
    NetworkUnavailable,
    RateLimited,
    UnusableAnswer,
)
from comfydock_core.models.model_files.downloads import DownloadLimits, DownloadRequest, DownloadResult
from comfydock_core.services.model_downloads.kept_downloads import KeptDownloads, identifier_of
from comfydock_core.services.model_downloads.model_downloader import ModelDownloader
from comfydock_core.services.model_downloads.part import Part, part_path, read_part
from tests.support.model_host import ModelHost, model_host

CONTENT = random.Random(1).randbytes(3_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PIECE = 1 << 18


class Heard:
    """A reporter that keeps what it hears, and does something at the first byte."""

    def __init__(self, at_progress: Callable[[int], None] = lambda done: None) -> None:
        self.warnings: list[str] = []
        self.steps: list[tuple[int, int | None]] = []
        self._at_progress = at_progress

    def phase(self, text: str) -> None: ...
    def line(self, text: str) -> None: ...

    def progress(self, label: str, done: int, total: int | None, unit: str) -> None:
        self.steps.append((done, total))
        self._at_progress(done)

    def warn(self, text: str) -> None:
        self.warnings.append(text)


@pytest.fixture(autouse=True)
def small_pieces_and_no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("comfydock_core.services.model_downloads.fetching.PIECE", PIECE)
    monkeypatch.setattr("comfydock_core.services.model_downloads.fetching._PAUSE_SECONDS", 0.0)
    monkeypatch.setattr("comfydock_core.clients.transport._BACKOFF_SECONDS", 0.0)


@pytest.fixture
def models() -> Iterator[ModelHost]:
    with model_host() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "models ☃/loras"
    made.mkdir(parents=True)
    return made


class Downloads:
    """A downloader with its list, and requests for one folder."""

    def __init__(self, folder: Path, list_in: Path) -> None:
        self.folder = folder
        self.kept = KeptDownloads(str(list_in))

    def request(self, *urls: str, **options: object) -> DownloadRequest:
        return DownloadRequest(urls, str(self.folder), "model.bin", **options)  # type: ignore[arg-type]

    def run(self, request: DownloadRequest, heard: Heard | None = None, **limits: int) -> DownloadResult:
        downloader = ModelDownloader(Transport(), self.kept, limits=DownloadLimits(**limits))
        return downloader.download(request, heard or Heard())

    def names(self) -> list[str]:
        return sorted(os.listdir(self.folder))

    def interrupted(self, request: DownloadRequest, **limits: int) -> Heard:
        """Stop the download by Ctrl-C after its first bytes."""

        def stop(done: int) -> None:
            if done:
                raise KeyboardInterrupt

        heard = Heard(stop)
        with pytest.raises(KeyboardInterrupt):
            self.run(request, heard, **limits)
        return heard


@pytest.fixture
def downloads(folder: Path, tmp_path: Path) -> Downloads:
    return Downloads(folder, tmp_path / "list")


def is_whole(downloads: Downloads) -> bool:
    """The file is there, and nothing else is left."""
    return (
        (downloads.folder / "model.bin").read_bytes() == CONTENT
        and downloads.names() == ["model.bin"]
        and downloads.kept.all() == []
    )


# What goes well.


@pytest.mark.parametrize("connections", [1, 4])
def test_a_file_comes_whole_with_its_digests(models: ModelHost, downloads: Downloads, connections: int) -> None:
    request = downloads.request(models.put("/a", CONTENT), sha256=SHA256, size=len(CONTENT))
    result = downloads.run(request, connections=connections)
    assert is_whole(downloads)
    assert (result.outcome, result.sha256, result.size) == ("downloaded", SHA256, len(CONTENT))
    assert result.carried == models.bytes_sent("/a") == len(CONTENT)


def test_several_ranges_of_one_file_come_at_once(models: ModelHost, downloads: Downloads) -> None:
    downloads.run(downloads.request(models.put("/a", CONTENT, speed=2_000_000)), connections=4)
    assert is_whole(downloads)
    assert models.most_seen["/a"] == 4


def test_several_files_come_at_once_and_one_that_fails_keeps_no_other(models: ModelHost, downloads: Downloads) -> None:
    urls = [models.put(f"/{number}", CONTENT, speed=3_000_000) for number in range(3)] + [f"{models.url}/none"]
    requests = [replace(downloads.request(url), name=f"{number}.bin") for number, url in enumerate(urls)]
    outcomes = ModelDownloader(Transport(), downloads.kept).download_all(requests, Heard())
    assert [outcome.result is not None for outcome in outcomes] == [True, True, True, False]
    assert isinstance(outcomes[3].error, ModelNotOffered)
    assert downloads.names() == ["0.bin", "1.bin", "2.bin"]


def test_a_host_gets_no_more_connections_than_it_may(models: ModelHost, downloads: Downloads) -> None:
    url = models.put("/a", CONTENT, speed=3_000_000)
    downloads.run(downloads.request(url), connections=4, of_a_host=2)
    assert models.most_seen["/a"] <= 2


def test_a_server_that_refuses_more_connections_still_gives_the_file(models: ModelHost, downloads: Downloads) -> None:
    downloads.run(downloads.request(models.put("/a", CONTENT, most_at_once=1, speed=6_000_000)), connections=4)
    assert is_whole(downloads)


def test_a_server_without_ranges_gives_the_file(models: ModelHost, downloads: Downloads) -> None:
    downloads.run(downloads.request(models.put("/a", CONTENT, ranges=False)))
    assert is_whole(downloads)
    assert models.ranges("/a") == [f"bytes=0-{PIECE - 1}"]


def test_a_file_of_unknown_length_comes_whole(models: ModelHost, downloads: Downloads) -> None:
    downloads.run(downloads.request(models.put("/a", CONTENT, ranges=False, chunked=True), sha256=SHA256))
    assert is_whole(downloads)


def test_an_empty_file_comes(models: ModelHost, downloads: Downloads) -> None:
    assert downloads.run(downloads.request(models.put("/a", b""))).size == 0
    assert (downloads.folder / "model.bin").read_bytes() == b""


def test_progress_is_told_with_the_size(models: ModelHost, downloads: Downloads) -> None:
    heard = Heard()
    downloads.run(downloads.request(models.put("/a", CONTENT, speed=3_000_000)), heard, connections=1)
    known = [done for done, total in heard.steps if total == len(CONTENT)]
    assert known
    assert known == sorted(known)


def test_a_speed_limit_is_kept(models: ModelHost, downloads: Downloads) -> None:
    began = time.monotonic()
    downloads.run(downloads.request(models.put("/a", CONTENT)), bytes_a_second=3_000_000)
    assert time.monotonic() - began >= 0.9


def test_the_next_address_is_tried_when_one_fails(models: ModelHost, downloads: Downloads) -> None:
    heard = Heard()
    downloads.run(downloads.request(f"{models.url}/gone", models.put("/b", CONTENT)), heard)
    assert is_whole(downloads)
    assert "trying the next address" in heard.warnings[0]


# Resuming.


def test_a_cut_connection_is_taken_up_where_it_was_cut(models: ModelHost, downloads: Downloads) -> None:
    result = downloads.run(downloads.request(models.put("/a", CONTENT, cuts=[1_000_000, 500_000])), connections=1)
    assert is_whole(downloads)
    assert models.ranges("/a") == ["bytes=0-", "bytes=1000000-2999999", "bytes=1500000-2999999"]
    assert result.carried == len(CONTENT)


def test_ctrl_c_keeps_what_came_and_says_how_to_go_on(models: ModelHost, downloads: Downloads) -> None:
    request = downloads.request(models.put("/a", CONTENT, speed=1_000_000), sha256=SHA256)
    heard = downloads.interrupted(request)
    (kept,) = downloads.kept.all()
    assert (kept.state, kept.size, kept.request) == ("paused", len(CONTENT), request)
    assert f"comfydock download resume {kept.identifier}" in heard.warnings[-1]
    before = models.bytes_sent("/a")
    models.files["/a"].speed = None
    result = downloads.run(request)
    assert is_whole(downloads)
    assert result.carried == len(CONTENT) - kept.done
    assert before >= kept.done > 0


def test_a_changed_file_is_fetched_from_scratch_and_that_is_told(models: ModelHost, downloads: Downloads) -> None:
    request = downloads.request(models.put("/a", CONTENT[::-1], speed=1_000_000))
    downloads.interrupted(request)
    models.put("/a", CONTENT)
    heard = Heard()
    downloads.run(request, heard)
    assert is_whole(downloads)
    assert "the file changed on the server: starting from scratch" in heard.warnings[0]


def test_a_change_is_seen_where_the_server_does_not_heed_if_range(models: ModelHost, downloads: Downloads) -> None:
    request = downloads.request(models.put("/a", CONTENT[::-1], speed=1_000_000))
    downloads.interrupted(request)
    models.put("/a", CONTENT, heeds_if_range=False)
    downloads.run(request)
    assert is_whole(downloads)


def test_a_file_that_became_shorter_is_fetched_from_scratch(models: ModelHost, downloads: Downloads) -> None:
    request = downloads.request(models.put("/a", CONTENT, speed=1_000_000))
    downloads.interrupted(request)
    models.put("/a", b"short", heeds_if_range=False)
    downloads.run(request)
    assert (downloads.folder / "model.bin").read_bytes() == b"short"


def test_a_change_in_the_middle_is_seen(models: ModelHost, downloads: Downloads) -> None:
    request = downloads.request(models.put("/a", CONTENT[::-1], speed=1_000_000))

    def change(done: int) -> None:
        if done and models.files["/a"].content != CONTENT:
            models.put("/a", CONTENT)

    downloads.run(request, Heard(change))
    assert is_whole(downloads)


@pytest.mark.parametrize("known", [True, False])
def test_without_a_validator_only_a_digest_allows_to_resume(
    models: ModelHost, downloads: Downloads, known: bool
) -> None:
    url = models.put("/a", CONTENT, etag=None, speed=1_000_000)
    request = downloads.request(url, sha256=SHA256 if known else None)
    downloads.interrupted(request, connections=1)
    (kept,) = downloads.kept.all()
    models.files["/a"].speed = None
    heard = Heard()
    result = downloads.run(request, heard)
    assert is_whole(downloads)
    assert result.carried == len(CONTENT) - (kept.done if known else 0)
    assert any("from scratch" in words for words in heard.warnings) is not known


def test_a_last_modified_date_is_a_validator(models: ModelHost, downloads: Downloads) -> None:
    url = models.put("/a", CONTENT, etag='W/"weak"', modified="Mon, 01 Jan 2024 00:00:00 GMT", speed=1_000_000)
    downloads.interrupted(downloads.request(url))
    models.files["/a"].speed = None
    downloads.run(downloads.request(url))
    assert models.requests[-1][1]["if-range"] == "Mon, 01 Jan 2024 00:00:00 GMT"


def test_a_damaged_journal_means_from_scratch(models: ModelHost, downloads: Downloads) -> None:
    request = downloads.request(models.put("/a", CONTENT, speed=1_000_000))
    downloads.interrupted(request)
    Path(f"{part_path(request)}.json").write_text('{"version": 1, "done": [[0, "x')
    models.files["/a"].speed = None
    assert downloads.run(request).carried == len(CONTENT)
    assert is_whole(downloads)


def test_a_part_that_became_shorter_than_its_journal_is_not_trusted(models: ModelHost, downloads: Downloads) -> None:
    request = downloads.request(models.put("/a", CONTENT, speed=1_000_000))
    downloads.interrupted(request)
    os.truncate(part_path(request), 10)
    models.files["/a"].speed = None
    downloads.run(request)
    assert is_whole(downloads)


def test_an_address_that_expired_is_asked_for_again(models: ModelHost, downloads: Downloads) -> None:
    models.put("/cdn", CONTENT, first_answers=[])
    url = models.put("/a", b"", redirect="/cdn")

    def expire(done: int) -> None:
        if done and models.files["/a"].redirect == "/cdn":
            models.put("/other", CONTENT)
            models.files["/a"].redirect = "/other"
            models.files["/cdn"].first_answers = [(403, {})] * 100

    models.files["/cdn"].speed = 1_000_000
    downloads.run(downloads.request(url), Heard(expire))
    assert is_whole(downloads)


def test_another_command_can_pause_it(models: ModelHost, downloads: Downloads) -> None:
    request = downloads.request(models.put("/a", CONTENT, speed=500_000))
    identifier = identifier_of(request)
    heard = Heard(lambda done: downloads.kept.wish_pause(identifier) if done else None)
    with pytest.raises(DownloadPaused) as caught:
        downloads.run(request, heard)
    assert f"download resume {identifier}" in str(caught.value.hint)
    models.files["/a"].speed = None
    downloads.run(request)
    assert is_whole(downloads)


def test_two_commands_do_not_fetch_the_same_file(models: ModelHost, downloads: Downloads) -> None:
    request = downloads.request(models.put("/a", CONTENT))
    part = Part(request)
    with pytest.raises(DownloadBusy):
        downloads.run(request)
    part.close()
    downloads.run(request)
    assert is_whole(downloads)


# What servers answer instead.


def failed(models: ModelHost, downloads: Downloads, error: type[Exception], **options: object) -> str:
    """The message and the hint of a download that fails; nothing is left of it."""
    content = options.pop("content", CONTENT)
    with pytest.raises(error) as caught:
        downloads.run(downloads.request(models.put("/a", content, **options)))  # type: ignore[arg-type]
    assert "model.bin" not in downloads.names()
    return f"{caught.value.message} {caught.value.hint}"  # type: ignore[attr-defined]


def test_a_web_page_is_told_with_its_title(models: ModelHost, downloads: Downloads) -> None:
    page = b"<html><head><title>Sign in &amp; go on</title></head></html>"
    assert "“Sign in & go on”" in failed(
        models, downloads, UnusableAnswer, content=page, kind="text/html; charset=utf-8"
    )
    assert downloads.names() == []


def test_a_web_page_that_calls_itself_a_file_is_seen(models: ModelHost, downloads: Downloads) -> None:
    page = b"\n<!DOCTYPE html><title>Login</title>"
    assert "“Login”" in failed(models, downloads, UnusableAnswer, content=page)


def test_a_compressed_body_is_refused(models: ModelHost, downloads: Downloads) -> None:
    words = failed(models, downloads, UnusableAnswer, content=gzip.compress(CONTENT), encoding="gzip")
    assert "compressed (`gzip`)" in words


@pytest.mark.parametrize(
    ("status", "headers", "error", "words"),
    [
        (401, {}, AuthenticationFailed, "HF_TOKEN"),
        (403, {}, AuthenticationFailed, "may have expired"),
        (404, {}, ModelNotOffered, "there is no file"),
        (410, {}, ModelNotOffered, "there is no file"),
        (429, {"Retry-After": "3600"}, RateLimited, "try again in 3600 seconds"),
        (503, {"Retry-After": "7200"}, UnusableAnswer, "try again in 7200 seconds"),
        (500, {}, UnusableAnswer, "status 500"),
        (418, {}, UnusableAnswer, "status 418"),
    ],
)
def test_a_refusal_says_what_to_do(
    models: ModelHost, downloads: Downloads, status: int, headers: dict[str, str], error: type[Exception], words: str
) -> None:
    assert words in failed(models, downloads, error, first_answers=[(status, headers)] * 20)
    assert downloads.names() == []


def test_a_server_that_is_busy_for_the_moment_is_asked_again(models: ModelHost, downloads: Downloads) -> None:
    answers = [(503, {"Retry-After": "0"}), (429, {"Retry-After": "0"})]
    downloads.run(downloads.request(models.put("/a", CONTENT, first_answers=answers)))
    assert is_whole(downloads)


@pytest.mark.parametrize("lie", ["start", "silent"])
def test_another_range_than_was_asked_for_is_refused(models: ModelHost, downloads: Downloads, lie: str) -> None:
    assert "a different part" in failed(models, downloads, UnusableAnswer, lie=lie)


def test_a_server_whose_ranges_disagree_on_the_size_is_given_up(models: ModelHost, downloads: Downloads) -> None:
    assert "keeps changing" in failed(models, downloads, NetworkUnavailable, lie="size")


def test_a_body_shorter_than_announced_is_an_error(models: ModelHost, downloads: Downloads) -> None:
    words = failed(models, downloads, NetworkUnavailable, ranges=False, length=len(CONTENT) + 1)
    assert "cannot be reached" in words


def test_a_body_without_end_is_stopped_at_the_expected_size(models: ModelHost, downloads: Downloads) -> None:
    url = models.put("/a", CONTENT, endless=True, ranges=False)
    with pytest.raises(UnusableAnswer, match=r"sends more than the 4\.0 MB"):
        downloads.run(downloads.request(url, size=4_000_000))


def test_a_body_without_end_is_stopped_before_the_disk_is_full(
    models: ModelHost, downloads: Downloads, small_disk: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("comfydock_core.services.model_downloads.judging._SPARE", 2 << 20)
    downloads.folder = small_disk("size=10m")
    assert "sends more than" in failed(models, downloads, UnusableAnswer, endless=True, ranges=False)


def test_what_came_before_an_error_is_kept_and_that_is_told(models: ModelHost, downloads: Downloads) -> None:
    url = models.put("/a", CONTENT, cuts=[100_000, *[0] * 99])
    heard = Heard()
    with pytest.raises(NetworkUnavailable):
        downloads.run(downloads.request(url), heard, connections=1)
    (kept,) = downloads.kept.all()
    assert kept.done == 100_000
    assert f"download resume {kept.identifier}" in heard.warnings[-1]


def test_a_connection_that_is_always_cut_ends_in_an_error(models: ModelHost, downloads: Downloads) -> None:
    failed(models, downloads, NetworkUnavailable, always_cut=0)
    assert len(models.requests) < 60


def test_a_server_that_stalls_is_given_up_and_asked_again(
    models: ModelHost, downloads: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMFYDOCK_STALL_SECONDS", "1")
    result = downloads.run(downloads.request(models.put("/a", CONTENT, stalls=[100_000])), connections=1)
    assert is_whole(downloads)
    assert result.carried == len(CONTENT)


def test_another_size_than_expected_is_refused_before_anything_is_fetched(
    models: ModelHost, downloads: Downloads
) -> None:
    with pytest.raises(ModelMismatch, match="expected were 5"):
        downloads.run(downloads.request(models.put("/a", CONTENT), size=5))
    assert downloads.names() == []


def test_another_digest_than_expected_is_refused_and_nothing_gets_the_name(
    models: ModelHost, downloads: Downloads
) -> None:
    with pytest.raises(ModelMismatch, match=SHA256):
        downloads.run(downloads.request(models.put("/a", CONTENT), sha256="0" * 64))
    assert downloads.names() == []
    assert downloads.kept.all() == []


# Tokens.


@pytest.mark.parametrize("secret", ["Authorization", "Cookie"])
def test_a_secret_does_not_go_along_to_another_host(models: ModelHost, downloads: Downloads, secret: str) -> None:
    with model_host() as storage:
        url = models.put("/a", b"", redirect=storage.put("/cdn", CONTENT))
        asked: list[str] = []

        def credentials(address: str) -> dict[str, str]:
            asked.append(address)
            return {secret: "hidden"} if address.startswith(models.url) else {}

        ModelDownloader(Transport(), downloads.kept, credentials=credentials).download(
            downloads.request(f"{url}?token=hidden"), Heard()
        )
        assert is_whole(downloads)
        assert models.requests[0][1][secret.lower()] == "hidden"
        assert len(storage.requests) > 1
        assert not any("hidden" in f"{path}{headers}" for path, headers in storage.requests)


# Disks and files.


def test_a_file_of_the_name_is_never_replaced(models: ModelHost, downloads: Downloads) -> None:
    (downloads.folder / "model.bin").write_bytes(b"mine")
    with pytest.raises(ModelExists):
        downloads.run(downloads.request(models.put("/a", CONTENT), sha256=SHA256))
    assert (downloads.folder / "model.bin").read_bytes() == b"mine"
    assert models.requests == []


def test_the_same_file_is_not_fetched_again(models: ModelHost, downloads: Downloads) -> None:
    (downloads.folder / "model.bin").write_bytes(CONTENT)
    assert downloads.run(downloads.request(models.put("/a", CONTENT), sha256=SHA256)).outcome == "present"
    assert models.requests == []


def test_a_file_that_appears_meanwhile_is_not_replaced(models: ModelHost, downloads: Downloads) -> None:
    def appear(done: int) -> None:
        (downloads.folder / "model.bin").write_bytes(b"mine")

    with pytest.raises(ModelExists):
        downloads.run(downloads.request(models.put("/a", CONTENT, speed=6_000_000)), Heard(appear))
    assert (downloads.folder / "model.bin").read_bytes() == b"mine"


def test_a_link_in_the_place_of_the_part_is_not_written_through(
    models: ModelHost, downloads: Downloads, tmp_path: Path
) -> None:
    (tmp_path / "victim").write_bytes(b"precious")
    request = downloads.request(models.put("/a", CONTENT))
    os.symlink(tmp_path / "victim", part_path(request))
    with pytest.raises(FileSystemError, match="is a link"):
        downloads.run(request)
    assert (tmp_path / "victim").read_bytes() == b"precious"


def test_a_disk_that_is_too_small_is_told_before_anything_is_fetched(
    models: ModelHost, downloads: Downloads, small_disk: Callable[[str], Path]
) -> None:
    downloads.folder = small_disk("size=1m")
    with pytest.raises(FileSystemError, match=r"3\.0 MB are to come"):
        downloads.run(downloads.request(models.put("/a", CONTENT)))
    assert downloads.names() == []


def test_a_disk_that_fills_up_keeps_what_came(
    models: ModelHost, downloads: Downloads, small_disk: Callable[[str], Path]
) -> None:
    downloads.folder = small_disk("size=5m")

    def fill(done: int) -> None:
        if done and not (downloads.folder / "filler").exists():
            (downloads.folder / "filler").write_bytes(bytes(3 << 20))

    request = downloads.request(models.put("/a", CONTENT, speed=1_000_000))
    with pytest.raises(FileSystemError, match="No space left"):
        downloads.run(request, Heard(fill))
    assert read_part(part_path(request)) is not None
    (downloads.folder / "filler").unlink()
    models.files["/a"].speed = None
    downloads.run(request)
    assert (downloads.folder / "model.bin").read_bytes() == CONTENT


def test_a_limit_on_file_sizes_is_told(models: ModelHost, downloads: Downloads) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        with pytest.raises(FileSystemError, match="File too large") as caught:
            downloads.run(downloads.request(models.put("/a", CONTENT)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "ulimit -f" in str(caught.value.hint)


def test_a_folder_that_is_read_only_is_told(
    models: ModelHost, downloads: Downloads, small_disk: Callable[[str], Path]
) -> None:
    downloads.folder = small_disk("size=1m,ro")
    with pytest.raises(FileSystemError, match="Read-only"):
        downloads.run(downloads.request(models.put("/a", CONTENT)))
    assert models.requests == []


def test_nothing_is_at_work_when_a_download_has_ended(models: ModelHost, downloads: Downloads) -> None:
    before = threading.enumerate()  # This one, and those of hosts.
    downloads.interrupted(downloads.request(models.put("/a", CONTENT, stalls=[1000] * 9)))
    left = [thread.name for thread in threading.enumerate() if thread not in before]
    assert [name for name in left if "process_request_thread" not in name] == []
