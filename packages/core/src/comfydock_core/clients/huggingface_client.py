"""Files on Hugging Face: what an address means, what the answers say, and who asks."""

import re
from collections.abc import Sequence
from urllib.parse import quote, unquote, urlsplit

from comfydock_core.clients.answers import Answer
from comfydock_core.clients.huggingface_trees import HuggingFaceRepository, repository_of, tree_address
from comfydock_core.clients.transport import bearer, environment_url
from comfydock_core.configs.defaults import HUGGING_FACE
from comfydock_core.models.exceptions import ComfyDockError, ModelGated, ModelNotOffered, PlaceUnclear
from comfydock_core.records import record

_HOSTS = ("huggingface.co", "www.huggingface.co", "hf.co")
_KINDS = ("datasets", "spaces")
_VIEWS = ("resolve", "blob", "raw")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@record
class HuggingFaceFile:
    """One file of a repository: `repository` is `OWNER/NAME`, with `datasets/` or `spaces/` in front for those."""

    repository: str
    revision: str
    path: str


@record
class HuggingFaceFacts:
    """What Hugging Face says of a file; the digest only of large ones. `commit` is what the revision leads to."""

    size: int | None
    sha256: str | None
    commit: str | None


class HuggingFaceClient:
    """Speaks of `HF_ENDPOINT` or huggingface.co. It asks nothing itself: what an answer says stands in its headers.

    The token goes to that host only, over https or to this machine.
    """

    def __init__(self, *, endpoint: str | None = None, token: str | None = None) -> None:
        self._endpoint = (endpoint or environment_url("HF_ENDPOINT", HUGGING_FACE)).rstrip("/")
        self._token = token

    def file_of(self, url: str) -> HuggingFaceFile | None:
        """The file that an address means, `None` for another host. Raises `PlaceUnclear` for a whole repository."""
        parts, own = urlsplit(url), urlsplit(self._endpoint)
        if (parts.hostname or "") not in _HOSTS and (parts.hostname, parts.port) != (own.hostname, own.port):
            return None
        words = [unquote(word) for word in parts.path.strip("/").split("/")]
        prefix = [words.pop(0)] if words[0] in _KINDS else []
        at = next((at for at in (1, 2) if len(words) > at and words[at] in _VIEWS), None)
        if at is None or len(words) < at + 3:
            raise PlaceUnclear(
                f"`{url}` is a page of Hugging Face, and not one file of it",
                hint="open the file there and copy its address, which has `/resolve/` or `/blob/` in it",
                context={"url": url},
            )
        return HuggingFaceFile("/".join(prefix + words[:at]), words[at + 1], "/".join(words[at + 2 :]))

    def repository_of(self, url: str) -> HuggingFaceRepository | None:
        """The repository that an address is of, also that of a page; `None` for another host."""
        return repository_of(url, self._endpoint)

    def tree_address(self, repository: HuggingFaceRepository) -> str:
        """Where the files of a repository are listed."""
        return tree_address(repository, self._endpoint)

    def address(self, file: HuggingFaceFile, commit: str | None = None) -> str:
        """Where the file is downloaded from, at its revision or at a commit."""
        revision = quote(commit or file.revision, safe="")
        return f"{self._endpoint}/{quote(file.repository)}/resolve/{revision}/{quote(file.path)}"

    def page(self, file: HuggingFaceFile) -> str:
        """What people look at."""
        return f"{self._endpoint}/{file.repository}"

    def headers(self, url: str) -> dict[str, str]:
        """Who asks, for an address of Hugging Face's own host and no other."""
        return bearer(self._token, self._endpoint, url)

    def facts(self, answers: Sequence[Answer]) -> HuggingFaceFacts:
        """What the answers on the way to a file say; the storage they lead to says nothing of it."""
        said: dict[str, str] = {}
        for answer in answers:
            said |= {name: answer.headers[name] for name in _FACTS if name in answer.headers}
        etag = said.get("x-linked-etag", "").removeprefix("W/").strip('"').lower()
        size, commit = said.get("x-linked-size", ""), said.get("x-repo-commit", "")
        return HuggingFaceFacts(
            int(size) if re.fullmatch(r"\d{1,18}", size, re.ASCII) else None,
            etag if _SHA256.fullmatch(etag) else None,
            commit if _COMMIT.fullmatch(commit) else None,
        )

    def refusal(self, file: HuggingFaceFile, answer: Answer) -> ComfyDockError | None:
        """What it means that Hugging Face does not hand out a file, `None` for a reason of another kind."""
        page, code = self.page(file), answer.headers.get("x-error-code", "")
        context: dict[str, object] = {"url": page, "status": answer.status, "error": code or None}
        if code == "GatedRepo" or (answer.status == 403 and not code):
            who = "with the account of your token" if self._token else "after logging in, and set HF_TOKEN"
            return ModelGated(
                f"`{file.repository}` is only for those who accepted its terms",
                hint=f"accept them at {page} {who}",
                context=context,
            )
        if answer.status == 401 or code == "RepoNotFound":
            login = "your token may not see it" if self._token else "for a private one set HF_TOKEN"
            return ModelGated(
                f"Hugging Face has no repository `{file.repository}` that you may see",
                hint=f"check the address at {page}; {login}",
                context=context,
            )
        if answer.status == 404:
            what = f"revision `{file.revision}`" if code == "RevisionNotFound" else f"file `{file.path}`"
            return ModelNotOffered(
                f"`{file.repository}` has no {what}", hint=f"look for it at {page}/tree/main", context=context
            )
        return None


_FACTS = ("x-linked-etag", "x-linked-size", "x-repo-commit")
