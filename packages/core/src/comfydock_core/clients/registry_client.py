"""The Comfy registry: which node packs there are, their versions and where these lie.

Only what is needed is demanded of an answer, since its fields come and go: an identifier, a version, nothing else.
"""

import json
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import quote, urlencode

from comfydock_core.clients.answers import Answer, shown
from comfydock_core.clients.transport import environment_url
from comfydock_core.configs.defaults import COMFY_REGISTRY
from comfydock_core.models.exceptions import UnusableAnswer
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.registry import ACTIVE, RegistryNode, RegistryVersion


class RememberingGetter(Protocol):
    """What makes the requests; `clients.remembering.RememberingTransport` is one."""

    def get(
        self, url: str, headers: Mapping[str, str] | None = None, *, reporter: Reporter | None = None
    ) -> Answer: ...


class ComfyRegistryClient:
    """Asks `COMFYDOCK_REGISTRY_URL` or api.comfy.org. Every method raises `RemoteError` and its kinds.

    Identifiers are asked for in lower case, as the registry keeps them. Without an answer the one before is used, of
    which the reporter is warned.
    """

    def __init__(self, transport: RememberingGetter, *, base_url: str | None = None) -> None:
        self._transport = transport
        self._base = (base_url or environment_url("COMFYDOCK_REGISTRY_URL", COMFY_REGISTRY)).rstrip("/")

    def node(self, identifier: str, reporter: Reporter) -> RegistryNode | None:
        """A pack, or `None` when the registry has none of that identifier."""
        record = self._get(f"/nodes/{_word(identifier)}", reporter)
        return None if record is None else self._node(record)

    def versions(self, identifier: str, reporter: Reporter) -> list[RegistryVersion]:
        """All versions that the registry tells of, in its order; none for an unknown pack."""
        answer = self._get(f"/nodes/{_word(identifier)}/versions", reporter)
        records = answer.get("versions") if isinstance(answer, dict) else answer
        if answer is None:
            return []
        if not isinstance(records, list):
            raise self._unusable("a list of versions")
        found = (_version(record) for record in records)
        return [version for version in found if version is not None]

    def install(self, identifier: str, version: str | None, reporter: Reporter) -> RegistryVersion | None:
        """What to install for a version, or for the latest without one; `None` when there is none."""
        query = "" if version is None else f"?{urlencode({'version': version}, errors='replace')}"
        record = self._get(f"/nodes/{_word(identifier)}/install{query}", reporter)
        found = _version(record)
        if record is not None and found is None:
            raise self._unusable("a version")
        return found

    def search(self, words: str, reporter: Reporter, *, limit: int = 10) -> list[RegistryNode]:
        """Packs that the registry finds for some words, best first."""
        answer = self._get(f"/nodes/search?{urlencode({'search': words, 'limit': limit}, errors='replace')}", reporter)
        records = answer.get("nodes") if isinstance(answer, dict) else None
        if answer is None:
            return []
        if not isinstance(records, list):
            raise self._unusable("a list of node packs")
        return [self._node(record) for record in records if isinstance(record, dict) and _text(record, "id")]

    def _get(self, path: str, reporter: Reporter) -> object:
        answer = self._transport.get(self._base + path, {"Accept": "application/json"}, reporter=reporter)
        return None if answer.status == 404 else answer.json()

    def _node(self, record: object) -> RegistryNode:
        identifier = _text(record, "id") if isinstance(record, dict) else None
        if not isinstance(record, dict) or identifier is None:
            raise self._unusable("a node pack")
        publisher = record.get("publisher")
        downloads = record.get("downloads")
        return RegistryNode(
            identifier=identifier,
            name=_text(record, "name") or identifier,
            status=_status(record, "NodeStatus"),
            description=_text(record, "description") or "",
            author=_text(record, "author") or "",
            publisher=(_text(publisher, "name") or _text(publisher, "id") or "") if isinstance(publisher, dict) else "",
            license=_license(_text(record, "license") or ""),
            repository=_text(record, "repository"),
            tags=_texts(record.get("tags")),
            downloads=downloads if type(downloads) is int else None,
            latest=_version(record.get("latest_version")),
        )

    def _unusable(self, what: str) -> UnusableAnswer:
        url = shown(self._base)
        return UnusableAnswer(f"`{url}` answered without {what}", context={"url": url})


def _word(identifier: str) -> str:
    return quote(identifier.lower(), safe="", errors="replace")  # No address can have half a character.


def _version(record: object) -> RegistryVersion | None:
    version = _text(record, "version") if isinstance(record, dict) else None
    if not isinstance(record, dict) or version is None:
        return None
    return RegistryVersion(
        version=version,
        status=_status(record, "NodeVersionStatus"),
        deprecated=record.get("deprecated") is True,
        download_url=_address(_text(record, "downloadUrl") or _text(record, "download_url")),
        changelog=_text(record, "changelog") or "",
        dependencies=_texts(record.get("dependencies")),
        created_at=_text(record, "createdAt") or _text(record, "created_at"),
    )


def _status(record: dict[str, object], prefix: str) -> str:
    return (_text(record, "status") or ACTIVE).removeprefix(prefix).lower()


def _address(url: str | None) -> str | None:
    return url if url is not None and url.startswith(("https://", "http://")) else None


def _license(text: str) -> str:
    """Some packs have the table of their project file there, as JSON: `{"file": "LICENSE"}`."""
    if not text.startswith("{"):
        return text
    try:
        table = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return (_text(table, "text") or _text(table, "file") or text) if isinstance(table, dict) else text


def _text(record: dict[str, object], key: str) -> str | None:
    value = record.get(key)
    return value if isinstance(value, str) and value else None


def _texts(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
