"""What Hugging Face says of all files of a repository: `/api/models/OWNER/NAME/tree/REVISION`, page by page."""

import re
from collections.abc import Iterator
from urllib.parse import quote, unquote, urljoin, urlsplit

from comfydock_core.clients.answers import Answer, shown
from comfydock_core.models.exceptions import UnusableAnswer
from comfydock_core.records import record

_HOSTS = ("huggingface.co", "www.huggingface.co", "hf.co")
_KINDS = ("datasets", "spaces")
_PART = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_-])?", re.ASCII)
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}", re.ASCII)
_VIEWS = ("resolve", "blob", "raw", "tree", "commit")
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NEXT = re.compile(r'<([^<>]{1,4000})>\s*;\s*rel="?next"?', re.IGNORECASE)
_LONGEST_PATH = 1000


@record
class HuggingFaceRepository:
    """A repository at a revision; `name` is `OWNER/NAME`, with `datasets/` or `spaces/` in front for those."""

    name: str
    revision: str = "main"


@record
class HuggingFaceEntry:
    """One large file of a repository: its path there, and its digest."""

    path: str
    sha256: str
    size: int | None = None


def repository_named(name: str) -> HuggingFaceRepository | None:
    """The repository that `OWNER/NAME` means; `None` for what cannot be one."""
    words = name.split("/")
    fits = len(words) == 2 and all(_PART.fullmatch(word) and ".." not in word and "--" not in word for word in words)
    return HuggingFaceRepository(name) if fits else None


def repository_of(url: str, endpoint: str) -> HuggingFaceRepository | None:
    """The repository that an address of Hugging Face is of, a file, a page or a part of it; `None` for all others."""
    try:
        parts, own = urlsplit(url), urlsplit(endpoint)
        is_own = (parts.hostname, parts.port) == (own.hostname, own.port)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not (is_own or (parts.hostname or "") in _HOSTS):
        return None
    words = [unquote(word) for word in parts.path.strip("/").split("/")]
    prefix = f"{words.pop(0)}/" if words[0] in _KINDS else ""
    named = repository_named("/".join(words[:2]))
    if named is None:
        return None
    revision = words[3] if len(words) > 3 and words[2] in _VIEWS else "main"
    is_revision = _REVISION.fullmatch(revision) and ".." not in revision
    return HuggingFaceRepository(prefix + named.name, revision if is_revision else "main")


def tree_address(repository: HuggingFaceRepository, endpoint: str) -> str:
    """Where the first page of its files is."""
    kind = "" if repository.name.startswith(tuple(f"{one}/" for one in _KINDS)) else "models/"
    revision = quote(repository.revision, safe="")
    return f"{endpoint}/api/{kind}{quote(repository.name)}/tree/{revision}?recursive=true"


def entries_of(answer: Answer) -> Iterator[HuggingFaceEntry]:
    """The large files of a page; of others no digest is told. Raises `UnusableAnswer` for what is no page."""
    listed = answer.json()
    if not isinstance(listed, list):
        raise UnusableAnswer(f"`{shown(answer.url)}` answered without a list", context={"url": shown(answer.url)})
    return (entry for one in listed if (entry := _entry(one)) is not None)


def next_page(answer: Answer) -> str | None:
    """Where the next page is (`Link: <...>; rel="next"`), `None` after the last one.

    Raises `UnusableAnswer` when that is no other page of this listing: a token goes along with the question.
    """
    found = _NEXT.search(answer.headers.get("link", ""))
    if found is None:
        return None
    try:
        target = urljoin(answer.url, str(found[1]))
        here, there = urlsplit(answer.url), urlsplit(target)
    except ValueError:
        there = None
    if there is None or (here.scheme, here.netloc, here.path) != (there.scheme, there.netloc, there.path):
        raise UnusableAnswer(f"`{shown(answer.url)}` continues at another place", context={"url": shown(answer.url)})
    return target


def _entry(value: object) -> HuggingFaceEntry | None:
    if not isinstance(value, dict) or value.get("type") != "file":
        return None
    large, path = value.get("lfs"), value.get("path")
    digest = large.get("oid") if isinstance(large, dict) else None
    if not isinstance(digest, str) or not isinstance(path, str) or not 0 < len(path) <= _LONGEST_PATH:
        return None
    digest = digest.removeprefix("sha256:").lower()
    steps = path.split("/")
    if not _SHA256.fullmatch(digest) or any(step in ("", ".", "..") for step in steps) or not path.isprintable():
        return None
    size = value.get("size")
    return HuggingFaceEntry(path, digest, size if type(size) is int and size >= 0 else None)
