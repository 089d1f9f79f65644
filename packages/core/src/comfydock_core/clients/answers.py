"""What servers answer, and what their refusals mean. How it is fetched does not matter here."""

import json
import re
from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.exceptions import AuthenticationFailed, RateLimited, RemoteError, UnusableAnswer
from comfydock_core.records import record

_LENGTH = re.compile(r"\d{1,18}", re.ASCII)
_REDIRECTED = frozenset({301, 302, 303, 307, 308})


@record
class Answer:
    """What a server sent: final status, headers with lower-case names, the whole body."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> object:
        """The body as JSON. Raises `UnusableAnswer`."""
        try:
            value: object = json.loads(self.body)
            # Half a character (`\ud800`) is read without complaint and fails wherever it is written.
            json.dumps(value, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise UnusableAnswer(
                f"`{shown(self.url)}` did not answer with JSON: {error}", context={"url": shown(self.url)}
            ) from error
        return value


def shown(url: str) -> str:
    """An address for messages. Where a redirect leads nobody knows what is a secret: all after `?` is left out."""
    return without_credentials(url).partition("?")[0].partition("#")[0]


def length_of(answer: Answer) -> int | None:
    """How many bytes of body the header announces, `None` where it does not, or nothing that can be."""
    length = answer.headers.get("content-length", "")
    return int(length) if _LENGTH.fullmatch(length) else None


def redirect_target(answer: Answer) -> str | None:
    """Where an answer sends us. Raises `UnusableAnswer` when that is out of http or no address."""
    location = answer.headers.get("location")
    if answer.status not in _REDIRECTED or not location:
        return None
    try:
        target = urljoin(answer.url, location)
        parts = urlsplit(target)
        usable = parts.scheme in ("http", "https") and parts.port != 0  # Reading the port checks it.
    except ValueError as error:
        # The target is not repeated: what cannot be taken apart cannot be cleaned of its password either.
        raise UnusableAnswer(
            f"`{shown(answer.url)}` redirects to something that is not an address",
            hint="the server has a problem; try again later",
            context={"url": shown(answer.url)},
        ) from error
    if not usable:
        raise UnusableAnswer(
            f"`{shown(answer.url)}` redirects to `{shown(target)}`", context={"url": shown(answer.url)}
        )
    return target


def checked(answer: Answer) -> Answer:
    """The answer, if it is below 400 or 404. Raises the error that it means otherwise."""
    if answer.status < 400 or answer.status == 404:
        return answer
    raise refusal(answer)


def refusal(answer: Answer) -> RemoteError:
    """What a refusal means."""
    url = shown(answer.url)
    context: dict[str, object] = {"url": url, "status": answer.status}
    limited = answer.headers.get("x-ratelimit-remaining") == "0" or b"rate limit" in answer.body.lower()
    if answer.status == 429 or (answer.status == 403 and limited):
        host = urlsplit(answer.url).hostname
        return RateLimited(
            f"`{host}` has had too many requests from this address", hint="try again later", context=context
        )
    if answer.status in (401, 403):
        return AuthenticationFailed(
            f"`{url}` refused with status {answer.status}", hint="check the token for that server", context=context
        )
    hint = "the server has a problem; try again later" if answer.status >= 500 else "check that the address is right"
    return UnusableAnswer(f"`{url}` answered with status {answer.status}", hint=hint, context=context)
