"""What an address offers: the file behind it, its name, size and digest, asked of whoever hosts it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from urllib.parse import urlsplit, urlunsplit

from comfydock_core.clients.answers import Answer, length_of
from comfydock_core.clients.civitai_client import CivitAIClient, chosen_file
from comfydock_core.clients.huggingface_client import HuggingFaceClient
from comfydock_core.clients.huggingface_trees import repository_named
from comfydock_core.clients.transport import Transport
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.civitai import CivitAIModel
from comfydock_core.models.exceptions import InvalidSetting, ModelNotOffered
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.shared import ModelSourceResult
from comfydock_core.records import record
from comfydock_core.services.model_downloads import judging
from comfydock_core.services.model_downloads.repository_search import RepositorySearch
from comfydock_core.utils.file_names import name_of_address, name_of_disposition, safe_name

# ComfyUI's folders by Civitai's types, where one belongs in one folder only.
_FOLDERS = {
    "checkpoint": "checkpoints",
    "textualinversion": "embeddings",
    "hypernetwork": "hypernetworks",
    "lora": "loras",
    "locon": "loras",
    "dora": "loras",
    "controlnet": "controlnet",
    "upscaler": "upscale_models",
    "vae": "vae",
}
_GITHUB_BLOB = re.compile(r"(/[^/]+/[^/]+)/blob/(.+)")
_MODELSCOPE_VIEW = re.compile(r"(/models/[^/]+/[^/]+)/file/view/([^/]+)/(.+)")
_TOTAL = re.compile(r"bytes (?:\d+-\d+|\*)/(\d{1,18})", re.ASCII)


@record
class Offer:
    """One file that can be had: where, and what is said of it.

    `address` is what is asked for it, `noted` what is remembered: pinned to a commit where that is possible. `folder`
    is where it belongs as far as its host says so; `path` is its place in a repository.
    """

    address: str
    noted: str
    kind: str
    name: str | None
    size: int | None
    sha256: str | None = None
    folder: str | None = None
    path: str = ""
    details: dict[str, str] = field(default_factory=dict)


class ModelSources:
    """The hosts that ComfyDock knows, and all others."""

    def __init__(
        self,
        transport: Transport,
        civitai: CivitAIClient,
        hugging_face: HuggingFaceClient,
        repositories: RepositorySearch,
    ) -> None:
        self._transport = transport
        self._civitai = civitai
        self._hugging_face = hugging_face
        self._repositories = repositories

    def credentials(self, url: str) -> Mapping[str, str]:
        """The headers that say who asks, for one address: nobody but its own host gets a token."""
        return {**self._civitai.headers(url), **self._hugging_face.headers(url)}

    def offer(self, url: str) -> Offer:
        """What an address offers. Raises `InvalidSetting`, `ModelNotOffered`, `ModelGated`, `PlaceUnclear`,
        `RemoteError`.
        """
        address = without_credentials(checked_address(url))
        reference = self._civitai.reference(address)
        if reference is not None:
            return self._civitai_offer(self._civitai.find(reference), reference.wanted)
        file = self._hugging_face.file_of(address)
        if file is None:
            return self._plain_offer(_direct(address))
        address = self._hugging_face.address(file)
        answers = self._asked(address)
        if answers[-1].status >= 400:
            raise self._hugging_face.refusal(file, answers[-1]) or judging.refusal(answers[-1])
        facts = self._hugging_face.facts(answers)
        return Offer(
            address,
            self._hugging_face.address(file, facts.commit),
            "huggingface",
            safe_name(file.path),
            facts.size if facts.size is not None else _size(answers[-1]),
            facts.sha256,
            path=file.path,
            details={"repository": file.repository, "revision": facts.commit or file.revision, "path": file.path},
        )

    def beginning(self, offer: Offer, size: int) -> bytes:
        """The first bytes of what is offered; none where the server sends no parts. Raises `RemoteError`."""
        headers = {**self.credentials(offer.address), "Range": f"bytes=0-{size - 1}"}
        with self._transport.opened(offer.address, headers) as stream:
            return b"".join(stream.chunks())[:size] if stream.answer.status == 206 else b""

    def places_of(self, sha256: str | None, blake3: str | None) -> list[ModelSourceResult]:
        """Where Civitai has a file of these digests. Raises `RemoteError`."""
        for name, digest in (("sha256", sha256), ("blake3", blake3)):
            model = None if digest is None else self._civitai.by_hash(digest)
            if model is not None:
                return [
                    ModelSourceResult(file.url, "civitai", name, file.name, model.page)
                    for file in model.files
                    if digest in (file.sha256, file.blake3)
                ]
        return []

    def in_repositories(self, sha256: str, said: Iterable[str], reporter: Reporter) -> list[ModelSourceResult]:
        """Where repositories of Hugging Face have a file of this digest: those that addresses or names lead to.

        What leads to none is passed over; one that does not answer is told. Raises `OfflineRefused`.
        """
        named = [self._hugging_face.repository_of(one) if "://" in one else repository_named(one) for one in said]
        return self._repositories.places_of(sha256, [one for one in named if one is not None], reporter)

    def _civitai_offer(self, model: CivitAIModel, wanted: Mapping[str, str]) -> Offer:
        file = chosen_file(model, wanted)
        if file is None:
            raise ModelNotOffered(
                f"`{model.name}` has no file that fits the address",
                hint=f"choose one at {model.page}",
                context={"url": model.page, "files": [one.name for one in model.files]},
            )
        answers = self._asked(file.url)
        if answers[-1].status >= 400 or not model.downloadable:
            raise self._civitai.refusal(model, answers[-1].status) or judging.refusal(answers[-1])
        offered = name_of_disposition(answers[-1].headers.get("content-disposition"))
        return Offer(
            file.url,
            without_credentials(file.url),
            "civitai",
            safe_name(file.name) or offered,
            _size(answers[-1]),
            file.sha256,
            _FOLDERS.get(model.type.lower()) if file.kind in ("Model", "Pruned Model") else None,
            details={"model": str(model.model_id), "version": str(model.version_id), "file": file.name},
        )

    def _plain_offer(self, address: str) -> Offer:
        answer = self._asked(address)[-1]
        if answer.status >= 400 and answer.status != 416:
            raise judging.refusal(answer)
        name = name_of_disposition(answer.headers.get("content-disposition")) or name_of_address(address)
        return Offer(address, address, "url", name, _size(answer))

    def _asked(self, address: str) -> tuple[Answer, ...]:
        """The redirects that an address leads through, and the head of the answer at their end."""
        headers = self.credentials(address)
        with self._transport.opened(address, {**headers, "Range": "bytes=0-0"}) as stream:
            answers = (*stream.passed, stream.answer)
        if answers[-1].status < 400 and judging.is_page(answers[-1], name_of_address(address) or ""):
            with self._transport.opened(address, headers) as stream:
                raise judging.page_of(stream.answer, stream.chunks())
        return answers


def checked_address(url: str) -> str:
    """The address. Raises `InvalidSetting` for one that nothing can be downloaded from."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise InvalidSetting(
            f"`{without_credentials(url)}` is not an address to download from",
            hint="it begins with `https://` and the name of a server",
            context={"url": without_credentials(url)},
        )
    return url


def _direct(url: str) -> str:
    """The address of the file that a page of GitHub or ModelScope shows; any other address as it is."""
    parts = urlsplit(url)
    for host, pattern, target in (
        ("github.com", _GITHUB_BLOB, r"\1/raw/\2"),
        ("modelscope.cn", _MODELSCOPE_VIEW, r"\1/resolve/\2/\3"),
    ):
        found = pattern.fullmatch(parts.path)
        if (parts.hostname or "").removeprefix("www.") == host and found:
            return urlunsplit(parts._replace(path=found.expand(target)))
    return url


def _size(answer: Answer) -> int | None:
    """The size of the whole file, of which one byte was asked for."""
    total = _TOTAL.fullmatch(answer.headers.get("content-range", ""))
    if total is not None:
        return int(total[1])
    return length_of(answer) if answer.status == 200 else None
