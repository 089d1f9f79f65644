"""Letting files of equal content share their bytes where they lie. No name changes, and `undo` splits them again."""

import os
import stat
from collections.abc import Iterable, Sequence

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.models.indexing import disk_manners, reading, refresh_index
from comfydock_core.core.usecases.models.scopes import changing_models, file_place
from comfydock_core.models.model_files.grouping import one_name_each
from comfydock_core.models.model_files.location import ModelLocation
from comfydock_core.models.operation import ChangePlan, Initiator
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.records import record
from comfydock_core.repositories.model_index.model_index import open_model_index
from comfydock_core.services.transaction import make_plan
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils.files.digests import Digests, digests_of
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.file_states import file_state, is_unchanged
from comfydock_core.utils.files.sharing import is_open_for_writing, share
from comfydock_core.utils.text import size_text


@record
class Twin:
    """A file below a root that is to share the bytes of another: by path, and as the step of the change names it."""

    root: str
    path: str
    kept: str
    step: str
    size: int


@record
class Deduplication:
    """What is to share bytes on one disk, and what cannot, with the reason. `wasted` are the bytes held twice."""

    twins: tuple[Twin, ...]
    skipped: tuple[tuple[str, str], ...]
    change: ChangePlan | None

    @property
    def wasted(self) -> int:
        return sum(twin.size for twin in self.twins)


def plan_deduplication(
    layout: WorkspaceLayout, folder: str | None, reporter: Reporter, *, eager: bool
) -> list[Deduplication]:
    """Read all files whose digests are equal once more, and plan one change a disk for those that still are.

    Raises `ModelIndexDamaged`, `FileSystemError`.
    """
    with open_model_index(layout.model_index) as index:
        groups = [group for group in index.duplicates() if folder in (None, *(one.folder for one in group))]
    files = [_files(group) for group in groups]
    by_disk: dict[int, list[list[ModelLocation]]] = {}
    for group in files:
        for device in dict.fromkeys(one.state.device for one in group):
            same = [one for one in group if one.state.device == device]
            if len(same) > 1:
                by_disk.setdefault(device, []).append(same)
    with disk_errors("compare models"), disk_manners(eager=eager):
        return [_plan(found, reporter) for found in by_disk.values()]


def deduplicate(
    layout: WorkspaceLayout, plan: Deduplication, initiator: Initiator, reporter: Reporter
) -> dict[str, int]:
    """Carry it out; returns how many files became what. Raises `ChangedMeanwhile`, `FileSystemError`."""
    made: dict[str, int] = {}
    if plan.change is None:
        return made
    with changing_models(layout, plan.change, initiator, reporter) as under_way:
        for twin in plan.twins:
            how = share(twin.kept, under_way.place(twin.step), twin.path)
            made[how] = made.get(how, 0) + 1
        under_way.commit()
    refresh_index(layout, {twin.root for twin in plan.twins})
    _keep_digests(layout, plan)
    return made


def _keep_digests(layout: WorkspaceLayout, plan: Deduplication) -> None:
    """A clone is another file, with bytes that were compared just now."""
    with open_model_index(layout.model_index) as index:
        for twin in plan.twins:
            known = index.names_of_file(file_state(twin.kept))
            if known and known[0].blake3 is not None and known[0].sha256 is not None:
                index.note_digests(twin.path, Digests(known[0].blake3, known[0].sha256, twin.size))


def _files(group: Iterable[ModelLocation]) -> list[ModelLocation]:
    """One name for each file, a name that is no link where there is one."""
    return one_name_each(sorted(group, key=lambda one: os.path.islink(one.full_path)))


def _plan(groups: Sequence[Sequence[ModelLocation]], reporter: Reporter) -> Deduplication:
    twins: list[tuple[ModelLocation, ModelLocation]] = []
    skipped: list[tuple[str, str]] = []
    total, before = sum(one.state.size for group in groups for one in group), 0
    reporter.phase("Comparing files of equal digests")
    for group in groups:
        digests: dict[str, ModelLocation] = {}
        for one in sorted(group, key=lambda one: -os.stat(one.full_path).st_nlink):
            reason = _why_not(one)
            if reason is None:
                digest = digests_of(one.full_path, reading(reporter, before, total)).blake3
                kept = digests.setdefault(digest, one)
                reason = None if kept is one else _why_not_together(kept, one)
                if kept is not one and reason is None:
                    twins.append((kept, one))
            if reason is not None:
                skipped.append((one.full_path, reason))
            before += one.state.size
    return _change(twins, skipped)


def _change(twins: Sequence[tuple[ModelLocation, ModelLocation]], skipped: Sequence[tuple[str, str]]) -> Deduplication:
    if not twins:
        return Deduplication((), tuple(skipped), None)
    places = [file_place(one.root, one.full_path) for _, one in twins]
    scope = places[0].scope
    paths = [os.path.relpath(f"{place.scope}/{place.path}", scope) for place in places]
    steps = [swap(scope, path, has_new=True, detail=f"shares the bytes of {kept.full_path}")
             for path, (kept, _) in zip(paths, twins, strict=True)]  # fmt: skip
    work = [PlanStep("share", one.full_path, f"{size_text(one.state.size)}, with {kept.full_path}")
            for kept, one in twins]  # fmt: skip
    holds = sorted({place.scope for place in places} - {scope})
    inputs = list(dict.fromkeys(kept.full_path for kept, _ in twins))
    change = make_plan(
        scope, "model dedupe", steps, work=work, inputs=inputs, holds=holds, fetch_bytes=0, disk_needed=0
    )
    found = [Twin(one.root, one.full_path, kept.full_path, path, one.state.size)
             for path, (kept, one) in zip(paths, twins, strict=True)]  # fmt: skip
    return Deduplication(tuple(found), tuple(skipped), change)


def _why_not(place: ModelLocation) -> str | None:
    """Why a file is left as it is."""
    found = os.lstat(place.full_path)
    if not stat.S_ISREG(found.st_mode):
        return "it is a link, and what it leads to is not among the models"
    if not is_unchanged(place):
        return "it changed since the index was brought up to date"
    if is_open_for_writing(place.full_path):
        return "another program has it open for writing"
    return None


def _why_not_together(kept: ModelLocation, other: ModelLocation) -> str | None:
    if os.stat(kept.full_path).st_uid != os.stat(other.full_path).st_uid:
        return f"it has another owner than {kept.full_path}"
    return None
