"""Fetching a large file to disk: counted, hashed on the way, and resumed after a cut connection."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Protocol

from comfydock_core.clients.answers import Answer, checked, length_of, refusal, shown
from comfydock_core.models.exceptions import NetworkUnavailable, UnusableAnswer
from comfydock_core.records import record
from comfydock_core.utils.text import size_text

_FAILURES = 3  # In a row, without a single byte more.
_PAUSE_SECONDS = 0.5
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)", re.ASCII)


@record
class Downloaded:
    """What was fetched: where it came from in the end, its digest, its bytes, and those that the network carried."""

    url: str
    sha256: str
    size: int
    carried: int


class Stream(Protocol):
    """An answer whose body comes in pieces."""

    @property
    def answer(self) -> Answer:
        """Status and headers; the body only of what is no success."""

    def chunks(self) -> Iterator[bytes]:
        """The body as it comes, not decompressed. Raises `NetworkUnavailable` when the connection is cut."""

    def close(self) -> None:
        """Let go of the connection."""


class OpenStream(Stream, Protocol):
    """The same, with the redirects that led to the answer, first one first."""

    @property
    def passed(self) -> tuple[Answer, ...]: ...


class Download:
    """One file on its way.

    `opened` makes a request, following redirects and repeating what failed for the moment; `sleep` waits before that.
    """

    def __init__(
        self,
        opened: Callable[[str, Mapping[str, str]], Stream],
        url: str,
        headers: Mapping[str, str],
        on_progress: Callable[[int, int | None], None] | None,
        max_bytes: int,
        sleep: Callable[[float], None],
    ) -> None:
        self._opened = opened
        self._url = url
        self._headers = {**headers, "Accept-Encoding": "identity"}
        self._on_progress = on_progress
        self._max_bytes = max_bytes
        self._sleep = sleep
        self._digest = hashlib.sha256()
        self._done = self._furthest = self._carried = self._failures = 0
        self._total: int | None = None
        self._validator: str | None = None
        self._came_from = url

    def run(self, path: str) -> Downloaded:
        """Fetch into `path`, which is made or emptied. Raises `RemoteError`, `OSError`; a part may be left then."""
        with open(path, "wb") as file:
            while not self._is_whole_after_trying(file):
                self._sleep(_PAUSE_SECONDS * 2 ** (self._failures - 1))
        return Downloaded(self._came_from, self._digest.hexdigest(), self._done, self._carried)

    def _is_whole_after_trying(self, file: IO[bytes]) -> bool:
        stream = self._opened(self._url, self._asked())
        try:
            self._begin(file, stream.answer)
            for chunk in stream.chunks():
                self._take(file, chunk)
            return True
        except NetworkUnavailable:
            self._failures += 1
            if self._failures > _FAILURES:
                raise
            return False
        finally:
            stream.close()

    def _asked(self) -> dict[str, str]:
        """The headers: the rest is asked for only if it is certain to be the rest of the same file."""
        if not self._done or self._validator is None:
            return self._headers
        return {**self._headers, "Range": f"bytes={self._done}-", "If-Range": self._validator}

    def _begin(self, file: IO[bytes], answer: Answer) -> None:
        if answer.status == 416:  # A server that does not understand If-Range, whose file became shorter.
            self._start_again(file)
            self._validator = None
            raise NetworkUnavailable(f"`{shown(self._url)}` changed while it was fetched")
        if checked(answer).status not in (200, 206):
            raise refusal(answer)
        part = _CONTENT_RANGE.fullmatch(answer.headers.get("content-range", ""))
        if answer.status == 206 and (part is None or int(part[1]) != self._done):
            raise UnusableAnswer(
                f"`{shown(self._url)}` answered with a different part than requested", context={"url": shown(self._url)}
            )
        if answer.status == 200:
            self._start_again(file)
            self._validator = _validator(answer)
        self._came_from = answer.url
        self._total = _total(answer, part)
        self._refuse_too_large(self._total or 0)

    def _start_again(self, file: IO[bytes]) -> None:
        file.seek(0)
        file.truncate()
        self._digest = hashlib.sha256()
        self._done = 0

    def _take(self, file: IO[bytes], chunk: bytes) -> None:
        self._refuse_too_large(self._done + len(chunk))
        file.write(chunk)
        self._digest.update(chunk)
        self._done += len(chunk)
        self._carried += len(chunk)
        if self._done > self._furthest:
            self._furthest = self._done
            self._failures = 0
        if self._on_progress is not None:
            self._on_progress(self._done, self._total)

    def _refuse_too_large(self, size: int) -> None:
        if size > self._max_bytes:
            raise UnusableAnswer(
                f"`{shown(self._url)}` is larger than {size_text(self._max_bytes)}, and was not fetched",
                context={"url": shown(self._url), "limit": self._max_bytes},
            )


def _validator(answer: Answer) -> str | None:
    """What tells whether a file is still the same, byte for byte; a weak ETag does not."""
    etag = answer.headers.get("etag")
    if etag is not None and not etag.startswith("W/"):
        return etag
    return answer.headers.get("last-modified")


def _total(answer: Answer, part: re.Match[str] | None) -> int | None:
    if part is not None:
        return None if part[2] == "*" else int(part[2])
    return length_of(answer)
