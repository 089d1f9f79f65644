"""Which files of a definition become others, and which of them would take uncommitted work away."""

import os
from collections.abc import Iterator, Mapping

from comfydock_core.configs.environment_layout import BACKEND_CHOICE, BACKENDS, WORKFLOWS, EnvironmentLayout
from comfydock_core.core.usecases.history.fitness import files_of
from comfydock_core.core.usecases.history.workflow_copies import take_workflows
from comfydock_core.integrations.git.committing import CommitBuilder
from comfydock_core.integrations.git.trees import LINK, PLAIN, read_tree
from comfydock_core.models.exceptions import HistoryDamaged
from comfydock_core.models.file_moves import FileSwaps, TreeFile
from comfydock_core.models.history.moving import DISCARD, REFUSE, Uncommitted
from comfydock_core.records import record
from comfydock_core.repositories.history.conversion_note import converted_files
from comfydock_core.repositories.live_workflows import look_at_workflows
from comfydock_core.services.transaction.file_swaps import plan_file_swaps

Files = Mapping[str, TreeFile]
MANIFEST, LOCK, PYTHON = "pyproject.toml", "uv.lock", ".python-version"
# What only this machine knows, and ignores when it commits; strangers may have committed theirs.
_OF_MACHINE = (".complete", BACKEND_CHOICE)


def is_of_python(path: str) -> bool:
    """Whether a file belongs to what packages are locked in; these files only make sense together."""
    return path in (MANIFEST, LOCK, PYTHON) or path.startswith(f"{BACKENDS}/")


@record
class Snapshot:
    """The files of a definition in three places: as committed, as they are now (live workflows), as they are to be.

    `converted` are those that are as an earlier move converted them: they go and stay with the commit that they were
    converted from, like committed ones.
    """

    head: Files
    present: Files
    target: Files
    converted: frozenset[str] = frozenset()

    @property
    def dirty(self) -> set[str]:
        """What is not committed."""
        return _different(self.head, self.present) - self.converted

    @property
    def _moving(self) -> set[str]:
        """What the commits have differently, and with it all that was converted."""
        moving = _different(self.head, self.target)
        if any(is_of_python(path) or path in self.converted for path in moving):
            moving |= {path for path in self.converted if self.present.get(path) != self.target.get(path)}
        return moving

    def changes(self, policy: str) -> dict[str, TreeFile | None]:
        """What becomes of each path that changes, `None` where nothing is there then.

        What is not committed and the same at both places stays, as with git; with another policy only what no commit
        knows does, and with `stash` not even that, because it is kept elsewhere.
        """
        if policy == REFUSE:
            paths = self._moving
        elif policy == DISCARD:
            paths = self._moving | {path for path in self.dirty if path in self.head}
        else:
            paths = (_different(self.present, self.target) - self.converted) | self._moving
        return {path: self.target.get(path) for path in sorted(paths)}

    def in_the_way(self) -> Iterator[Uncommitted]:
        """The uncommitted work that a move would overwrite."""
        moving, dirty = self._moving, self.dirty
        lost = {path for path in moving & dirty if self.present.get(path) != self.target.get(path)}
        if any(is_of_python(path) for path in moving):
            lost |= {path for path in dirty if is_of_python(path) and self.present.get(path) != self.target.get(path)}
        for path in sorted(lost):
            kind, name = ("workflow", _workflow(path)) if path.startswith(WORKFLOWS) else ("definition", path)
            how = "new" if path not in self.head else "removed" if path not in self.present else "changed"
            yield Uncommitted(kind, name, f"{how}, not committed")


def take_snapshot(
    builder: CommitBuilder, layout: EnvironmentLayout, commit: str, objects: str | None = None
) -> Snapshot:
    """Look at all three; `objects` is as in `Destination`.

    Raises `RepositoryUnfit`, `HistoryDamaged`, `GitFailed`, `OSError`.
    """
    builder.add_everything()
    live = look_at_workflows(layout.workflows)
    if live is not None:
        take_workflows(builder, layout, live)
    target = read_tree(layout.definition, commit, lender=objects)
    _refuse_other_kinds(layout, target)
    sides = (_named(builder.committed()), _named(files_of(builder, layout)), target)
    head, present, target = ({path: one for path, one in side.items() if path not in _OF_MACHINE} for side in sides)
    noted = converted_files(layout.definition)
    converted = {path for path, name in noted.items() if path in present and present[path].object == name}
    return Snapshot(head, present, target, frozenset(path for path in converted if present[path] != head.get(path)))


def plan_definition(layout: EnvironmentLayout, changes: Mapping[str, TreeFile | None]) -> FileSwaps:
    """The swaps in `.cec`. Raises `OSError`."""
    return plan_file_swaps(layout.root, {f".cec/{path}": file for path, file in changes.items()}, (".cec",))


def plan_workflows(layout: EnvironmentLayout, changes: Mapping[str, TreeFile | None], snapshot: Snapshot) -> FileSwaps:
    """The swaps of the workflows that ComfyUI has, where it has a folder of them in the environment.

    Where there is no folder yet, nobody misses those that stay the same: it comes whole. Raises `OSError`.
    """
    folder = os.path.relpath(layout.workflows, layout.root)
    if not has_own_workflows(layout):
        return FileSwaps()
    present = snapshot.present
    if not os.path.lexists(layout.workflows) and any(path.startswith(WORKFLOWS) for path in changes):
        changes, present = {**snapshot.target, **changes}, {}
    wanted = {
        f"{folder}/{path.removeprefix(WORKFLOWS)}": file and TreeFile(PLAIN, file.object)
        for path, file in changes.items()
        if is_live_workflow(path, file) and present.get(path) != file
    }
    above = folder.split("/")
    return plan_file_swaps(layout.root, wanted, ["/".join(above[:count]) for count in range(1, len(above) + 1)])


def has_own_workflows(layout: EnvironmentLayout) -> bool:
    """Whether the folder of workflows is in the environment, not a link to one that is shared with others."""
    root = os.path.realpath(layout.root)
    return os.path.isdir(layout.comfyui) and os.path.realpath(layout.workflows).startswith(f"{root}{os.sep}")


def is_live_workflow(path: str, file: TreeFile | None) -> bool:
    """Whether a file of the definition is the copy of a live workflow: links and hidden names are not taken there."""
    is_hidden = any(part.startswith(".") for part in path.split("/"))
    return path.startswith(WORKFLOWS) and not is_hidden and (file is None or file.mode != LINK)


def _different(one: Files, other: Files) -> set[str]:
    return {path for path in one.keys() | other.keys() if one.get(path) != other.get(path)}


def _named(files: Mapping[bytes, tuple[int, str]]) -> dict[str, TreeFile]:
    return {path.decode("utf-8", "surrogateescape"): TreeFile(*file) for path, file in files.items()}


def _workflow(path: str) -> str:
    return path.removeprefix(WORKFLOWS).removesuffix(".json")


def _refuse_other_kinds(layout: EnvironmentLayout, target: Files) -> None:
    """What packages are locked in must be files, as a link would lead to another's, and folders must be folders."""
    folders = (WORKFLOWS.rstrip("/"), BACKENDS)
    for path, file in target.items():
        if path in folders or (file.mode == LINK and is_of_python(path)):
            what, wanted = "a link" if file.mode == LINK else "a file", "a folder" if path in folders else "a file"
            raise HistoryDamaged(
                f"`{path}` is {what} in that commit, where {wanted} belongs",
                hint="whoever made the commit did not make it with ComfyDock; do not trust it",
                context={"repository": layout.definition, "path": path},
            )
