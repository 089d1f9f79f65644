"""The files of a definition in any of its states: at a commit, as they are now, or before an operation.

Workflows are those of the state, whatever place they have there: in a commit below `workflows/`, now where ComfyUI's
editor saves them. Every file has an identity, by which states are compared without reading; it is git's name for it.
"""

import os
import stat
from collections.abc import Iterable, Mapping

from comfydock_core.configs.environment_layout import WORKFLOWS, EnvironmentLayout
from comfydock_core.integrations.git import history, queries
from comfydock_core.models.exceptions import NotUndoable
from comfydock_core.models.operation import OperationRecord, Swap
from comfydock_core.repositories import operation_log
from comfydock_core.repositories.live_workflows import look_at_workflows
from comfydock_core.repositories.operation_log import OPS, Journal
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.git_index import object_name

LARGEST = 128 * 1024 * 1024  # As for workflows; whatever is larger is not read.


class DefinitionFiles:
    """One state: `identities` by path, and the contents of those that are asked for."""

    identities: dict[str, str]

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """The contents of files, without those that are not there or too large. Raises `FileSystemError`,
        `HistoryDamaged`, `GitFailed`."""
        raise NotImplementedError


class CommittedFiles(DefinitionFiles):
    """The files of a commit. Raises `HistoryDamaged`, `GitFailed`."""

    def __init__(self, worktree: str, commit: str) -> None:
        self._worktree = worktree
        self._tree = history.list_tree(worktree, commit)
        self.identities = {path: name for path, (name, _) in self._tree.items()}

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        wanted = {path: self._tree[path] for path in paths if path in self._tree}
        small = {path: name for path, (name, size) in wanted.items() if size <= LARGEST}
        contents = dict(history.read_objects(self._worktree, small.values()))
        return {path: contents[name] for path, name in small.items()}


class NoFiles(DefinitionFiles):
    """What was there before the first commit."""

    def __init__(self) -> None:
        self.identities = {}

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        return {}


class PlacedFiles(DefinitionFiles):
    """Files that lie on the disk, wherever each does."""

    def __init__(self, places: Mapping[str, str], *, digits: int = 40) -> None:
        """`places` are the paths on the disk by those in the definition, `digits` the length of git's names."""
        self._places = places
        with disk_errors("read the definition"):
            found = {path: _identity(path, place, digits) for path, place in places.items()}
        self.identities = {path: one for path, one in found.items() if one is not None}

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        with disk_errors("read the definition"):
            contents = {path: _content(path, self._places[path]) for path in paths if path in self.identities}
        return {path: content for path, content in contents.items() if content is not None}


def present_files(layout: EnvironmentLayout) -> PlacedFiles:
    """The definition as it is now, with the live workflows."""
    return PlacedFiles(_present_places(layout), digits=_digits(layout.definition))


def files_before(layout: EnvironmentLayout, number: int) -> PlacedFiles:
    """The definition as it was before an operation, from what that and later ones keep.

    Raises `NotUndoable` when something of it was pruned since, `OperationDamaged`, `FileSystemError`.
    """
    with disk_errors("read what operations keep"):
        ids = operation_log.operation_ids(layout.root)
        records = [Journal(layout.root, one).read() for one in ids if int(one.partition("-")[0]) >= number]
        past = _Past(layout, [record for record in records if record.state == "done"])
        return PlacedFiles(past.places(), digits=_digits(layout.definition))


class _Past:
    """Goes back from the live names, operation by operation. Directories may have been swapped as a whole."""

    def __init__(self, layout: EnvironmentLayout, records: list[OperationRecord]) -> None:
        self._layout = layout
        self._records = records

    def places(self) -> dict[str, str]:
        live = {_relative(self._layout, place): path for path, place in _present_places(self._layout).items()}
        known: dict[str, str] = dict(live)
        for record in self._records:
            for number, step in enumerate(record.steps):
                if isinstance(step, Swap) and (within := self._in_definition(step.path)) is not None:
                    known |= self._kept(record, number, step, within)
        found = {}
        for name, path in known.items():
            place = self._place(name, 0)
            if place is not None:
                found[path] = place
        return found

    def _kept(self, record: OperationRecord, number: int, step: Swap, within: str) -> dict[str, str]:
        """The names of what an operation took away, with their paths in the definition."""
        kept = self._absolute(f"{OPS}/{record.id}/old/{number}")
        if not os.path.isdir(kept):
            return {step.path: within} if step.has_old else {}
        below = [os.path.relpath(os.path.join(top, name), kept) for top, _, names in os.walk(kept) for name in names]
        return {f"{step.path}/{name}": f"{within}/{name}" for name in below if not name.startswith(".git/")}

    def _place(self, name: str, first: int) -> str | None:
        """Where the content lies that a live name had before the operation `first` and those after it."""
        for at in range(first, len(self._records)):
            record = self._records[at]
            for number, step in enumerate(record.steps):
                if not isinstance(step, Swap) or not (name == step.path or name.startswith(f"{step.path}/")):
                    continue
                if not step.has_old:
                    return None
                return self._followed(f"{OPS}/{record.id}/old/{number}", name.removeprefix(step.path), at, record)
        return self._absolute(name)

    def _followed(self, kept: str, rest: str, at: int, record: OperationRecord) -> str | None:
        """Where it is that an operation kept: there, or back under the name that an undo put it to."""
        if os.path.lexists(self._absolute(kept)):
            return self._absolute(kept + rest)
        for later in range(at + 1, len(self._records)):
            for step in self._records[later].steps:
                if isinstance(step, Swap) and step.source == kept:
                    return self._place(step.path + rest, later + 1)
        raise NotUndoable(
            f"what the operation {record.number} took away has been removed since",
            hint="`comfydock operation list` shows the operations that are kept",
            context={"operation": record.id, "path": kept},
        )

    def _in_definition(self, name: str) -> str | None:
        """The path in the definition of a name in the environment."""
        live = _relative(self._layout, self._layout.workflows)
        for prefix, instead in ((".cec/", ""), (f"{live}/", WORKFLOWS)):
            if name.startswith(prefix):
                path = instead + name.removeprefix(prefix)
                return None if not instead and path.startswith(WORKFLOWS) else path
        return None

    def _absolute(self, name: str) -> str:
        return os.path.normpath(os.path.join(self._layout.root, name))


def _present_places(layout: EnvironmentLayout) -> dict[str, str]:
    """Where each file of the definition lies; of committed workflows only hidden ones count beside a ComfyUI.

    Live files are those that a commit takes.
    """
    has_comfyui = os.path.isdir(layout.comfyui)
    places = {
        path: f"{layout.definition}/{path}"
        for path in queries.versioned_files(layout.definition)
        if not (has_comfyui and path.startswith(WORKFLOWS)) or "/." in path
    }
    if has_comfyui:
        live = look_at_workflows(layout.workflows)
        places |= {f"{WORKFLOWS}{path}": f"{layout.workflows}/{path}" for path in (live.files if live else ())}
    return places


def _digits(worktree: str) -> int:
    return 64 if queries.config_value(worktree, "extensions.objectformat") == "sha256" else 40


def _relative(layout: EnvironmentLayout, path: str) -> str:
    return os.path.relpath(path, layout.root)


def _identity(path: str, place: str, digits: int) -> str | None:
    """What git would call the file, `None` where there is none; a mark where it is too large to be read."""
    content = _content(path, place)
    if content is None:
        return "too large" if os.path.isfile(place) else None
    return object_name(content, digits)


def _content(path: str, place: str) -> bytes | None:
    """A file's content; links count as files only where the editor's workflows lie."""
    try:
        found = os.stat(place, follow_symlinks=path.startswith(WORKFLOWS))
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
            return None
        with open(place, "rb") as file:
            return file.read(LARGEST)
    except (FileNotFoundError, NotADirectoryError):
        return None
