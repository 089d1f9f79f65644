"""Looking for a content in repositories of Hugging Face: its API knows no digests, but says those of their files."""

from collections.abc import Iterable, Iterator

from comfydock_core.clients.answers import Answer, shown
from comfydock_core.clients.huggingface_client import HuggingFaceClient, HuggingFaceFacts, HuggingFaceFile
from comfydock_core.clients.huggingface_trees import HuggingFaceEntry, HuggingFaceRepository, entries_of, next_page
from comfydock_core.clients.transport import Transport
from comfydock_core.models.exceptions import (
    ModelNotOffered,
    NetworkUnavailable,
    OfflineRefused,
    RemoteError,
    UnusableAnswer,
)
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.shared import ModelSourceResult
from comfydock_core.services.model_downloads import judging

_MOST_REPOSITORIES = 16
_MOST_PAGES = 50  # Of a thousand files each.
_LARGEST_PAGE = 8 << 20  # Bytes; a thousand files take less than one million.
_MOST_FOUND = 8  # In one repository.


class RepositorySearch:
    """Asks repositories that somebody named for a file of one digest."""

    def __init__(self, transport: Transport, hugging_face: HuggingFaceClient) -> None:
        self._transport = transport
        self._hugging_face = hugging_face

    def places_of(
        self, sha256: str, repositories: Iterable[HuggingFaceRepository], reporter: Reporter
    ) -> list[ModelSourceResult]:
        """Where exactly this content is. A repository that does not answer is told and keeps no other from it.

        Raises `OfflineRefused`.
        """
        found: list[ModelSourceResult] = []
        asked = list(dict.fromkeys(repositories))
        if len(asked) > _MOST_REPOSITORIES:
            reporter.warn(f"{len(asked)} repositories may have it; the first {_MOST_REPOSITORIES} are asked")
        for repository in asked[:_MOST_REPOSITORIES]:
            reporter.phase(f"Asking Hugging Face for {repository.name}")
            try:
                found += self._in_repository(sha256, repository)
            except OfflineRefused:
                raise
            except (RemoteError, ModelNotOffered) as error:
                reporter.warn(f"`{repository.name}` was not searched: {error.message}")
        return list({one.url: one for one in found}.values())

    def _in_repository(self, sha256: str, repository: HuggingFaceRepository) -> list[ModelSourceResult]:
        entries = [entry for entry in self._entries(repository) if entry.sha256 == sha256]
        return [one for entry in entries[:_MOST_FOUND] if (one := self._place(repository, entry)) is not None]

    def _entries(self, repository: HuggingFaceRepository) -> Iterator[HuggingFaceEntry]:
        """The large files of all pages."""
        page: str | None = self._hugging_face.tree_address(repository)
        for _ in range(_MOST_PAGES):
            assert page is not None
            answer = self._page(repository, page)
            yield from entries_of(answer)
            page = next_page(answer)
            if page is None:
                return
        raise UnusableAnswer(
            f"`{repository.name}` lists its files on more than {_MOST_PAGES} pages", context={"url": page}
        )

    def _page(self, repository: HuggingFaceRepository, url: str) -> Answer:
        headers = {"Accept": "application/json", **self._hugging_face.headers(url)}
        with self._transport.opened(url, headers) as stream:
            if stream.answer.status != 200:
                file = HuggingFaceFile(repository.name, repository.revision, "")
                raise self._hugging_face.refusal(file, stream.answer) or judging.refusal(stream.answer)
            body = bytearray()
            for piece in stream.chunks():
                body += piece
                if len(body) > _LARGEST_PAGE:
                    raise UnusableAnswer(
                        f"`{shown(url)}` sends more than {_LARGEST_PAGE} bytes", context={"url": shown(url)}
                    )
            return Answer(url, 200, stream.answer.headers, bytes(body))

    def _place(self, repository: HuggingFaceRepository, entry: HuggingFaceEntry) -> ModelSourceResult | None:
        """The address of a file at the commit that it is of now, `None` when it became another one meanwhile.

        Where the file itself is only for some, or its storage is out of reach, no commit is known.
        """
        file = HuggingFaceFile(repository.name, repository.revision, entry.path)
        address = self._hugging_face.address(file)
        facts = self._facts(address)
        if facts.sha256 not in (None, entry.sha256):
            return None
        url = self._hugging_face.address(file, facts.commit)
        return ModelSourceResult(url, "huggingface", "sha256", entry.path, self._hugging_face.page(file))

    def _facts(self, address: str) -> HuggingFaceFacts:
        headers = {**self._hugging_face.headers(address), "Range": "bytes=0-0"}
        try:
            with self._transport.opened(address, headers) as stream:
                return self._hugging_face.facts((*stream.passed, stream.answer))
        except NetworkUnavailable:
            return HuggingFaceFacts(None, None, None)
