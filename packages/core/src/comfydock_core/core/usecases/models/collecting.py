"""Taking model files away that nothing refers to, so that `undo` brings them back."""

import os
import time
from collections.abc import Sequence
from dataclasses import asdict, replace

from comfydock_core.analyzers.model_files.mentions import Called, Mentions
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.models.indexing import ModelSync, disk_manners, refresh_index, sync_index
from comfydock_core.core.usecases.models.places import places_of_models
from comfydock_core.core.usecases.models.referring import hear_all, referring_scopes, refuse_mentioned
from comfydock_core.core.usecases.models.scopes import changing_models, file_place
from comfydock_core.core.usecases.models.unneeded import Limits, Sorting
from comfydock_core.core.usecases.workspace.operations import full_name
from comfydock_core.models.exceptions import NotFoundError, ReferencesUnreadable
from comfydock_core.models.model_files.location import ModelLocation
from comfydock_core.models.operation import ChangePlan, Initiator
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.records import record
from comfydock_core.repositories.model_index.model_index import ModelIndex, open_model_index
from comfydock_core.services.transaction import make_plan
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.text import counted, size_text

_ONLY_HERE = "nothing: only here"


@record
class UnneededModel:
    """A file that is to go, or a link to one, which frees nothing and needs no digest.

    `because` says why it goes, `brings_back` where its content can be had once it is gone for good.
    """

    path: str
    is_link: bool
    size: int
    frees: int
    blake3: str | None
    sha256: str | None
    because: str
    brings_back: str

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return asdict(self)


@record
class Collection:
    """What is to go, with one change for each directory whose operations keep it, and what is kept, with the reason.

    `called` is what must not be mentioned anywhere when the files go, `roots` are where they lie.
    """

    files: tuple[UnneededModel, ...]
    kept: tuple[tuple[str, str], ...]
    changes: tuple[ChangePlan, ...]
    called: Called
    roots: tuple[str, ...]

    @property
    def bytes(self) -> int:
        return sum(one.frees for one in self.files)


def plan_collection(layout: WorkspaceLayout, folder: str | None, age: float, reporter: Reporter) -> Collection:
    """What nothing refers to and did not change for `age` seconds, in ComfyUI's folders or in the one that is named.

    The index is brought up to date, and files are read before they go, for what is noted of them. Raises
    `ReferencesUnreadable`, `EnvironmentChanging`, `NotFoundError` for an unknown folder, `FileSystemError`.
    """
    _refuse_unseen(sync_index(layout, reporter, hash_files=False, eager=False))
    with (
        open_model_index(layout.model_index) as index,
        disk_errors("look for models that nothing refers to"),
        disk_manners(eager=False),
    ):
        places = [one for one in index.locations() if not one.absent]
        limits = Limits(folder, _known_folders(layout), time.time() - age)
        sorting = Sorting(index, places, limits)
        _refuse_unknown(folder, places, sorting)
        mentions = _sort(layout, index, sorting, places, reporter)
        going = sorted(sorting.going, key=lambda one: one.full_path)
        files = [_described(index, sorting, one, limits) for one in going]
        kept = [(path, reason) for path, reason in sorted(sorting.kept.items()) if path not in sorting.aside]
        called = sorting.called(going)
        # What is mentioned by a digest goes where another file of the same content stays.
        called = replace(called, digests=called.digests - mentions.found.keys())
        changes = _changes(layout, going, files, sorting)
        roots = dict.fromkeys(one.root for one in going)
        return Collection(tuple(files), tuple(kept), tuple(changes), called, tuple(roots))


def collect(layout: WorkspaceLayout, plan: Collection, initiator: Initiator, reporter: Reporter) -> list[str]:
    """Take the files away, and return the full names of the operations, one for each directory that keeps them.

    Before each, with all environments held, everything is read once more: what is referred to by now stops it. Raises
    `ChangedMeanwhile`, `ScopeBusy`, `ReferencesUnreadable`, `FileSystemError`.
    """
    names = []
    for change in plan.changes:
        with changing_models(layout, change, initiator, reporter) as under_way:
            refuse_mentioned(layout, plan.called, reporter)
            under_way.commit()
        names.append(full_name(change.scope, under_way.id))
    refresh_index(layout, plan.roots)
    return names


def _refuse_unseen(sync: ModelSync) -> None:
    """Raise `ReferencesUnreadable` for a directory of models that was not looked through: links may lead out of it."""
    for change in sync.changes:
        for path, problem in change.problems:
            place = os.path.join(change.root, path)
            if change.present and not os.path.islink(place):
                raise ReferencesUnreadable(
                    f"`{place}` cannot be read: {problem}; a link in it may lead to any model, so none is taken away",
                    hint="make it readable and run the command again",
                    context={"path": place, "reason": problem},
                )


def _sort(
    layout: WorkspaceLayout, index: ModelIndex, sorting: Sorting, places: Sequence[ModelLocation], reporter: Reporter
) -> Mentions:
    """Keep what is to be kept; what is read for the first time is looked for once more, by its digests."""
    sorting.keep_by_rule()
    mentions = Mentions(sorting.called(places))
    hear_all(layout, index, mentions, reporter)
    sorting.keep_named(mentions)
    sorting.keep_what_others_rest_on(mentions)
    if sorting.read_what_is_left(reporter):
        mentions = Mentions(sorting.called(sorting.going))
        hear_all(layout, index, mentions, reporter)
        sorting.keep_named(mentions)
    sorting.keep_what_others_rest_on(mentions)
    return mentions


def _known_folders(layout: WorkspaceLayout) -> dict[str, str]:
    """The directories of ComfyUI's folders without links, with the names of the folders."""
    roots = places_of_models(layout).roots
    return {
        os.path.realpath(os.path.join(root.path, inside)): name for root in roots for inside, name, _ in root.folders
    }


def _refuse_unknown(folder: str | None, places: Sequence[ModelLocation], sorting: Sorting) -> None:
    names = {one.folder for one in places} | {sorting.folder_of(one) for one in places}
    known = sorted(name for name in names if name)
    if folder is not None and folder not in known:
        raise NotFoundError(
            f"no indexed model lies in a folder `{folder}`",
            hint=f"there are {', '.join(known)}" if known else "no models are there at all",
            context={"folder": folder, "known": known},
        )


def _described(index: ModelIndex, sorting: Sorting, place: ModelLocation, limits: Limits) -> UnneededModel:
    since = time.strftime("%Y-%m-%d", time.localtime(limits.since))
    is_link = os.path.islink(place.full_path)
    because = f"nothing refers to this {'link' if is_link else 'file'}, which did not change since {since}"
    back = f"it leads to {os.path.realpath(place.full_path)}" if is_link else _brings_back(index, sorting, place)
    return UnneededModel(
        place.full_path, is_link, place.state.size, sorting.frees(place), place.blake3, place.sha256, because, back
    )


def _brings_back(index: ModelIndex, sorting: Sorting, place: ModelLocation) -> str:
    """From where the content of a file can be had that is gone for good."""
    others = sorting.others_with(place)
    if others:
        return f"the same is in {others[0]}"
    sources = index.sources_at(place)
    proven = [one for one in sources if place.sha256 and str(one.details.get("sha256")).lower() == place.sha256]
    if proven:
        return proven[0].url
    if sources:
        return f"perhaps {sources[0].url}, of which no digest is known"
    unread = sorting.may_be_elsewhere(place)
    if unread:
        return f"{_ONLY_HERE}, unless it is one of {counted(unread, 'file')} of its size that were not read yet"
    return _ONLY_HERE


def _changes(
    layout: WorkspaceLayout, going: Sequence[ModelLocation], files: Sequence[UnneededModel], sorting: Sorting
) -> list[ChangePlan]:
    """One change for each directory whose operations keep what goes."""
    scopes: dict[str, list[tuple[str, UnneededModel]]] = {}
    for place, one in zip(going, files, strict=True):
        where = file_place(place.root, place.full_path)
        scopes.setdefault(where.scope, []).append((where.path, one))
    holds = referring_scopes(layout)
    inputs = sorted(sorting.relied_on)
    return [
        make_plan(
            scope,
            "model gc",
            [swap(scope, path, has_new=False, detail=_digest_of(one)) for path, one in found],
            work=[PlanStep("remove", one.path, _told(one)) for _, one in found],
            inputs=inputs,
            holds=holds,
            fetch_bytes=0,
            disk_needed=0,
        )
        for scope, found in scopes.items()
    ]


def _digest_of(one: UnneededModel) -> str:
    return "a link" if one.is_link else f"blake3 {one.blake3 or 'as under its other name'}"


def _told(one: UnneededModel) -> str:
    return f"{size_text(one.frees)}, {_digest_of(one)}; {one.because}; would bring it back: {one.brings_back}"
