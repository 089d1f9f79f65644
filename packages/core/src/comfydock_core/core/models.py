"""`Models`: the model files of a workspace, one short method for each use case."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from comfydock_core.core.services_bundle import WorkspaceAccess
    from comfydock_core.core.usecases.models.indexing import ModelSync
    from comfydock_core.core.usecases.models.showing import IndexState, ModelDetails
    from comfydock_core.models.model_files.index import ModelLocation
    from comfydock_core.models.protocols import Reporter


class Models:
    """The model files of a workspace. Methods raise `ModelIndexDamaged`, `BusyError`, `FileSystemError`."""

    def __init__(self, workspace: WorkspaceAccess) -> None:
        self._layout = workspace.layout

    def sync(self, reporter: Reporter, *, hash_files: bool = False, eager: bool = False) -> ModelSync:
        """Bring the index up to date; with `hash_files` read every file that was not, `eager` at full speed."""
        from comfydock_core.core.usecases.models.indexing import sync_index

        return sync_index(self._layout, reporter, hash_files=hash_files, eager=eager)

    def all(self, folder: str | None = None) -> list[ModelLocation]:
        """The indexed files, or those of one of ComfyUI's folders."""
        from comfydock_core.core.usecases.models.showing import list_models

        return list_models(self._layout, folder)

    def folders(self) -> list[str]:
        """The names of ComfyUI's folders that have files."""
        from comfydock_core.core.usecases.models.showing import folder_names

        return folder_names(self._layout)

    def duplicates(self) -> list[list[ModelLocation]]:
        """Files of equal content, by their digests."""
        from comfydock_core.core.usecases.models.showing import list_duplicates

        return list_duplicates(self._layout)

    def search(self, words: Sequence[str]) -> list[ModelLocation]:
        """The files that fit the words, or whose digest begins like the one word."""
        from comfydock_core.core.usecases.models.showing import search_models

        return search_models(self._layout, words)

    def show(self, identifier: str) -> ModelDetails:
        """One model, by path, name or digits of its digest. Raises `ModelNotFound`, `ConflictError`."""
        from comfydock_core.core.usecases.models.showing import show_model

        return show_model(self._layout, identifier)

    def state(self) -> IndexState:
        """How the index is."""
        from comfydock_core.core.usecases.models.showing import index_state

        return index_state(self._layout)
