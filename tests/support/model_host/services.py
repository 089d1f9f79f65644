"""Hugging Face and Civitai as they document themselves, on a host of models."""

import hashlib
import json
from dataclasses import dataclass

from tests.support.model_host.files import HostedFile, ModelHost

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass(slots=True)
class HuggingFace:
    """One host for what people see, another one for storage."""

    host: ModelHost
    storage: ModelHost

    def variables(self) -> dict[str, str]:
        """What makes ComfyDock ask this one."""
        return {"HF_ENDPOINT": self.host.url}

    def put(self, repository: str, path: str, content: bytes, *, needs: str | None = None, **options: object) -> str:
        """Offer a large file at `main` and at its commit; the address at `main`."""
        key = f"/{hashlib.sha256(content).hexdigest()}"
        target = self.storage.put(key, content, **options) + "?X-Amz-Signature=secret"
        said = {
            "X-Repo-Commit": COMMIT,
            "X-Linked-Size": str(len(content)),
            "X-Linked-Etag": f'"{hashlib.sha256(content).hexdigest()}"',
        }
        for revision in ("main", COMMIT):
            place = f"/{repository}/resolve/{revision}/{path}"
            self.host.files[place] = HostedFile(b"", redirect=target, headers=said, needs=needs)
        return f"{self.host.url}/{repository}/resolve/main/{path}"

    def refuse(self, repository: str, path: str, status: int, code: str) -> str:
        """A file that is refused with one of the documented words; its address."""
        place = f"/{repository}/resolve/main/{path}"
        self.host.put(place, b"", first_answers=[(status, {"X-Error-Code": code})] * 99)
        return self.host.url + place


@dataclass(slots=True)
class CivitAI:
    """The site with its API, and its storage."""

    host: ModelHost
    storage: ModelHost

    def variables(self) -> dict[str, str]:
        """What makes ComfyDock ask this one."""
        return {"COMFYDOCK_CIVITAI_URL": self.host.url}

    def put(
        self, model: int, version: int, name: str, content: bytes, *, kind: str = "LORA", needs: str | None = None,
        refused: int | None = None, **fields: object,
    ) -> str:  # fmt: skip
        """Offer a version with one file; the address to download it from. `fields` go into the version's record."""
        target = self.storage.put(f"/{version}", content, disposition=f'attachment; filename="{name}"')
        download = f"/api/download/models/{version}"
        self.host.files[download] = HostedFile(b"", redirect=f"{target}?X-Amz-Signature=secret", needs=needs)
        if refused is not None:
            self.host.files[download].first_answers = [(refused, {})] * 99
        sha256 = hashlib.sha256(content).hexdigest()
        file = {
            "id": version * 10, "name": name, "sizeKB": len(content) / 1024, "type": "Model", "primary": True,
            "metadata": {"format": "SafeTensor", "size": "pruned", "fp": "fp16"},
            "hashes": {"SHA256": sha256.upper()}, "downloadUrl": self.host.url + download,
        }  # fmt: skip
        about = {"name": "Detail Tweaker", "type": kind}
        record = {
            "id": version, "modelId": model, "name": "v1.0", "baseModel": "SDXL 1.0", "status": "Published",
            "usageControl": "Download", "earlyAccessEndsAt": None, "model": about, "files": [file],
            "downloadUrl": self.host.url + download, **fields,
        }  # fmt: skip
        self._json(f"/api/v1/model-versions/{version}", record)
        self._json(f"/api/v1/model-versions/by-hash/{sha256}", record)
        self._json(f"/api/v1/models/{model}", {"id": model, "mode": None, **about, "modelVersions": [record]})
        return self.host.url + download

    def _json(self, path: str, record: object) -> None:
        self.host.put(path, json.dumps(record).encode(), kind="application/json", ranges=False)
