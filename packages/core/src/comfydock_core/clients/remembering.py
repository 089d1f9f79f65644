"""Requests for JSON whose answers are kept: asked again only for changes, and used when nobody answers."""

import time
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlsplit

from comfydock_core.caching.api_cache import KeptAnswer
from comfydock_core.clients.answers import Answer
from comfydock_core.clients.transport import Transport
from comfydock_core.models.addresses import holds_secrets
from comfydock_core.models.exceptions import (
    NetworkUnavailable,
    OfflineRefused,
    RateLimited,
    RemoteError,
    UnusableAnswer,
)
from comfydock_core.models.protocols import Reporter

# What means that a server gives no answer now, whatever it knows.
_WITHOUT_ANSWER = (NetworkUnavailable, OfflineRefused, RateLimited, UnusableAnswer)


class AnswerStore(Protocol):
    """Where answers are kept, by address. `caching.http_cache.APICacheManager` is one."""

    def find(self, url: str) -> KeptAnswer | None: ...
    def keep(self, url: str, headers: Mapping[str, str], body: bytes) -> None: ...
    def renew(self, url: str) -> None: ...
    def forget(self, url: str) -> None: ...


class RememberingTransport:
    """Asks servers whether what they answered before still holds."""

    def __init__(self, transport: Transport, store: AnswerStore) -> None:
        self._transport = transport
        self._store = store
        self._silent: dict[str, RemoteError] = {}
        self._told: set[str] = set()

    def get(self, url: str, headers: Mapping[str, str] | None = None, *, reporter: Reporter | None = None) -> Answer:
        """Like `Transport.get`, for answers that are JSON: anything else, such as the page of a portal, counts as none.

        With a `reporter` a kept answer stands in for one that does not come, of which it is warned once for each host.
        A host that gave no answer is not asked again: neither for what is kept nor, if it cannot be reached at all, for
        anything.
        """
        kept = self._store.find(url)
        host = urlsplit(url).netloc.rpartition("@")[2]
        silent = self._silent.get(host)
        if silent is not None and kept is not None and reporter is not None:
            return self._stand_in(url, host, kept, silent, reporter)
        if silent is not None and not isinstance(silent, UnusableAnswer):
            raise silent
        try:
            answer = self._transport.get(url, {**(headers or {}), **_validators(kept)})
            if answer.status == 200:
                answer.json()
        except _WITHOUT_ANSWER as error:
            if kept is not None or not isinstance(error, UnusableAnswer):  # One bad answer may be the question's fault.
                self._silent[host] = error
            if kept is None or reporter is None:
                raise
            return self._stand_in(url, host, kept, error, reporter)
        return self._remembered(url, answer, kept)

    def _stand_in(self, url: str, host: str, kept: KeptAnswer, error: RemoteError, reporter: Reporter) -> Answer:
        if host not in self._told:
            self._told.add(host)
            reporter.warn(f"{error.message}; using what it answered on {_date(kept.time)}")
        return _as_answer(url, kept)

    def _remembered(self, url: str, answer: Answer, kept: KeptAnswer | None) -> Answer:
        if answer.status == 304 and kept is not None:
            self._store.renew(url)
            return _as_answer(url, kept)
        if answer.status == 200 and holds_secrets(answer.json()):
            self._store.forget(url)  # Addresses that open a door for a while are of no use later.
        elif answer.status == 200:
            self._store.keep(url, answer.headers, answer.body)
        elif answer.status == 404:
            self._store.forget(url)
        return answer


def _validators(kept: KeptAnswer | None) -> dict[str, str]:
    names = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
    return (
        {} if kept is None else {header: kept.headers[name] for name, header in names.items() if name in kept.headers}
    )


def _as_answer(url: str, kept: KeptAnswer) -> Answer:
    return Answer(url, 200, kept.headers, kept.body)


def _date(seconds: float) -> str:
    return time.strftime("%Y-%m-%d at %H:%M", time.localtime(seconds))
