"""What servers answered, kept so that it need not be sent again, and for times without a network.

One file an address: a line of JSON about the body, then the body. A file that is damaged in any way counts as none.
"""

import contextlib
import hashlib
import json
import os
import re
import time
from collections.abc import Mapping

from comfydock_core.caching.base import CacheBase
from comfydock_core.records import record

_VERSION = 1
_SIZE = 100_000_000  # Bytes for all answers together.
_PARTS = 16  # By how much of its size it may outgrow it for a while.
_NAME = re.compile(r"[0-9a-f]{32}")
_KEPT_HEADERS = ("etag", "last-modified", "content-type")


@record
class KeptAnswer:
    """An answer as it came, and when the server last said so, in seconds since 1970."""

    headers: Mapping[str, str]
    body: bytes
    time: float


class APICacheManager(CacheBase):
    """Answers by address. Those that were not asked for the longest make room for new ones."""

    def __init__(self, directory: str, *, size: int = _SIZE) -> None:
        """`size` are about the bytes that all answers may take; those that were not asked for the longest go first."""
        super().__init__(directory)
        self._size = size
        self._unchecked = size

    def find(self, url: str) -> KeptAnswer | None:
        """The answer that was kept for an address."""
        try:
            path = self._path(url)
            with open(path, "rb") as file:
                kept = _parsed(file.read(), os.stat(file.fileno()).st_mtime)
        except OSError:
            return None
        return kept

    def keep(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Keep an answer; an older one is replaced. One that would fill the cache alone is not kept."""
        if len(body) > self._size:
            self.forget(url)
            return
        about = {
            "version": _VERSION,
            "sha256": hashlib.sha256(body).hexdigest(),
            "headers": {name: headers[name] for name in _KEPT_HEADERS if name in headers},
        }
        # Answers to requests with a token are for this user's eyes.
        kept = json.dumps(about).encode() + b"\n" + body
        if self._keep(self._path(url), kept, mode=0o600, durable=False):
            with contextlib.suppress(OSError):
                self._make_room_in_time(len(body))

    def each(self) -> list[str]:
        """The names of the files that answers are kept in. Raises `OSError`."""
        names = os.listdir(self._directory) if os.path.isdir(self._directory) else []
        return sorted(name for name in names if _NAME.fullmatch(name))

    def is_later(self, name: str, seconds: float) -> bool:
        """Whether the answer in a file was given then, in seconds since 1970, or later. Raises `OSError`."""
        path = f"{self._directory}/{name}"
        return os.path.exists(path) and os.stat(path).st_mtime >= seconds

    def take_in(self, name: str, path: str, seconds: float) -> None:
        """Keep the answer in a file that another cache called `name`; the server gave it at `seconds` since 1970.

        A file that holds no answer counts as none when it is asked for. Raises `OSError`.
        """
        with open(path, "rb") as file:
            content = file.read()
        kept = f"{self._directory}/{name}"
        if self._keep(kept, content, mode=0o600, durable=False):
            os.utime(kept, (seconds, seconds))

    def renew(self, url: str) -> None:
        """Note that the answer still holds."""
        with contextlib.suppress(OSError):
            os.utime(self._path(url))

    def forget(self, url: str) -> None:
        with contextlib.suppress(OSError):
            os.unlink(self._path(url))

    def _path(self, url: str) -> str:
        return f"{self._directory}/{hashlib.sha256(url.encode('utf-8', 'surrogateescape')).hexdigest()[:32]}"

    def _make_room_in_time(self, added: int) -> None:
        """Looking at every file for every answer would take longer than the answers."""
        self._unchecked += added
        if self._unchecked > self._size / _PARTS:
            self._unchecked = 0
            self._make_room()

    def _make_room(self) -> None:
        with os.scandir(self._directory) as entries:
            known = [(entry.stat().st_mtime, entry.stat().st_size, entry.path) for entry in entries]
        total = sum(size for _, size, _ in known)
        for _, size, path in sorted(known):
            if total <= self._size:
                return
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
            total -= size


def _parsed(content: bytes, written: float) -> KeptAnswer | None:
    head, _, body = content.partition(b"\n")
    try:
        about = json.loads(head)
    except (ValueError, RecursionError):
        return None
    headers = about.get("headers") if isinstance(about, dict) and about.get("version") == _VERSION else None
    if not isinstance(headers, dict) or about.get("sha256") != hashlib.sha256(body).hexdigest():
        return None
    return KeptAnswer(
        {name: text for name, text in headers.items() if isinstance(text, str)}, body, min(written, time.time())
    )
