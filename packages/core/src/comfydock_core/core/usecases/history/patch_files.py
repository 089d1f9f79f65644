"""The patches of local changes that a commit holds, in `.cec/patches`, and putting them there."""

import os
import shutil
from collections.abc import Callable, Iterator

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.history.local_changes import (
    LocalChanges,
    find_local_changes,
    patch_of_comfyui,
    patch_of_pack,
)
from comfydock_core.core.usecases.history.patches import COMFYUI, DIRECTORY, held_patches, patch_path
from comfydock_core.integrations.git.committing import CommitBuilder, look_again
from comfydock_core.models.committing import PatchFiles
from comfydock_core.models.exceptions import RepositoryUnfit
from comfydock_core.models.operation import Swap
from comfydock_core.records import record
from comfydock_core.services.transaction.execution import Operation
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils.faults import fault

_PLACE = f".cec/{DIRECTORY}"


@record
class TakenPatches:
    """`files` are those to put in place. What is in `of` needs no more than the commit has."""

    files: PatchFiles
    of: frozenset[str]


def take_patches(
    builder: CommitBuilder,
    layout: EnvironmentLayout,
    workspace: WorkspaceLayout,
    *,
    make: bool,
    find: Callable[[], LocalChanges],
) -> TakenPatches:
    """Let the commit hold patches of the local changes, with `make` of all as they are now.

    Patches of changes that are gone go; others stay as they are without `make`. Raises `GitFailed`, `ToolMissing`,
    `ManifestDamaged`, `RepositoryUnfit`, `FileSystemError`, `OSError`.
    """
    listed = {entry.path.decode("utf-8", "surrogateescape"): entry.object for entry in builder.entries()}
    held = held_patches(listed)
    if not make and not held:
        return TakenPatches(PatchFiles({}, ()), frozenset())
    _refuse_unusual_place(layout)
    changes = find()
    new: dict[str, bytes] = {}
    covered = set()
    for what, content in _patches(layout, workspace, changes, lambda what: make or what in held):
        path = patch_path(what)
        is_held = listed.get(path) == builder.object_of(content)
        if make and not is_held:
            new[path] = content
        if make or is_held:
            covered.add(what)
    gone = tuple(path for what, path in held.items() if _is_gone(what, changes))
    builder.write(iter(new.values()))
    builder.put({path: builder.object_of(content) for path, content in new.items()}, gone)
    return TakenPatches(PatchFiles(new, gone), frozenset(covered))


def local_changes_once(layout: EnvironmentLayout, workspace: WorkspaceLayout) -> Callable[[], LocalChanges]:
    """What was changed, looked for when it is asked for first."""
    found: list[LocalChanges] = []

    def find() -> LocalChanges:
        if not found:
            found.append(find_local_changes(layout, workspace))
        return found[0]

    return find


def steps_of_patches(layout: EnvironmentLayout, files: PatchFiles) -> Iterator[Swap]:
    """The folder is swapped as a whole; when nothing is left in it, it goes."""
    if files:
        yield swap(layout.root, _PLACE, has_new=bool(_left(layout, files)), detail="patches of local changes")


def stage_patches(layout: EnvironmentLayout, files: PatchFiles, index: str, under_way: Operation) -> None:
    """Make the folder where the operation takes it from, and let the index know the files. Raises `GitFailed`,
    `OSError`."""
    if not files or not _left(layout, files):
        return
    tree = f"{under_way.work}/patched"
    made = f"{tree}/{DIRECTORY}"
    os.makedirs(tree)
    if os.path.isdir(f"{layout.root}/{_PLACE}"):
        shutil.copytree(f"{layout.root}/{_PLACE}", made, symlinks=True)
    else:
        os.mkdir(made)
    for path in (*files.gone, *files.new):
        if os.path.lexists(f"{tree}/{path}"):
            os.unlink(f"{tree}/{path}")
    for path, content in files.new.items():
        with open(f"{tree}/{path}", "xb") as file:
            file.write(content)
    fault("patches staged")
    look_again(layout.definition, tree, index)
    os.rename(made, under_way.place(_PLACE))


def _patches(
    layout: EnvironmentLayout, workspace: WorkspaceLayout, changes: LocalChanges, wanted: Callable[[str], bool]
) -> Iterator[tuple[str, bytes]]:
    """Those that can be made. A pack called as ComfyUI is has none: its patch would take the other one's place."""
    if changes.comfyui and wanted(COMFYUI) and (content := patch_of_comfyui(layout, changes)):
        yield COMFYUI, content
    for identifier, changed in changes.packs.items():
        if changed and identifier.casefold() != COMFYUI.casefold() and wanted(identifier):
            content = patch_of_pack(layout, workspace, changes.tracked[identifier], changed)
            if content:
                yield identifier, content


def _is_gone(what: str, changes: LocalChanges) -> bool:
    """Whether it is known that nothing is changed any more; a pack that is turned off may still be."""
    if what == COMFYUI:
        return changes.comfyui == []
    return what not in changes.packs or changes.packs[what] == []


def _left(layout: EnvironmentLayout, files: PatchFiles) -> bool:
    """Whether the folder is going to have something in it."""
    place = f"{layout.root}/{_PLACE}"
    there = {f"{DIRECTORY}/{name}" for name in os.listdir(place)} if os.path.isdir(place) else set()
    return bool(files.new or there - set(files.gone))


def _refuse_unusual_place(layout: EnvironmentLayout) -> None:
    place = f"{layout.root}/{_PLACE}"
    if os.path.lexists(place) and (os.path.islink(place) or not os.path.isdir(place)):
        raise RepositoryUnfit(
            f"`{place}` is no directory, so that no patches can be put there",
            hint="move it away, then run the command again",
            context={"path": place},
        )
