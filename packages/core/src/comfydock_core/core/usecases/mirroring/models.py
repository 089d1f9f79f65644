"""Models for a mirror: each content once, named by its BLAKE3, with a hard link where one can be made."""

import os
from collections.abc import Iterable, Iterator

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.models.indexing import sync_index
from comfydock_core.models.mirrors import ALL_MODELS, MODELS, MirroredModel, MirrorFile
from comfydock_core.models.model_files import ModelLocation
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.sharing import NeededModel
from comfydock_core.repositories.mirrors.store import MirrorWriter
from comfydock_core.repositories.model_index.model_index import ModelIndex, open_model_index
from comfydock_core.utils.files.digests import Digests, digests_of


def take_models(
    workspace: WorkspaceLayout, writer: MirrorWriter, which: str, needed: Iterable[NeededModel], reporter: Reporter
) -> list[tuple[str, str]]:
    """Put models into the mirror, `all` or those that are `needed`; returns what is not here, with the reason.

    Raises `ModelIndexDamaged`, `ScopeBusy`, `ChangedMeanwhile`, `OSError`.
    """
    sync_index(workspace, reporter, hash_files=which == ALL_MODELS, eager=False)
    lacking: list[tuple[str, str]] = []
    with open_model_index(workspace.model_index, to_write=False) as index:
        found = [(one.path, one) for one in index.locations()] if which == ALL_MODELS else []
        for model in () if which == ALL_MODELS else needed:
            place = next(_places(index, model), None)
            if place is None:
                lacking.append((model.place, "no such model is in this workspace"))
            else:
                found.append((model.place, place))
    for number, (path, place) in enumerate(found):
        reporter.progress("Taking models", number, len(found), "models")
        if not place.absent and os.path.isfile(place.full_path):
            digests = _digests(place)
            one = MirrorFile(digests.sha256, digests.size)
            writer.take_linked(f"{MODELS}{digests.blake3}", place.full_path, one)
            writer.now.models[path] = MirroredModel(path, digests.blake3)
    return lacking


def _places(index: ModelIndex, model: NeededModel) -> Iterator[ModelLocation]:
    """By its digests; where none is known, by the path that workflows ask for."""
    digests = [one for one in (model.blake3, model.sha256) if one is not None]
    for digest in digests:
        yield from index.locations_with(digest)
    if not digests:
        yield from (one for one in index.locations() if one.path == model.place)


def _digests(place: ModelLocation) -> Digests:
    if place.blake3 is not None and place.sha256 is not None:
        return Digests(place.blake3, place.sha256, place.state.size)
    return digests_of(place.full_path)
