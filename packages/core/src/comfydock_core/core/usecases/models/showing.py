"""What is known of the models of a workspace: lists, one model in full, and the state of the index."""

from collections.abc import Sequence
from dataclasses import dataclass

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.models.finding import find_models, the_model
from comfydock_core.core.usecases.models.places import models_directory
from comfydock_core.models.model_files.index import ModelLocation, ModelSource, RootState
from comfydock_core.repositories.model_index.model_index import ModelIndex, open_model_index


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


def list_models(layout: WorkspaceLayout, folder: str | None) -> list[ModelLocation]:
    """Every indexed file, or those of one folder. Raises `ModelIndexDamaged`."""
    with open_model_index(layout.model_index, to_write=False) as index:
        return index.locations(folder)


def folder_names(layout: WorkspaceLayout) -> list[str]:
    """The folders that indexed files lie in."""
    with open_model_index(layout.model_index, to_write=False) as index:
        return index.folders()


def list_duplicates(layout: WorkspaceLayout) -> list[list[ModelLocation]]:
    """Files of equal content by their digests, the largest waste first."""
    with open_model_index(layout.model_index, to_write=False) as index:
        return index.duplicates()


def search_models(layout: WorkspaceLayout, words: Sequence[str]) -> list[ModelLocation]:
    """The files that fit the words."""
    with open_model_index(layout.model_index, to_write=False) as index:
        return find_models(index, words)


def show_model(layout: WorkspaceLayout, identifier: str) -> ModelDetails:
    """One model. Raises `ModelNotFound`, `ConflictError`."""
    with open_model_index(layout.model_index, to_write=False) as index:
        places = the_model(index, identifier)
        return ModelDetails(tuple(places), tuple(_sources(index, places)))


def index_state(layout: WorkspaceLayout) -> IndexState:
    """How the index is. Raises `ModelIndexDamaged`."""
    with open_model_index(layout.model_index, to_write=False) as index:
        groups = index.duplicates()
        wasted = sum(_wasted(group) for group in groups)
        return IndexState(models_directory(layout), tuple(index.roots()), len(groups), wasted)


def _sources(index: ModelIndex, places: Sequence[ModelLocation]) -> list[ModelSource]:
    found: dict[str, ModelSource] = {}
    for place in places:
        for source in index.sources_at(place):
            found.setdefault(source.url, source)
    return list(found.values())


def _wasted(group: Sequence[ModelLocation]) -> int:
    files = {(one.state.device, one.state.inode) for one in group}
    return group[0].state.size * (len(files) - 1)
