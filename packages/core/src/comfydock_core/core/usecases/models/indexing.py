"""Bringing the index of models up to date with what lies in the directories, and reading files for their digests."""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator

from comfydock_core.analyzers.model_scanner import ModelScanner
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.models.places import places_of_models
from comfydock_core.models.model_files.index import IndexChange
from comfydock_core.models.model_files.location import ModelLocation
from comfydock_core.models.protocols import Reporter
from comfydock_core.records import record
from comfydock_core.repositories.model_index.earlier import take_in_earlier_index
from comfydock_core.repositories.model_index.model_index import ModelIndex, open_model_index
from comfydock_core.utils.files.digests import Digests, digests_of
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.file_states import file_state, is_unchanged
from comfydock_core.utils.io_priority import last_at_the_disk
from comfydock_core.utils.text import counted


@record
class ModelSync:
    """What became of an update of the index.

    `forgotten` are the roots that no environment names any more, `hashed` the files whose digests were made and
    `unhashed` those that still have none; `failed` are paths that could not be read, with the reason.
    """

    changes: tuple[IndexChange, ...]
    forgotten: tuple[str, ...] = ()
    hashed: int = 0
    unhashed: int = 0
    failed: tuple[tuple[str, str], ...] = ()

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "roots": [change.as_dict() for change in self.changes],
            "forgotten": list(self.forgotten),
            "hashed": self.hashed,
            "unhashed": self.unhashed,
            "failed": [{"path": path, "problem": problem} for path, problem in self.failed],
        }


def sync_index(layout: WorkspaceLayout, reporter: Reporter, *, hash_files: bool, eager: bool) -> ModelSync:
    """Look through all roots and note what changed; with `hash_files` read what has no digests yet.

    Digests are noted file by file, so that reading goes on where it was stopped. Raises `ModelIndexDamaged`,
    `BusyError`, `FileSystemError`.
    """
    with disk_errors("look for models"):
        os.makedirs(layout.cache, exist_ok=True)
    reporter.phase("Looking for models")
    with open_model_index(layout.model_index) as index:
        take_in_earlier_index(index, layout.earlier_model_index, reporter)
        changes, forgotten = _scan_all(layout, index, reporter)
        hashed, failed = _hash_all(index, reporter, eager=eager) if hash_files else (0, ())
        return ModelSync(changes, forgotten, hashed, index.count_without_digests(), failed)


def plan_sync(layout: WorkspaceLayout, reporter: Reporter) -> ModelSync:
    """What `sync_index` would note, without noting it."""
    reporter.phase("Looking for models")
    with open_model_index(layout.model_index, to_write=False) as index, index.copied() as copy:
        changes, forgotten = _scan_all(layout, copy, reporter)
        return ModelSync(changes, forgotten, 0, copy.count_without_digests())


def refresh_index(layout: WorkspaceLayout, roots: Iterable[str]) -> None:
    """Look through some roots again, after a change of ours in them. Raises what `sync_index` raises."""
    wanted = frozenset(roots)
    with open_model_index(layout.model_index) as index, disk_errors("look for models"):
        for root in places_of_models(layout, wanted).roots:
            if root.path in wanted:
                index.take_in(ModelScanner(root).scan())


def _scan_all(
    layout: WorkspaceLayout, index: ModelIndex, reporter: Reporter
) -> tuple[tuple[IndexChange, ...], tuple[str, ...]]:
    """Look through all roots. Nothing is forgotten while an environment does not tell what it reads."""
    with disk_errors("look for models"):
        places = places_of_models(layout, [root.path for root in index.roots()])
        changes = tuple(index.take_in(ModelScanner(root).scan()) for root in places.roots)
    for name, reason in places.untold:
        reporter.warn(f"what the environment `{name}` reads besides the models directory is unknown: {reason}")
    if places.untold:
        return changes, ()
    return changes, tuple(index.forget_roots([root.path for root in places.roots]))


def _hash_all(index: ModelIndex, reporter: Reporter, *, eager: bool) -> tuple[int, tuple[tuple[str, str], ...]]:
    files = index.without_digests()
    total, before, hashed = sum(one.state.size for one in files), 0, 0
    failed: list[tuple[str, str]] = []
    if files:
        reporter.phase(f"Reading {counted(len(files), 'file')}")
    with disk_manners(eager=eager):
        for one in files:
            try:
                hash_file(index, one, reporter, before=before, total=total)
                hashed += 1
            except OSError as error:
                failed.append((one.full_path, error.strerror or str(error)))
            before += one.state.size
    return hashed, tuple(failed)


def hash_file(
    index: ModelIndex,
    place: ModelLocation,
    reporter: Reporter,
    *,
    before: int,
    total: int,
    first_seen: int | None = None,
) -> Digests:
    """Read a file whole and note its digests; `before` of `total` bytes were read of other files.

    With `first_seen`, Unix seconds, a content that is not known yet counts as seen then, and not just now.
    Raises `OSError`, also for a file that is not as the index has it or changes while it is read.
    """
    _refuse_changed(place)
    digests = digests_of(place.full_path, reading(reporter, before, total))
    _refuse_changed(place)
    index.note_digests_of(file_state(place.full_path), digests, first_seen)
    return digests


def reading(reporter: Reporter, before: int, total: int) -> Callable[[int, int | None], None]:
    """What hears how many bytes of a file are read, after `before` of `total` bytes of several."""

    def on_progress(done: int, _: int | None) -> None:
        reporter.progress("reading", before + done, total, "bytes")

    return on_progress


@contextlib.contextmanager
def disk_manners(*, eager: bool) -> Iterator[None]:
    """While inside, other programs go first at the disk, unless `eager`."""
    with contextlib.nullcontext() if eager else last_at_the_disk():
        yield


def _refuse_changed(place: ModelLocation) -> None:
    if not is_unchanged(place):
        raise OSError("it changed since the index was brought up to date")
