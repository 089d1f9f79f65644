"""The one HTTP transport: time limits, retries, proxies, the system's certificates, typed failures.

Credentials are never sent on: a redirect to another host, or from https to http, drops every `Authorization` header.
"""

import email.utils
import json
import os
import ssl
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import urljoin, urlsplit

import truststore
import urllib3

from comfydock_core.models.exceptions import (
    AuthenticationFailed,
    NetworkUnavailable,
    OfflineRefused,
    RateLimited,
    RemoteError,
    UnusableAnswer,
)

_CONNECT_SECONDS = 10.0
_READ_SECONDS = 30.0
_RETRIES = 3
_REDIRECTS = 5
_PIECE = 256 * 1024
_BACKOFF_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 30.0
_RETRIED = frozenset({429, 500, 502, 503, 504})
_REDIRECTED = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server sent: final status, headers with lower-case names, the whole body."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> object:
        """The body as JSON. Raises `UnusableAnswer`."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise UnusableAnswer(
                f"`{self.url}` did not answer with JSON: {error}", context={"url": self.url}
            ) from error


class Transport:
    """Makes requests. One object serves a whole command; connections are reused."""

    def __init__(self, *, offline: bool = False, user_agent: str = "comfydock") -> None:
        self._offline = offline
        self._user_agent = user_agent
        self._pools: dict[str | None, urllib3.PoolManager] = {}

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Fetch `url`, following redirects and repeating what failed for the moment.

        Answers up to 399 and 404 are returned. Raises `OfflineRefused`, `NetworkUnavailable`, `AuthenticationFailed`,
        `RateLimited`, `UnusableAnswer`.
        """
        return self._follow(url, headers, None, 0)

    def get_into(self, url: str, file: BinaryIO, *, most: int, headers: Mapping[str, str] | None = None) -> Answer:
        """The same with a body that goes into an open file, which is emptied first, instead of the answer.

        Bodies of errors and of redirects stay in the answer. Raises `UnusableAnswer` for a body of more than `most`
        bytes as well, and `OSError` of the file.
        """
        return self._follow(url, {"Accept-Encoding": "gzip", **(headers or {})}, file, most)

    def _follow(self, url: str, headers: Mapping[str, str] | None, file: BinaryIO | None, most: int) -> Answer:
        self._refuse_when_offline(url)
        sent = {"User-Agent": self._user_agent, **(headers or {})}
        for _ in range(_REDIRECTS + 1):
            answer = self._get_with_retries(url, sent, file, most)
            target = _redirect_target(answer)
            if target is None:
                return _checked(answer)
            sent = sent if _may_keep_secrets(url, target) else _without_secrets(sent)
            url = target
        raise UnusableAnswer(f"`{url}` redirects too often", context={"url": url})

    def _refuse_when_offline(self, url: str) -> None:
        if self._offline:
            raise OfflineRefused(
                f"`{url}` is needed, but the network is off",
                hint="run the command without `--offline`",
                context={"url": url},
            )

    def _get_with_retries(self, url: str, headers: Mapping[str, str], file: BinaryIO | None, most: int) -> Answer:
        attempt = 0
        while True:
            try:
                answer = self._get_once(url, headers, file, most)
                wait = _wait_before_retry(answer, attempt)
            except urllib3.exceptions.HTTPError as error:
                if attempt >= _RETRIES or not _is_passing(error):
                    raise _network_error(url, error) from error
                answer, wait = None, _backoff(attempt)
            if answer is not None and (wait is None or attempt >= _RETRIES):
                return answer
            time.sleep(wait or 0.0)
            attempt += 1

    def _get_once(self, url: str, headers: Mapping[str, str], file: BinaryIO | None, most: int) -> Answer:
        response = self._pool(url).request(
            "GET",
            url,
            headers=dict(headers),
            redirect=False,
            retries=False,
            preload_content=file is None,
            timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
        )
        received = {name.lower(): value for name, value in response.headers.items()}
        if file is not None and response.status == 200:
            _pour(url, response, file, most)
            return Answer(url, response.status, received, b"")
        body = response.data
        response.release_conn()
        return Answer(url, response.status, received, body)

    def _pool(self, url: str) -> urllib3.PoolManager:
        proxy = _proxy_for(url)
        if proxy not in self._pools:
            context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self._pools[proxy] = (
                urllib3.ProxyManager(proxy, ssl_context=context) if proxy else urllib3.PoolManager(ssl_context=context)
            )
        return self._pools[proxy]


def _pour(url: str, response: urllib3.BaseHTTPResponse, file: BinaryIO, most: int) -> None:
    """Write a body into a file. A cut connection is an error of urllib3, which is tried again from the start."""
    file.seek(0)
    file.truncate()
    written = 0
    try:
        for piece in response.stream(_PIECE, decode_content=True):
            written += len(piece)
            if written > most:
                raise UnusableAnswer(f"`{url}` sends more than {most} bytes", context={"url": url, "limit": most})
            file.write(piece)
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


def _may_keep_secrets(source: str, target: str) -> bool:
    one, other = urlsplit(source), urlsplit(target)
    return (one.scheme, one.hostname, one.port) == (other.scheme, other.hostname, other.port)


def _without_secrets(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in ("authorization", "cookie")}


def _redirect_target(answer: Answer) -> str | None:
    location = answer.headers.get("location")
    if answer.status not in _REDIRECTED or not location:
        return None
    target = urljoin(answer.url, location)
    if urlsplit(target).scheme not in ("http", "https"):
        raise UnusableAnswer(f"`{answer.url}` redirects to `{target}`", context={"url": answer.url})
    return target


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
    except ValueError:
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


def _network_error(url: str, error: Exception) -> NetworkUnavailable:
    return NetworkUnavailable(
        f"`{url}` cannot be reached: {error}",
        hint="check the network and, behind a proxy, HTTPS_PROXY",
        context={"url": url},
    )


def _checked(answer: Answer) -> Answer:
    if answer.status < 400 or answer.status == 404:
        return answer
    context: dict[str, object] = {"url": answer.url, "status": answer.status}
    raise _refusal(answer, context)


def _refusal(answer: Answer, context: dict[str, object]) -> RemoteError:
    limited = answer.headers.get("x-ratelimit-remaining") == "0" or b"rate limit" in answer.body.lower()
    if answer.status == 429 or (answer.status == 403 and limited):
        host = urlsplit(answer.url).hostname
        return RateLimited(f"`{host}` has had too many requests from here", hint="try again later", context=context)
    if answer.status in (401, 403):
        return AuthenticationFailed(
            f"`{answer.url}` refused with status {answer.status}",
            hint="check the token for that server",
            context=context,
        )
    return UnusableAnswer(f"`{answer.url}` answered with status {answer.status}", context=context)


def environment_url(name: str, default: str) -> str:
    """An address that a variable may redirect, without a slash at its end."""
    return (os.environ.get(name) or default).rstrip("/")
