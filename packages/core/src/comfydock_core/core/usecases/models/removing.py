"""Taking one model file away, to where it can be brought back from, and renaming damaged ones."""

import os

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.models.finding import the_model
from comfydock_core.core.usecases.models.indexing import disk_manners, hash_file, reading, refresh_index
from comfydock_core.core.usecases.models.scopes import changing_models, file_place
from comfydock_core.models.exceptions import ConflictError
from comfydock_core.models.model_files.location import ModelLocation
from comfydock_core.models.operation import ChangePlan, Initiator
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.records import record
from comfydock_core.repositories.model_index.model_index import ModelIndex, open_model_index
from comfydock_core.services.transaction import make_plan
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils.files.digests import digests_of
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.file_states import is_unchanged
from comfydock_core.utils.text import size_text

DAMAGED_ENDING = ".damaged"


@record
class DeletionOfModel:
    """One file that is to go: its size, its digest as it was made just now, and the other files of this content.

    `blake3` is `None` where other files need not be compared, because the path is one of several names of one file.
    """

    path: str
    size: int
    blake3: str | None
    others: tuple[str, ...]
    change: ChangePlan
    root: str

    @property
    def is_last(self) -> bool:
        """Whether no other file is known that holds the same."""
        return not self.others


def plan_deletion(layout: WorkspaceLayout, identifier: str, reporter: Reporter) -> DeletionOfModel:
    """What deleting one file takes. The file is read whole for that, unless another name of it stays.

    Raises `ModelNotFound`, and `ConflictError` when the identifier means several files.
    """
    with open_model_index(layout.model_index) as index, disk_errors("plan the deletion of the model"):
        place = _one_file(the_model(index, identifier), identifier)
        others = [one for one in index.names_of_file(place.state) if _stays(one, place)]
        blake3 = None
        if not others and not os.path.islink(place.full_path):
            reporter.phase(f"Reading {place.file_name}, to find others that hold the same")
            with disk_manners(eager=True):
                digests = digests_of(place.full_path, reading(reporter, 0, place.state.size))
            blake3 = digests.blake3
            _read_those_of_its_size(index, place, reporter)
            others = [one for one in index.locations_with(blake3) if _stays(one, place)]
    where = file_place(place.root, place.full_path)
    with disk_errors("plan the deletion of the model"):
        work = PlanStep("delete", place.full_path, size_text(place.state.size))
        change = make_plan(where.scope, "model delete", [swap(where.scope, where.path, has_new=False)], work=[work],
                           fetch_bytes=0, disk_needed=0)  # fmt: skip
    return DeletionOfModel(
        place.full_path, place.state.size, blake3, tuple(one.full_path for one in others), change, place.root
    )


def delete_model(layout: WorkspaceLayout, plan: DeletionOfModel, initiator: Initiator, reporter: Reporter) -> str:
    """Take the file away and return the operation's identifier. Raises `ChangedMeanwhile`, `FileSystemError`."""
    return carry_out(layout, plan.change, plan.root, initiator, reporter)


def plan_quarantine(root: str, path: str) -> ChangePlan:
    """What renaming a damaged file below a root takes, so that nothing loads it. Raises `FileSystemError`."""
    with disk_errors("plan the renaming of the model"):
        where = file_place(root, path)
        step = swap(where.scope, f"{where.path}{DAMAGED_ENDING}", has_new=True, source=where.path)
        work = PlanStep("rename", path, f"to {os.path.basename(path)}{DAMAGED_ENDING}")
        return make_plan(where.scope, "model verify", [step], work=[work], fetch_bytes=0, disk_needed=0)


def carry_out(layout: WorkspaceLayout, change: ChangePlan, root: str, initiator: Initiator, reporter: Reporter) -> str:
    """Carry out a change of names below a root, and bring the index up to date there."""
    with changing_models(layout, change, initiator, reporter) as under_way:
        under_way.commit()
    refresh_index(layout, [root])
    return under_way.id


def _read_those_of_its_size(index: ModelIndex, place: ModelLocation, reporter: Reporter) -> None:
    """Only they can hold the same, and only their digests tell."""
    for one in index.without_digests():
        if one.state.size == place.state.size and one.full_path != place.full_path and _is_there(one):
            hash_file(index, one, reporter, before=0, total=one.state.size)


def _one_file(places: list[ModelLocation], identifier: str) -> ModelLocation:
    if len(places) > 1:
        by_path = [one for one in places if identifier in (one.path, one.full_path, os.path.relpath(one.full_path))]
        if len(by_path) != 1:
            raise ConflictError(
                f"`{identifier}` is in {len(places)} files",
                hint="name one by its path:\n" + "\n".join(f"  {one.full_path}" for one in places),
                context={"identifier": identifier, "files": [one.full_path for one in places]},
            )
        return by_path[0]
    return places[0]


def _stays(one: ModelLocation, deleted: ModelLocation) -> bool:
    """Whether a file is there, and still will be when another is deleted: it is no other way to that one."""
    if one.full_path == deleted.full_path or not _is_there(one):
        return False
    is_link = os.path.islink(deleted.full_path)
    return is_link or os.path.realpath(one.full_path) != os.path.realpath(deleted.full_path)


def _is_there(place: ModelLocation) -> bool:
    """Whether a file is as the index has it."""
    try:
        return is_unchanged(place)
    except OSError:
        return False
