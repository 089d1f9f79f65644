"""Models that bundles carry: found by their digests, and put where workflows look for them without replacing any."""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.models.indexing import sync_index
from comfydock_core.core.usecases.models.places import models_directory
from comfydock_core.models.environments.template import Template
from comfydock_core.models.protocols import ImportCallbacks, Reporter
from comfydock_core.models.sharing import MODELS, BundleManifest, BundleSource, MemberDigest, NeededModel
from comfydock_core.records import record
from comfydock_core.repositories.model_index.model_index import ModelIndex, open_model_index
from comfydock_core.utils.faults import fault
from comfydock_core.utils.files.digests import Digests, digests_of
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.file_states import is_unchanged
from comfydock_core.utils.files.renames import rename_to_new
from comfydock_core.utils.reporting import SilentReporter


@record
class FoundModels:
    """Members to be, the models that they are of, and those that cannot be carried, with the reason."""

    members: tuple[BundleSource, ...]
    carried: tuple[NeededModel, ...]
    lacking: tuple[tuple[str, str], ...]


def find_models(workspace: WorkspaceLayout, models: Iterable[NeededModel]) -> FoundModels:
    """The files of this workspace that hold what workflows were locked with. No file is read: the index has digests.

    Raises `ModelIndexDamaged`, `FileSystemError`.
    """
    members: dict[str, BundleSource] = {}
    carried: list[NeededModel] = []
    lacking: list[tuple[str, str]] = []
    if not os.path.exists(workspace.model_index):
        sync_index(workspace, SilentReporter(), hash_files=False, eager=False)
    with open_model_index(workspace.model_index, to_write=False) as index, disk_errors("look at the models"):
        for model in models:
            found = _found(index, model)
            name = f"{MODELS}{model.place}"
            if isinstance(found, str):
                lacking.append((name, found))
                continue
            members.setdefault(name, found)
            carried.append(model)
    return FoundModels(tuple(members.values()), tuple(carried), tuple(lacking))


def _found(index: ModelIndex, model: NeededModel) -> BundleSource | str:
    """The member, or why there is none."""
    if not model.folder:
        return "no folder of it is known"
    digests = [digest for digest in (model.sha256, model.blake3) if digest is not None]
    if not digests:
        return "its content is not known; `comfydock workflow lock` reads it"
    for place in (place for digest in digests for place in index.locations_with(digest)):
        if place.sha256 is not None and not place.absent and is_unchanged(place):
            digest = MemberDigest(place.sha256, place.state.size)
            return BundleSource(f"{MODELS}{model.place}", digest, os.path.realpath(place.full_path))
    return "no file here holds that content"


def place_models(
    workspace: WorkspaceLayout,
    template: Template,
    manifest: BundleManifest | None,
    callbacks: ImportCallbacks,
    reporter: Reporter,
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Put the models of a bundle below the models directory; returns those that are there, and the others with reasons.

    A name that is taken stays what it is. Raises `ModelIndexDamaged`, `FileSystemError`.
    """
    carried = {name: path for name, path in template.carried.items() if name.startswith(MODELS) and path is not None}
    if not carried:
        return (), ()
    reporter.phase("Putting the models in place")
    placed: dict[str, Digests] = {}
    left: list[tuple[str, str]] = []
    needed = {f"{MODELS}{one.place}": one for one in manifest.models} if manifest is not None else {}
    directory = models_directory(workspace)
    for name, path in sorted(carried.items()):
        place = name.removeprefix(MODELS)
        with disk_errors("put the models in place", directory):
            found = digests_of(path)
            reason = _refusal(needed.get(name), found) or _put(path, f"{directory}/{place}", found)
        callbacks.on_model(place, reason)
        if reason is None:
            placed[place] = found
        else:
            left.append((place, reason))
    if placed:
        _note(workspace, {f"{directory}/{place}": found for place, found in placed.items()})
    return tuple(placed), tuple(left)


def _refusal(model: NeededModel | None, found: Digests) -> str | None:
    """Why a model is not what its bundle says of it; the member itself is what the bundle lists."""
    if model is None:
        return "no workflow of the bundle is locked with it"
    if model.sha256 not in (None, found.sha256) or model.blake3 not in (None, found.blake3):
        return "it is not the content that the workflows are locked with"
    return None


def _put(path: str, target: str, found: Digests) -> str | None:
    """Give a file its name, unless that is taken; the same content under it will do."""
    if os.path.lexists(target):
        is_same = os.path.isfile(target) and digests_of(target) == found
        return None if is_same else "another file has its name"
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with _on_the_same_disk(path, target) as near, contextlib.suppress(FileExistsError):
        os.chmod(near, 0o644)
        fault("model to be placed")
        rename_to_new(near, target)
        return None
    return "another file has its name"


@contextlib.contextmanager
def _on_the_same_disk(path: str, target: str) -> Iterator[str]:
    """The file, or a copy of it beside the target, which goes unless it got its name."""
    directory, name = os.path.split(target)
    if os.stat(path).st_dev == os.stat(directory).st_dev:
        yield path
        return
    near = f"{directory}/.{name}.{secrets.token_hex(4)}.part"
    try:
        shutil.copyfile(path, near)
        yield near
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(near)


def _note(workspace: WorkspaceLayout, placed: Mapping[str, Digests]) -> None:
    """Let the index know the new files with the digests that were made of them."""
    sync_index(workspace, SilentReporter(), hash_files=False, eager=False)
    with open_model_index(workspace.model_index) as index, disk_errors("note the models"):
        for path, digests in placed.items():
            index.note_digests(path, digests)
