"""The part of GitHub's API that ComfyDock uses."""

import os
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import quote

from comfydock_core.clients.answers import Answer
from comfydock_core.clients.transport import bearer, environment_url
from comfydock_core.configs.defaults import GITHUB_API
from comfydock_core.models.exceptions import UnusableAnswer
from comfydock_core.records import record

_NO_SUCH_COMMIT = 422


@record
class GitHubRelease:
    """One release. `published_at` is GitHub's own text."""

    tag_name: str
    name: str
    prerelease: bool
    draft: bool
    published_at: str | None
    html_url: str | None


@record
class GitHubRepoInfo:
    """One repository."""

    owner: str
    name: str
    default_branch: str
    description: str | None
    clone_url: str | None


class Getter(Protocol):
    """What makes the requests: `Transport`, or `RememberingTransport`, with which unchanged answers cost nothing of
    GitHub's limit.
    """

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer: ...


class GitHubClient:
    """Asks `COMFYDOCK_GITHUB_API_URL` or api.github.com. Every method raises `RemoteError` and its kinds.

    `GITHUB_TOKEN` goes to that host only, over https or to this machine.
    """

    def __init__(self, transport: Getter, *, base_url: str | None = None, token: str | None = None) -> None:
        self._transport = transport
        self._base = (base_url or environment_url("COMFYDOCK_GITHUB_API_URL", GITHUB_API)).rstrip("/")
        self._token = token or os.environ.get("GITHUB_TOKEN")

    def repository(self, owner: str, name: str) -> GitHubRepoInfo | None:
        """The repository, or `None` when there is none (or none that the token may see)."""
        record = self._record(f"/repos/{quote(owner)}/{quote(name)}")
        if record is None:
            return None
        branch = _text(record, "default_branch", self._base)
        return GitHubRepoInfo(owner, name, branch, _optional(record, "description"), _optional(record, "clone_url"))

    def latest_release(self, owner: str, name: str) -> GitHubRelease | None:
        """The release that GitHub calls latest: neither a draft nor a pre-release. `None` when there is none."""
        record = self._record(f"/repos/{quote(owner)}/{quote(name)}/releases/latest")
        return None if record is None else self._release(record)

    def release(self, owner: str, name: str, tag: str) -> GitHubRelease | None:
        """The release of one tag, or `None`."""
        record = self._record(f"/repos/{quote(owner)}/{quote(name)}/releases/tags/{quote(tag, safe='')}")
        return None if record is None else self._release(record)

    def releases(self, owner: str, name: str, *, limit: int = 30) -> list[GitHubRelease]:
        """Up to `limit` releases, newest first, without drafts."""
        answer = self._get(f"/repos/{quote(owner)}/{quote(name)}/releases?per_page={min(2 * limit, 100)}")
        if not isinstance(answer, list):
            raise UnusableAnswer(f"`{self._base}` answered without a list of releases")
        found = [self._release(record) for record in answer if isinstance(record, dict)]
        return [release for release in found if not release.draft][:limit]

    def commit(self, owner: str, name: str, ref: str) -> str | None:
        """The full commit of a branch, tag or abbreviated commit, or `None` when GitHub finds none or several."""
        try:
            record = self._record(f"/repos/{quote(owner)}/{quote(name)}/commits/{quote(ref, safe='')}")
        except UnusableAnswer as error:
            if error.context.get("status") != _NO_SUCH_COMMIT:
                raise
            return None
        return None if record is None else _text(record, "sha", self._base)

    def _record(self, path: str) -> dict[str, object] | None:
        answer = self._get(path)
        if answer is not None and not isinstance(answer, dict):
            raise UnusableAnswer(f"`{self._base}{path}` answered without an object")
        return answer

    def _get(self, path: str) -> object:
        url = self._base + path
        answer = self._transport.get(url, self._headers(url))
        return None if answer.status == 404 else answer.json()

    def _headers(self, url: str) -> dict[str, str]:
        asked = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        return asked | bearer(self._token, self._base, url)

    def _release(self, record: dict[str, object]) -> GitHubRelease:
        tag = _text(record, "tag_name", self._base)
        return GitHubRelease(
            tag_name=tag,
            name=_optional(record, "name") or tag,
            prerelease=record.get("prerelease") is True,
            draft=record.get("draft") is True,
            published_at=_optional(record, "published_at"),
            html_url=_optional(record, "html_url"),
        )


def _text(record: dict[str, object], key: str, source: str) -> str:
    value = record.get(key)
    if not isinstance(value, str) or not value:
        raise UnusableAnswer(f"`{source}` answered without `{key}`", context={"url": source})
    return value


def _optional(record: dict[str, object], key: str) -> str | None:
    value = record.get(key)
    return value if isinstance(value, str) and value else None
