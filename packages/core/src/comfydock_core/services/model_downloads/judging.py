"""What servers answer instead of the file, in words that help."""

import html
import re
import shutil
from collections.abc import Iterable
from urllib.parse import urlsplit

from comfydock_core.clients.answers import Answer, shown
from comfydock_core.models.exceptions import (
    AuthenticationFailed,
    FileSystemError,
    ModelMismatch,
    ModelNotOffered,
    RateLimited,
    RemoteError,
    UnusableAnswer,
)
from comfydock_core.models.model_files.downloads import DownloadRequest
from comfydock_core.utils.files.digests import Digests
from comfydock_core.utils.text import size_text

_PAGE = 1 << 16
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_SPARE = 64 << 20  # Bytes that stay free on the disk when nobody knows how much comes.


def is_page(answer: Answer, name: str) -> bool:
    """Whether a web page comes instead of a file of this name."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in ("text/html", "application/xhtml+xml") and not name.lower().endswith((".html", ".htm"))


def page_of(answer: Answer, chunks: Iterable[bytes]) -> UnusableAnswer:
    """The error for a web page, with its title, for which its beginning is read."""
    page = b""
    for chunk in chunks:
        page += chunk
        if len(page) >= _PAGE:
            break
    return page_instead(answer, page)


def looks_like_page(beginning: bytes) -> bool:
    """Whether a file begins as web pages do."""
    return beginning[:256].lstrip().lower().startswith((b"<!doctype html", b"<html"))


def page_instead(answer: Answer, page: bytes) -> UnusableAnswer:
    """The error for a web page."""
    title = _TITLE.search(page[:_PAGE].decode("utf-8", "replace"))
    words = " ".join(html.unescape(title[1]).split())[:200] if title else ""
    named = f" with the title “{words}”" if words else ""
    return UnusableAnswer(
        f"`{shown(answer.url)}` answered with a web page{named} instead of the file",
        hint="open the address in a browser: it may ask for a login, or be only the page about the file",
        context={"url": shown(answer.url), "title": words or None},
    )


def refuse_encoded(answer: Answer) -> None:
    """Raise `UnusableAnswer` for a body that was compressed on the way though nobody asked for that."""
    encoding = answer.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise UnusableAnswer(
            f"`{shown(answer.url)}` sends the file compressed (`{encoding}`), so that its bytes cannot be checked",
            hint="use another address of the file; this server does not heed `Accept-Encoding: identity`",
            context={"url": shown(answer.url), "encoding": encoding},
        )


def refusal(answer: Answer) -> RemoteError | ModelNotOffered:
    """What a status that is no success means for a file."""
    url, host = shown(answer.url), urlsplit(answer.url).hostname
    context: dict[str, object] = {"url": url, "status": answer.status}
    if answer.status in (404, 410):
        return ModelNotOffered(
            f"there is no file at `{url}`",
            hint="check the address in a browser; the file may have moved",
            context=context,
        )
    if answer.status == 401:
        return AuthenticationFailed(
            f"`{url}` wants to know who asks (status 401)",
            hint="log in there with a browser; Hugging Face takes HF_TOKEN, Civitai CIVITAI_API_TOKEN",
            context=context,
        )
    if answer.status == 403:
        return AuthenticationFailed(
            f"`{url}` refused (status 403)",
            hint="the address may have expired, or the file is not for everybody: open its page in a browser",
            context=context,
        )
    if answer.status == 429:
        return RateLimited(f"`{host}` has had too many requests", hint=_when(answer), context=context)
    if answer.status == 503:
        return UnusableAnswer(f"`{host}` has no time now (status 503)", hint=_when(answer), context=context)
    hint = "the server has a problem; try again later" if answer.status >= 500 else "check that the address is right"
    return UnusableAnswer(f"`{url}` answered with status {answer.status}", hint=hint, context=context)


def _when(answer: Answer) -> str:
    asked = answer.headers.get("retry-after", "").strip()
    if asked.isdecimal():
        return f"try again in {int(asked)} seconds, as the server asks; what came is kept"
    return f"try again after {asked}, as the server asks; what came is kept" if asked else "try again later"


def other_part(answer: Answer) -> UnusableAnswer:
    """The error for a server that answers with bytes that were not asked for."""
    return UnusableAnswer(
        f"`{shown(answer.url)}` answered with a different part than requested",
        hint="the server's ranges cannot be trusted: try `--connections 1`, or another address",
        context={"url": shown(answer.url), "content_range": answer.headers.get("content-range")},
    )


def too_much(answer: Answer, expected: int) -> UnusableAnswer:
    """The error for a body that does not end where it should."""
    return UnusableAnswer(
        f"`{shown(answer.url)}` sends more than the {size_text(expected)} that it may",
        hint="check that the address leads to the file; nothing of it was kept beyond that",
        context={"url": shown(answer.url), "limit": expected},
    )


def refuse_other_size(request: DownloadRequest, size: int | None) -> None:
    """Raise `ModelMismatch` when the server has a file of another size than was expected."""
    if request.size is not None and size is not None and size != request.size:
        raise ModelMismatch(
            f"`{shown(request.urls[0])}` has {size} bytes, expected were {request.size}",
            hint="the address leads to another file, or the file was replaced there",
            context={"path": request.path, "expected": request.size, "found": size},
        )


def refuse_other_content(request: DownloadRequest, found: Digests) -> None:
    """Raise `ModelMismatch` when what came is not what was expected."""
    refuse_other_size(request, found.size)
    for name, expected, digest in (
        ("SHA-256", request.sha256, found.sha256),
        ("BLAKE3", request.blake3, found.blake3),
    ):
        if expected is not None and expected != digest:
            raise ModelMismatch(
                f"what came from `{shown(request.urls[0])}` has {name} {digest}, expected was {expected}",
                hint="the download was removed; run the command again, and if it stays so, do not trust this address",
                context={"path": request.path, "expected": expected, "found": digest},
            )


def room_for(folder: str, missing: int | None) -> int | None:
    """Make sure that the rest fits on the disk; what may come at most when its size is unknown.

    Raises `FileSystemError`, `OSError`.
    """
    free = shutil.disk_usage(folder).free
    if missing is None:
        return max(0, free - _SPARE)
    if missing > free:
        raise FileSystemError(
            f"there is no room for the download: {size_text(missing)} are to come, {size_text(free)} are free at"
            f" `{folder}`",
            hint="free some space there and run the command again",
            context={"path": folder, "needed": missing, "free": free, "errno": "ENOSPC"},
        )
    return None
