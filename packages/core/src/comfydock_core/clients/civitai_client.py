"""The part of Civitai's API that ComfyDock uses."""

import os
import re
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import parse_qs, quote, urlsplit

from comfydock_core.clients.answers import Answer
from comfydock_core.clients.transport import bearer, environment_url
from comfydock_core.configs.defaults import CIVITAI
from comfydock_core.models.civitai import CivitAIFile, CivitAIModel
from comfydock_core.models.exceptions import ComfyDockError, ModelGated, ModelNotOffered, UnusableAnswer
from comfydock_core.records import record

_HOSTS = ("civitai.com", "www.civitai.com")
_DOWNLOAD = re.compile(r"/api/download/models/(\d{1,15})/?", re.ASCII)
_PAGE = re.compile(r"/models/(\d{1,15})(?:/[^/]*)?/?", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}")


@record
class CivitAIReference:
    """What an address of Civitai means: a version, or a model and its newest version; and which of its files."""

    model_id: int | None
    version_id: int | None
    wanted: Mapping[str, str]


class Getter(Protocol):
    """What makes the requests."""

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer: ...


class CivitAIClient:
    """Asks `COMFYDOCK_CIVITAI_URL` or civitai.com. Methods that ask raise `RemoteError` and its kinds.

    The key, `CIVITAI_API_TOKEN` or the one given, goes to that host only, over https or to this machine.
    """

    def __init__(self, transport: Getter, *, base_url: str | None = None, token: str | None = None) -> None:
        self._transport = transport
        self._base = (base_url or environment_url("COMFYDOCK_CIVITAI_URL", CIVITAI)).rstrip("/")
        self._token = os.environ.get("CIVITAI_API_TOKEN") or token

    def reference(self, url: str) -> CivitAIReference | None:
        """What an address means, `None` when it is not one of Civitai's models. Nothing is asked."""
        parts = urlsplit(url)
        base = urlsplit(self._base)
        own = (parts.hostname or "") in _HOSTS or (parts.hostname, parts.port) == (base.hostname, base.port)
        if not own:
            return None
        query = {name.lower(): values[0] for name, values in parse_qs(parts.query).items()}
        wanted: dict[str, str] = {name: query[name] for name in ("type", "format", "size", "fp") if name in query}
        download, page = _DOWNLOAD.fullmatch(parts.path), _PAGE.fullmatch(parts.path)
        if download is not None:
            return CivitAIReference(None, int(download[1]), wanted)
        if page is not None:
            version = query.get("modelversionid", "")
            return CivitAIReference(int(page[1]), int(version) if version.isdecimal() else None, wanted)
        return None

    def find(self, reference: CivitAIReference) -> CivitAIModel:
        """The version that is meant. Raises `ModelNotOffered` when it was removed, or the model was."""
        if reference.version_id is not None:
            return self.version(reference.version_id)
        record = self._record(f"/api/v1/models/{reference.model_id}")
        page = f"{self._base}/models/{reference.model_id}"
        if record is None or record.get("mode") == "TakenDown":
            raise _removed(page)
        versions = _records(record, "modelVersions")
        if not versions:
            raise _removed(page)
        return self._model({"model": record, "modelId": reference.model_id, **versions[0]})

    def version(self, version_id: int) -> CivitAIModel:
        """One version. Raises `ModelNotOffered` when it was removed."""
        record = self._record(f"/api/v1/model-versions/{version_id}")
        if record is None:
            raise _removed(f"{self._base}/model-versions/{version_id}")
        return self._model(record)

    def by_hash(self, digest: str) -> CivitAIModel | None:
        """The version that has a file of this SHA-256 or BLAKE3, or `None`."""
        record = self._record(f"/api/v1/model-versions/by-hash/{quote(digest)}")
        return None if record is None else self._model(record)

    def headers(self, url: str) -> dict[str, str]:
        """Who asks, for an address of Civitai's own host and no other."""
        return bearer(self._token, self._base, url)

    def refusal(self, model: CivitAIModel, status: int) -> ComfyDockError | None:
        """What it means that Civitai does not hand out the file of a version, `None` for another reason."""
        context: dict[str, object] = {"url": model.page, "status": status}
        if not model.downloadable:
            return ModelGated(
                f"`{model.name}` may only be used on Civitai's own site", hint=f"see {model.page}", context=context
            )
        if status in (401, 403) and model.early_access_until is not None:
            return ModelGated(
                f"`{model.name}` is in early access until {model.early_access_until[:10]}",
                hint=f"buy access at {model.page}, or wait; your key says who you are (`CIVITAI_API_TOKEN`)",
                context=context,
            )
        if status in (401, 403):
            key = "the key was refused" if self._token else "make a key at https://civitai.com/user/account"
            return ModelGated(
                f"Civitai gives `{model.name}` only to those who are logged in",
                hint=f"{key}; set CIVITAI_API_TOKEN, or `comfydock config --civitai-key -`",
                context=context,
            )
        return _removed(model.page) if status in (404, 410) else None

    def _record(self, path: str) -> dict[str, object] | None:
        url = self._base + path
        answer = self._transport.get(url, {"Accept": "application/json", **self.headers(url)})
        if answer.status == 404:
            return None
        record = answer.json()
        if not isinstance(record, dict):
            raise UnusableAnswer(f"`{url}` answered without an object", context={"url": url})
        return record

    def _model(self, record: dict[str, object]) -> CivitAIModel:
        model = record.get("model")
        about = model if isinstance(model, dict) else {}
        model_id, version_id = _number(record, "modelId"), _number(record, "id")
        if version_id is None:
            raise UnusableAnswer(f"`{self._base}` answered without `id`", context={"url": self._base})
        until = record.get("earlyAccessEndsAt") or record.get("earlyAccessDeadline")
        return CivitAIModel(
            model_id=model_id or 0,
            version_id=version_id,
            name=_text(about, "name") or f"version {version_id}",
            version_name=_text(record, "name") or "",
            type=_text(about, "type") or "",
            base_model=_text(record, "baseModel"),
            page=f"{self._base}/models/{model_id or 0}?modelVersionId={version_id}",
            files=tuple(self._file(one, version_id) for one in _records(record, "files")),
            early_access_until=until if isinstance(until, str) and until else None,
            status=_text(record, "status") or "Published",
            downloadable=(_text(record, "usageControl") or "Download") == "Download",
        )

    def _file(self, record: dict[str, object], version_id: int) -> CivitAIFile:
        given, hashes = record.get("metadata"), record.get("hashes")
        metadata = given if isinstance(given, dict) else {}
        digests = hashes if isinstance(hashes, dict) else {}
        kilobytes = record.get("sizeKB")
        address = _text(record, "downloadUrl") or f"{self._base}/api/download/models/{version_id}"
        return CivitAIFile(
            name=_text(record, "name") or "",
            url=address,
            size=round(kilobytes * 1024) if isinstance(kilobytes, int | float) and 0 <= kilobytes < 1e12 else None,
            kind=_text(record, "type") or "Model",
            is_primary=record.get("primary") is True,
            sha256=_digest(digests, "SHA256"),
            blake3=_digest(digests, "BLAKE3"),
            format=_text(metadata, "format"),
            precision=_text(metadata, "fp"),
            extent=_text(metadata, "size"),
        )


def chosen_file(model: CivitAIModel, wanted: Mapping[str, str]) -> CivitAIFile | None:
    """The file of a version that an address asks for: the one that fits its words, else the primary one."""
    fitting = [file for file in model.files if _fits(file, wanted)]
    return next((file for file in fitting if file.is_primary), fitting[0] if fitting else None)


def _fits(file: CivitAIFile, wanted: Mapping[str, str]) -> bool:
    said = {"type": file.kind, "format": file.format, "size": file.extent, "fp": file.precision}
    return all((said.get(name) or "").lower() == value.lower() for name, value in wanted.items())


def _removed(page: str) -> ModelNotOffered:
    return ModelNotOffered(
        f"Civitai has no model at `{page}`: it was removed, or never was there",
        hint="look at the page in a browser; for a file that you have `comfydock model search-source MODEL` finds other"
        " places",
        context={"url": page},
    )


def _records(record: dict[str, object], key: str) -> list[dict[str, object]]:
    value = record.get(key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(record: Mapping[str, object], key: str) -> str | None:
    value = record.get(key)
    return value if isinstance(value, str) and value else None


def _number(record: Mapping[str, object], key: str) -> int | None:
    value = record.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _digest(record: Mapping[str, object], key: str) -> str | None:
    value = (_text(record, key) or "").lower()
    return value if _SHA256.fullmatch(value) else None
