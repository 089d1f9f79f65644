"""Downloading models, and remembering of what came right where it came from."""

from collections.abc import Sequence

from comfydock_core.analyzers import model_files
from comfydock_core.analyzers.model_files.metadata_facts import REPOSITORIES
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.models.finding import the_model
from comfydock_core.core.usecases.models.indexing import hash_file, sync_index
from comfydock_core.models.exceptions import NodeDataMissing, OfflineRefused, RemoteError
from comfydock_core.models.model_files.downloads import DownloadOutcome, DownloadResult
from comfydock_core.models.model_files.location import ModelLocation
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.shared import ModelSourceResult
from comfydock_core.repositories.model_index.model_index import open_model_index
from comfydock_core.repositories.node_data.node_index import open_index
from comfydock_core.services.model_downloads.model_sources import ModelSources
from comfydock_core.utils.files.digests import Digests
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.reporting import SilentReporter

_KNOWN_KINDS = ("civitai", "huggingface")


def remember(layout: WorkspaceLayout, outcomes: Sequence[DownloadOutcome]) -> None:
    """Put files and their digests into the index, and note where they came from. Raises what `sync_index` raises."""
    results = [outcome.result for outcome in outcomes if outcome.result is not None]
    if not results:
        return
    sync_index(layout, SilentReporter(), hash_files=False, eager=False)
    with open_model_index(layout.model_index) as index, disk_errors("note the download"):
        for result in results:
            path = result.existing if result.outcome == "elsewhere" and result.existing else result.request.path
            index.note_digests(path, Digests(result.blake3, result.sha256, result.size))
            index.add_source(result.blake3, _url(result), _kind(result), _details(result), "download")


def search_sources(
    layout: WorkspaceLayout, identifier: str, sources: ModelSources, reporter: Reporter, *, offline: bool
) -> list[ModelSourceResult]:
    """Where a model can be had, by its content: what is noted, what Civitai has, and what repositories of Hugging Face
    have that sources, the list of models or the file itself name. The file is read if need be.

    Offline only what is noted. A host that does not answer is told when another one knows it.
    Raises `ModelNotFound`, `ConflictError`, `RemoteError`, `FileSystemError`.
    """
    with open_model_index(layout.model_index) as index, disk_errors("read the model"):
        places = the_model(index, identifier)
        place = places[0]
        sha256, blake3 = place.sha256, place.blake3
        if sha256 is None and not offline:
            reporter.phase(f"Reading {place.file_name}")
            digests = hash_file(index, place, reporter, before=0, total=place.state.size)
            sha256, blake3 = digests.sha256, digests.blake3
        noted = [ModelSourceResult(one.url, one.kind, "noted") for one in index.sources_at(place)]
        if offline:
            return noted
        found, failure = _of_civitai(sources, sha256, blake3, reporter)
        if sha256 is not None:
            said = [*(one.url for one in noted), *_listed(layout, places), *_named_in(place)]
            found += sources.in_repositories(sha256, said, reporter)
        for one in found:
            if blake3 is not None and all(one.url != other.url for other in noted):
                index.add_source(blake3, one.url, one.kind, {"name": one.name, "page": one.page}, "search")
    if failure is not None:
        if not found:
            raise failure
        reporter.warn(failure.message)
    return [*found, *(one for one in noted if all(one.url != other.url for other in found))]


def _of_civitai(
    sources: ModelSources, sha256: str | None, blake3: str | None, reporter: Reporter
) -> tuple[list[ModelSourceResult], RemoteError | None]:
    """What Civitai has, or why it does not say."""
    reporter.phase("Asking Civitai")
    try:
        return sources.places_of(sha256, blake3), None
    except OfflineRefused:
        return [], None
    except RemoteError as error:
        return [], error


def _listed(layout: WorkspaceLayout, places: Sequence[ModelLocation]) -> list[str]:
    """What the list of models has under the names of the file."""
    try:
        with open_index(layout.node_data) as index:
            entries = [one for name in {place.file_name for place in places} for one in index.models_called(name)]
    except NodeDataMissing:
        return []
    return [address for one in entries for address in (one.url, one.reference) if "://" in address]


def _named_in(place: ModelLocation) -> list[str]:
    """The repositories that the metadata of the file names."""
    details = {} if place.absent else model_files.read_header(place.full_path).details
    return [name for name in details.get(REPOSITORIES, "").split(", ") if name]


def _url(result: DownloadResult) -> str:
    return result.request.source.get("url") or result.request.urls[0]


def _kind(result: DownloadResult) -> str:
    return result.request.kind if result.request.kind in _KNOWN_KINDS else "url"


def _details(result: DownloadResult) -> dict[str, object]:
    return {name: value for name, value in result.request.source.items() if name != "url"}
