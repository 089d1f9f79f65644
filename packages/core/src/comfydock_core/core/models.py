"""`Models`: the model files of a workspace, one short method for each use case."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from comfydock_core.core.services_bundle import WorkspaceAccess
    from comfydock_core.core.usecases.models.collecting import Collection
    from comfydock_core.core.usecases.models.deduplicating import Deduplication
    from comfydock_core.core.usecases.models.directory import DirectoryPlan
    from comfydock_core.core.usecases.models.indexing import ModelSync
    from comfydock_core.core.usecases.models.removing import DeletionOfModel
    from comfydock_core.core.usecases.models.seen import ListedFile
    from comfydock_core.core.usecases.models.showing import IndexState, ModelDetails
    from comfydock_core.core.usecases.models.sources import AddedSource
    from comfydock_core.core.usecases.models.verifying import Verdict
    from comfydock_core.models.model_files.location import ModelLocation
    from comfydock_core.models.operation import ChangePlan, Initiator
    from comfydock_core.models.protocols import Reporter


class Models:
    """The model files of a workspace. Methods raise `ModelIndexDamaged`, `BusyError`, `FileSystemError`."""

    def __init__(self, workspace: WorkspaceAccess) -> None:
        self._workspace = workspace
        self._layout = workspace.layout

    def sync(self, reporter: Reporter, *, hash_files: bool = False, eager: bool = False) -> ModelSync:
        """Bring the index up to date; with `hash_files` read every file that was not, `eager` at full speed."""
        from comfydock_core.core.usecases.models.indexing import sync_index

        return sync_index(self._layout, reporter, hash_files=hash_files, eager=eager)

    def plan_sync(self, reporter: Reporter) -> ModelSync:
        """What `sync` would note."""
        from comfydock_core.core.usecases.models.indexing import plan_sync

        return plan_sync(self._layout, reporter)

    def all(self, reporter: Reporter, folder: str | None = None) -> list[ModelLocation]:
        """The indexed files, or those of one of ComfyUI's folders."""
        from comfydock_core.core.usecases.models.showing import list_models

        return list_models(self._layout, folder, reporter)

    def names(self) -> list[tuple[str, str]]:
        """The path of every indexed file below its root, and its folder."""
        from comfydock_core.core.usecases.models.searching import model_names

        return model_names(self._layout)

    def seen_by(self, environment: str, folder: str | None = None) -> list[ListedFile]:
        """What ComfyUI of an environment lists, or one of its folders. Raises `ModelNotFound`, `ModelPathsInvalid`."""
        from comfydock_core.core.usecases.models.seen import files_seen

        return files_seen(self._layout, self._workspace.environment(environment), folder)

    def folders(self) -> list[str]:
        """The names of ComfyUI's folders that have files."""
        from comfydock_core.core.usecases.models.searching import folder_names

        return folder_names(self._layout)

    def duplicates(self) -> list[list[ModelLocation]]:
        """Files of equal content, by their digests."""
        from comfydock_core.core.usecases.models.showing import list_duplicates

        return list_duplicates(self._layout)

    def search(self, words: Sequence[str]) -> list[ModelLocation]:
        """The files that fit the words, or whose digest begins like the one word; nothing is read of them."""
        from comfydock_core.core.usecases.models.searching import search_models

        return search_models(self._layout, words)

    def is_anything_indexed(self) -> bool:
        """Whether models were ever looked for."""
        from comfydock_core.core.usecases.models.searching import is_anything_indexed

        return is_anything_indexed(self._layout)

    def with_headers(self, places: Sequence[ModelLocation], reporter: Reporter) -> list[ModelLocation]:
        """The files with what their headers say, which is read where it is not known yet."""
        from comfydock_core.core.usecases.models.showing import read_headers

        return read_headers(self._layout, places, reporter)

    def show(self, identifier: str, reporter: Reporter) -> ModelDetails:
        """One model, by path, name or digits of its digest. Raises `ModelNotFound`, `ConflictError`."""
        from comfydock_core.core.usecases.models.showing import show_model

        return show_model(self._layout, identifier, reporter)

    def state(self) -> IndexState:
        """How the index is."""
        from comfydock_core.core.usecases.models.showing import index_state

        return index_state(self._layout)

    def plan_directory(self, path: str) -> DirectoryPlan:
        """What using another models directory takes. Raises `InvalidSetting`, `UnexpectedDirectory`."""
        from comfydock_core.core.usecases.models.directory import plan_directory

        return plan_directory(self._layout, path)

    def use_directory(self, plan: DirectoryPlan, initiator: Initiator, reporter: Reporter) -> None:
        """Use another models directory. Raises `EnvironmentInUse`, `ChangedMeanwhile`."""
        from comfydock_core.core.usecases.models.directory import use_directory

        use_directory(self._layout, plan, initiator, reporter)

    def verify(
        self, identifiers: Sequence[str], reporter: Reporter, *, deep: bool = False, eager: bool = False
    ) -> list[Verdict]:
        """Look at the files of some models, or of all when none is named; `deep` reads them whole."""
        from comfydock_core.core.usecases.models.verifying import verify_models

        return verify_models(self._layout, identifiers, reporter, deep=deep, eager=eager)

    def plan_quarantine(self, verdict: Verdict) -> ChangePlan:
        """What renaming a damaged file takes, so that nothing loads it."""
        from comfydock_core.core.usecases.models.removing import plan_quarantine

        return plan_quarantine(verdict.root, verdict.path)

    def quarantine(self, plan: ChangePlan, verdict: Verdict, initiator: Initiator, reporter: Reporter) -> str:
        """Rename it. Raises `ChangedMeanwhile`."""
        from comfydock_core.core.usecases.models.removing import carry_out

        return carry_out(self._layout, plan, verdict.root, initiator, reporter)

    def add_source(self, identifier: str, url: str, reporter: Reporter) -> AddedSource:
        """Note where a model can be had. Raises `ModelNotFound`, `ConflictError`, `InvalidSetting`."""
        from comfydock_core.core.usecases.models.sources import add_source

        return add_source(self._layout, identifier, url, reporter)

    def plan_deletion(self, identifier: str, reporter: Reporter) -> DeletionOfModel:
        """What deleting one file takes. Raises `ModelNotFound`, `ConflictError`."""
        from comfydock_core.core.usecases.models.removing import plan_deletion

        return plan_deletion(self._layout, identifier, reporter)

    def delete(self, plan: DeletionOfModel, initiator: Initiator, reporter: Reporter) -> str:
        """Delete it, so that `undo` brings it back; returns the operation's identifier."""
        from comfydock_core.core.usecases.models.removing import delete_model

        return delete_model(self._layout, plan, initiator, reporter)

    def plan_deduplication(self, folder: str | None, reporter: Reporter, *, eager: bool = False) -> list[Deduplication]:
        """Compare all files of equal digests once more, and plan one change a disk."""
        from comfydock_core.core.usecases.models.deduplicating import plan_deduplication

        return plan_deduplication(self._layout, folder, reporter, eager=eager)

    def deduplicate(self, plan: Deduplication, initiator: Initiator, reporter: Reporter) -> dict[str, int]:
        """Let files share their bytes; how many became clones and how many hard links."""
        from comfydock_core.core.usecases.models.deduplicating import deduplicate

        return deduplicate(self._layout, plan, initiator, reporter)

    def plan_collection(self, folder: str | None, age: float, reporter: Reporter) -> Collection:
        """What nothing refers to and did not change for `age` seconds. Raises `ReferencesUnreadable`."""
        from comfydock_core.core.usecases.models.collecting import plan_collection

        return plan_collection(self._layout, folder, age, reporter)

    def collect(self, plan: Collection, initiator: Initiator, reporter: Reporter) -> list[str]:
        """Take it away, so that `undo` brings it back; returns the full name of each operation."""
        from comfydock_core.core.usecases.models.collecting import collect

        return collect(self._layout, plan, initiator, reporter)
