"""The patches that definitions on both sides of a move hold."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.usecases.history.patches import held_patches
from comfydock_core.core.usecases.moving.definition_files import Snapshot
from comfydock_core.integrations.git.history import read_small_objects
from comfydock_core.integrations.git.patching import LARGEST_PATCH, unusable
from comfydock_core.integrations.git.trees import LINK
from comfydock_core.models.file_moves import TreeFile
from comfydock_core.records import record


@record
class PatchSides:
    """By what each is of: `before` are the patches that may be applied now, the expected one first; `after` is to be.

    `None` says that no patch is expected. With `enforced`, `after` is applied even where the definition stays.
    """

    before: Mapping[str, tuple[bytes | None, ...]] = field(default_factory=dict)
    after: Mapping[str, bytes] = field(default_factory=dict)
    enforced: bool = False

    def expected(self, what: str) -> bytes | None:
        return next(iter(self.before.get(what, ())), None)

    def possible(self, what: str) -> list[bytes]:
        return [patch for patch in self.before.get(what, ()) if patch is not None]

    def moves(self, what: str) -> bool:
        """Whether another patch is to be applied than is expected to be."""
        return self.after.get(what) != self.expected(what)


NO_PATCHES = PatchSides()


def sides_of_move(
    layout: EnvironmentLayout,
    snapshot: Snapshot,
    changes: Mapping[str, TreeFile | None],
    objects: str | None,
) -> PatchSides:
    """Those of the commit and of the files as they are now, and those that are there when `changes` are done.

    `objects` is as in `Destination`. Raises `PatchUnusable`, `HistoryDamaged`, `GitFailed`, `OSError`.
    """
    committed, present = held_patches(snapshot.head), held_patches(snapshot.present)
    lying = dict(lying_patches(layout, present.values()))
    kept = _contents(layout, objects, {what: snapshot.head[path] for what, path in committed.items()})
    coming = held_patches(path for path, file in changes.items() if file is not None)
    files = {what: file for what, path in coming.items() if (file := changes[path]) is not None}
    arriving = _contents(layout, objects, files)
    leaving = held_patches(path for path, file in changes.items() if file is None)
    after = {what: content for what, content in lying.items() if what not in leaving} | arriving
    before = {}
    for what in committed.keys() | present.keys():
        both = (kept.get(what), lying.get(what))
        before[what] = both if what in coming or what in leaving else both[::-1]
    return PatchSides(before, after)


def held_sides(layout: EnvironmentLayout) -> PatchSides:
    """Those that lie in the definition, on both sides, to be applied where they are not. Raises what that raises."""
    held = dict(lying_patches(layout))
    return PatchSides({what: (patch,) for what, patch in held.items()}, held, enforced=True)


def lying_patches(layout: EnvironmentLayout, paths: Iterable[str] | None = None) -> Iterator[tuple[str, bytes]]:
    """The patches that lie in a definition, by what each is of. Raises `PatchUnusable`, `OSError`."""
    directory = f"{layout.definition}/patches"
    if paths is None:
        paths = [f"patches/{name}" for name in sorted(os.listdir(directory))] if os.path.isdir(directory) else []
    for what, path in held_patches(paths).items():
        place = f"{layout.definition}/{path}"
        if os.path.islink(place) or not os.path.isfile(place) or os.path.getsize(place) > LARGEST_PATCH:
            raise unusable(f"`{path}`", "it is no file, or too large")
        with open(place, "rb") as file:
            yield what, file.read()


def _contents(layout: EnvironmentLayout, objects: str | None, files: Mapping[str, TreeFile]) -> dict[str, bytes]:
    for what, file in files.items():
        if file.mode == LINK:
            raise unusable(f"of {what}", "it is a link")
    names = [file.object for file in files.values()]
    by_object = dict(read_small_objects(layout.definition, names, LARGEST_PATCH, lender=objects))
    found = {}
    for what, file in files.items():
        content = by_object[file.object]
        if content is None:
            raise unusable(f"of {what}", f"it is larger than {LARGEST_PATCH >> 20} MiB")
        found[what] = content
    return found
