"""The one HTTP transport: limits by kind of answer, retries, proxies, the system's certificates, typed failures.

Credentials are never sent on: a redirect to another host, or from https to http, drops every `Authorization` header.
"""

import contextlib
import email.utils
import http.client
import io
import os
import re
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import BinaryIO, cast
from urllib.parse import urlsplit

import truststore
import urllib3

from comfydock_core.clients.answers import Answer as Answer
from comfydock_core.clients.answers import checked, redirect_target, shown
from comfydock_core.clients.downloads import Download, Downloaded, OpenStream, Stream
from comfydock_core.clients.watching import (
    Limits,
    TooSlow,
    Watch,
    limits_of_answers,
    limits_of_archives,
    limits_of_lists,
    limits_of_models,
    present_watch,
    watched_pools,
    watching,
)
from comfydock_core.models.addresses import without_credentials_in
from comfydock_core.models.exceptions import InvalidSetting, NetworkUnavailable, OfflineRefused, UnusableAnswer

_CONNECT_SECONDS = 10.0
_RETRIES = 3
_REDIRECTS = 5
_BACKOFF_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 30.0
_RETRIED = frozenset({429, 500, 502, 503, 504})
_CHUNK = 1 << 20
_KEPT_CONNECTIONS = 16  # To one host.
# The object of urllib3 that its messages begin with.
_CONNECTION = re.compile(r"^\w*Connection(?:Pool)?\(host='[^']*', port=\d+\): ")
# What is raised below us because of what a server sent or an address is; files raise `OSError`, which is not here.
_OF_LIBRARIES = (ValueError, ArithmeticError, LookupError, TypeError, RecursionError, http.client.HTTPException)


class Transport:
    """Makes requests. One object serves a whole command; connections are reused."""

    def __init__(
        self,
        *,
        offline: bool = False,
        user_agent: str = "comfydock",
        answers: Limits | None = None,
        lists: Limits | None = None,
        archives: Limits | None = None,
        models: Limits | None = None,
    ) -> None:
        """The limits are those of `get`, of `get_into`, of `download` and of `opened`."""
        self._offline = offline
        self._user_agent = user_agent
        self._answers = answers or limits_of_answers()
        self._lists = lists or limits_of_lists()
        self._archives = archives or limits_of_archives()
        self._models = models or limits_of_models()
        self._pools: dict[str | None, urllib3.PoolManager] = {}
        self._making_pools = threading.Lock()

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Fetch `url`, following redirects and repeating what failed for the moment.

        Answers up to 399 and 404 are returned, 304 too when `headers` ask for it. Raises `OfflineRefused`,
        `NetworkUnavailable`, `AuthenticationFailed`, `RateLimited`, `UnusableAnswer`.
        """
        with _limited(url, self._answers):
            return checked(self._followed(url, headers or {}, self._read_once).answer)

    def download(
        self,
        url: str,
        path: str,
        *,
        on_progress: Callable[[int, int | None], None] | None = None,
        max_bytes: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Downloaded:
        """Fetch `url` into the file `path`, which is made or emptied; a cut connection is taken up where it was cut.

        `on_progress` hears the bytes that are there and those that are expected, if that is known. Raises what `get`
        raises, `UnusableAnswer` also for a 404 and for more than `max_bytes`, and `OSError`. A part may be left then.
        """

        def opened(address: str, sent: Mapping[str, str]) -> Stream:
            return self._followed(address, sent, self._open_once)

        limits = self._archives if max_bytes is None else replace(self._archives, most=max_bytes)
        with _limited(url, limits) as watch:
            return Download(opened, url, headers or {}, on_progress, limits.most, watch.sleep).run(path)

    def get_into(self, url: str, file: BinaryIO, *, most: int, headers: Mapping[str, str] | None = None) -> Answer:
        """Like `get`, with a body that goes into an open file, which is emptied first, instead of the answer.

        It travels compressed where the server can; a cut connection begins anew. Bodies of errors stay in the answer.
        Raises `UnusableAnswer` for a body of more than `most` bytes as well, and `OSError` of the file.
        """

        def once(address: str, sent: Mapping[str, str]) -> _Stream:
            response = self._request(address, sent)
            if response.status != 200:
                return _Stream(_answer(address, response, self._body(address, response)), response)
            _pour(address, response, file, most)
            return _Stream(_answer(address, response, b""), response)

        with _limited(url, self._lists):
            return checked(self._followed(url, {"Accept-Encoding": "gzip", **(headers or {})}, once).answer)

    @contextlib.contextmanager
    def opened(
        self, url: str, headers: Mapping[str, str] | None = None, *, stop: threading.Event | None = None
    ) -> Iterator[OpenStream]:
        """The answer to a request, of whatever status, with its body still to come; several threads may ask at once.

        The body is read inside. Once `stop` is set, what waits for the server raises `Stopped`. Raises
        `OfflineRefused`, `NetworkUnavailable`, `UnusableAnswer`.
        """
        with _limited(url, self._models, stop):
            stream = self._followed(url, {"Accept-Encoding": "identity", **(headers or {})}, self._open_once)
            try:
                yield stream
            finally:
                stream.close()

    def _followed(self, url: str, headers: Mapping[str, str], once: "_Once") -> "_Stream":
        """The answer that is not a redirect."""
        self._refuse_when_offline(url)
        sent = {"User-Agent": self._user_agent, **headers}
        passed: list[Answer] = []
        for _ in range(_REDIRECTS + 1):
            stream = self._with_retries(url, sent, once)
            target = redirect_target(stream.answer)
            if target is None:
                stream.passed = tuple(passed)
                return stream
            passed.append(stream.answer)
            sent = sent if _may_keep_secrets(url, target) else _without_secrets(sent)
            url = target
        raise UnusableAnswer(f"`{shown(url)}` redirects too often", context={"url": shown(url)})

    def _refuse_when_offline(self, url: str) -> None:
        if self._offline:
            raise OfflineRefused(
                f"`{shown(url)}` is needed, but the network is turned off",
                hint="run the command without `--offline`",
                context={"url": shown(url)},
            )

    def _with_retries(self, url: str, headers: Mapping[str, str], once: "_Once") -> "_Stream":
        watch = present_watch()
        attempt = 0
        while True:
            try:
                stream = once(url, headers)
                wait = _wait_before_retry(stream.answer, attempt)
                if wait is None or attempt >= _RETRIES or not watch.has_time_for(wait):
                    return stream
            except urllib3.exceptions.HTTPError as error:
                wait = _backoff(attempt)
                if attempt >= _RETRIES or not _is_passing(error) or not watch.has_time_for(wait):
                    raise _network_error(url, error) from error
            except _OF_LIBRARIES as error:
                raise _unusable(url, error) from error
            watch.sleep(wait)
            attempt += 1

    def _read_once(self, url: str, headers: Mapping[str, str]) -> "_Stream":
        """The whole answer."""
        response = self._request(url, headers)
        return _Stream(_answer(url, response, self._body(url, response)), response)

    def _open_once(self, url: str, headers: Mapping[str, str]) -> "_Stream":
        """A success with its body to come, or the whole of any other answer."""
        response = self._request(url, headers)
        return _Stream(
            _answer(url, response, b"" if response.status in (200, 206) else self._body(url, response)), response
        )

    def _body(self, url: str, response: urllib3.BaseHTTPResponse) -> bytes:
        """The whole body, decompressed. Raises `UnusableAnswer` when it is larger than anything that is read whole."""
        body = io.BytesIO()
        _pour(url, response, body, self._answers.most)
        return body.getvalue()

    def _request(self, url: str, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        watch = present_watch()
        watch.begin(url)
        response = self._pool(url).request(
            "GET",
            url,
            headers=dict(headers),
            redirect=False,
            retries=False,
            preload_content=False,
            timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=watch.limits.stalled),
        )
        watch.head_came()
        return response

    def _pool(self, url: str) -> urllib3.PoolManager:
        proxy = _proxy_for(url)
        with self._making_pools:
            if proxy not in self._pools:
                self._pools[proxy] = watched_pools(_new_manager(proxy))
            return self._pools[proxy]


def _new_manager(proxy: str | None) -> urllib3.PoolManager:
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if proxy:
        return urllib3.ProxyManager(proxy, ssl_context=context, maxsize=_KEPT_CONNECTIONS)
    return urllib3.PoolManager(ssl_context=context, maxsize=_KEPT_CONNECTIONS)


class _Stream:
    """An answer whose body may still be on its way. `passed` are the redirects that led to it."""

    def __init__(self, answer: Answer, response: urllib3.BaseHTTPResponse) -> None:
        self.answer = answer
        self.passed: tuple[Answer, ...] = ()
        self._response = cast(urllib3.HTTPResponse, response)

    def chunks(self) -> Iterator[bytes]:
        """The rest of the body, not decompressed. Raises `NetworkUnavailable`."""
        try:
            while piece := self._response.read1(_CHUNK, decode_content=False):
                yield piece
        except urllib3.exceptions.HTTPError as error:
            raise _network_error(self.answer.url, error) from error
        except _OF_LIBRARIES as error:
            raise _unusable(self.answer.url, error) from error

    def close(self) -> None:
        self._response.close()


_Once = Callable[[str, Mapping[str, str]], _Stream]


@contextlib.contextmanager
def _limited(url: str, limits: Limits, stop: threading.Event | None = None) -> Iterator[Watch]:
    """Within the limits, or not at all. Raises `NetworkUnavailable`."""
    try:
        with watching(limits, stop) as watch:
            yield watch
    except TooSlow as error:
        raise NetworkUnavailable(
            f"`{shown(url)}` {error}",
            hint="that server or the network has trouble; COMFYDOCK_STALL_SECONDS gives both more time",
            context={"url": shown(url)},
        ) from error


def _answer(url: str, response: urllib3.BaseHTTPResponse, body: bytes) -> Answer:
    return Answer(url, response.status, {name.lower(): value for name, value in response.headers.items()}, body)


def _pour(url: str, response: urllib3.BaseHTTPResponse, file: BinaryIO, most: int) -> None:
    """Write a body into a file, decompressed. A cut connection is an error of urllib3, which is tried again."""
    file.seek(0)
    file.truncate()
    written = 0
    try:
        for chunk in response.stream(_CHUNK, decode_content=True):
            written += len(chunk)
            if written > most:
                raise UnusableAnswer(
                    f"`{shown(url)}` sends more than {most} bytes", context={"url": shown(url), "limit": most}
                )
            file.write(chunk)
    except BaseException:
        response.close()  # The rest of the body is not waited for.
        raise
    response.release_conn()


def is_loopback(host: str | None) -> bool:
    return host in ("localhost", "127.0.0.1", "::1")


def may_carry_secrets(url: str) -> bool:
    """Whether a token may travel to this address: over https, or to this machine itself."""
    parts = urlsplit(url)
    return parts.scheme == "https" or is_loopback(parts.hostname)


def bearer(token: str | None, base: str, url: str) -> dict[str, str]:
    """The header with a token, for an address of the host of `base` that may carry secrets, and for no other."""
    same = urlsplit(url).netloc.lower() == urlsplit(base).netloc.lower()
    return {"Authorization": f"Bearer {token}"} if token and same and may_carry_secrets(url) else {}


def _may_keep_secrets(source: str, target: str) -> bool:
    one, other = urlsplit(source), urlsplit(target)
    return (one.scheme, one.hostname, one.port) == (other.scheme, other.hostname, other.port)


def _without_secrets(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in ("authorization", "cookie")}


def _proxy_for(url: str) -> str | None:
    parts = urlsplit(url)
    if is_loopback(parts.hostname) or (parts.hostname and urllib.request.proxy_bypass(parts.hostname)):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def _wait_before_retry(answer: Answer, attempt: int) -> float | None:
    """How long to wait before asking again, `None` when the answer is final or the server wants us gone for long."""
    if answer.status not in _RETRIED:
        return None
    asked = _retry_after(answer.headers.get("retry-after"))
    wait = _backoff(attempt) if asked is None else asked
    return wait if wait <= _LONGEST_WAIT_SECONDS else None


def _retry_after(value: str | None) -> float | None:
    """`Retry-After` in seconds from now: a number or a date."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _backoff(attempt: int) -> float:
    return float(_BACKOFF_SECONDS * 2**attempt)


def _is_passing(error: urllib3.exceptions.HTTPError) -> bool:
    """Whether trying again may help: a name that does not resolve or a wrong certificate stays as it is."""
    lasting = (
        urllib3.exceptions.NameResolutionError,
        urllib3.exceptions.SSLError,
        urllib3.exceptions.LocationValueError,
    )
    return not isinstance(error, lasting)


def _unusable(url: str, error: Exception) -> UnusableAnswer:
    return UnusableAnswer(
        f"`{shown(url)}` cannot be used: it is not an address, or its answer is not HTTP ({type(error).__name__})",
        hint="check the address",
        context={"url": shown(url)},
    )


def _network_error(url: str, error: Exception) -> NetworkUnavailable:
    reason = _CONNECTION.sub("", str(error).replace(url, shown(url)))
    return NetworkUnavailable(
        f"`{shown(url)}` cannot be reached: {without_credentials_in(reason)}",
        hint="check the network and, behind a proxy, HTTPS_PROXY",
        context={"url": shown(url)},
    )


def environment_url(name: str, default: str) -> str:
    """An address that a variable may redirect, without a slash at its end. Raises `InvalidSetting`."""
    address = (os.environ.get(name) or default).rstrip("/")
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0  # This checks the port.
    except ValueError:
        usable = False
    if not usable:
        raise InvalidSetting(
            f"{name} is not an address that can be used: `{shown(address)}`",
            hint="it begins with `https://` and the name of a server",
            context={"variable": name},
        )
    return address
