"""What is known of the models of a workspace: lists, one model in full, and the state of the index."""

import contextlib
from collections.abc import Sequence

from comfydock_core.analyzers.model_files.header_reading import read_header
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.models.finding import the_model
from comfydock_core.core.usecases.models.places import models_directory
from comfydock_core.models.exceptions import BusyError, FileSystemError
from comfydock_core.models.model_files.grouping import wasted_bytes
from comfydock_core.models.model_files.index import ModelSource, RootState
from comfydock_core.models.model_files.location import ModelLocation
from comfydock_core.models.protocols import Reporter
from comfydock_core.records import record
from comfydock_core.repositories.model_index.model_index import ModelIndex, open_model_index


@record
class ModelDetails:
    """One model with all its files and sources."""

    places: tuple[ModelLocation, ...]
    sources: tuple[ModelSource, ...]

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        first = self.places[0]
        return {
            "blake3": first.blake3,
            "sha256": first.sha256,
            "size": first.state.size,
            "header": first.header,
            "locations": [one.as_dict() for one in self.places],
            "sources": [one.as_dict() for one in self.sources],
        }


@record
class IndexState:
    """The state of the index: its roots, and the files of equal content with the bytes they waste."""

    directory: str
    roots: tuple[RootState, ...]
    duplicates: int
    wasted: int

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "directory": self.directory,
            "roots": [root.as_dict() for root in self.roots],
            "duplicates": self.duplicates,
            "wasted": self.wasted,
        }


def list_models(layout: WorkspaceLayout, folder: str | None, reporter: Reporter) -> list[ModelLocation]:
    """Every indexed file, or those of one folder, with what their headers say. Raises `ModelIndexDamaged`."""
    with open_model_index(layout.model_index, to_write=False) as index:
        return with_headers(index, index.locations(folder), reporter)


def list_duplicates(layout: WorkspaceLayout) -> list[list[ModelLocation]]:
    """Files of equal content by their digests, the largest waste first."""
    with open_model_index(layout.model_index, to_write=False) as index:
        return index.duplicates()


def read_headers(layout: WorkspaceLayout, places: Sequence[ModelLocation], reporter: Reporter) -> list[ModelLocation]:
    """The files with what their headers say: it is read of those that were not looked at yet, and kept."""
    with open_model_index(layout.model_index, to_write=False) as index:
        return with_headers(index, places, reporter)


def show_model(layout: WorkspaceLayout, identifier: str, reporter: Reporter) -> ModelDetails:
    """One model. Raises `ModelNotFound`, `ConflictError`."""
    with open_model_index(layout.model_index, to_write=False) as index:
        places = with_headers(index, the_model(index, identifier), reporter)
        return ModelDetails(tuple(places), tuple(_sources(index, places)))


def index_state(layout: WorkspaceLayout) -> IndexState:
    """How the index is. Raises `ModelIndexDamaged`."""
    with open_model_index(layout.model_index, to_write=False) as index:
        groups = index.duplicates()
        wasted = sum(wasted_bytes(group) for group in groups)
        return IndexState(models_directory(layout), tuple(index.roots()), len(groups), wasted)


def with_headers(index: ModelIndex, places: Sequence[ModelLocation], reporter: Reporter) -> list[ModelLocation]:
    """The files with what their headers say: it is read of those that were not looked at yet, and kept."""
    new = [one for one in places if one.header is None and not one.absent]
    if not new:
        return list(places)
    read: dict[tuple[str, str], dict[str, object]] = {}
    for number, one in enumerate(new, 1):
        reporter.progress("reading headers", number, len(new), "files")
        with contextlib.suppress(OSError):  # It may be gone since; then nothing is known of it.
            read[one.root, one.path] = read_header(one.full_path).as_dict()
    with contextlib.suppress(BusyError, FileSystemError):  # What cannot be kept is read again the next time.
        index.note_headers(read)
    return [one.with_header(read.get((one.root, one.path), one.header)) for one in places]


def _sources(index: ModelIndex, places: Sequence[ModelLocation]) -> list[ModelSource]:
    found: dict[str, ModelSource] = {}
    for place in places:
        for source in index.sources_at(place):
            found.setdefault(source.url, source)
    return list(found.values())
