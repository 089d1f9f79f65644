"""What is known of the contents of files by the index of models, and reading what it does not know yet."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from comfydock_core.analyzers.model_files.header_reading import read_header
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.models.indexing import disk_manners, hash_file, reading, sync_index
from comfydock_core.core.usecases.models.showing import with_headers
from comfydock_core.models.model_files.location import ModelLocation
from comfydock_core.models.protocols import Reporter
from comfydock_core.records import record
from comfydock_core.repositories.model_index.model_index import ModelIndex, open_model_index
from comfydock_core.utils.files.digests import digests_of
from comfydock_core.utils.files.file_states import file_state, is_unchanged
from comfydock_core.utils.text import counted


@record
class FileContent:
    """A file as it is now. Digests are `None` while they are not known for this state of it.

    `header` are the facts of a model file, `sources` where it can be had. `problem` says why it could not be read, or
    what is wrong with it.
    """

    size: int | None = None
    blake3: str | None = None
    sha256: str | None = None
    header: Mapping[str, object] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    problem: str | None = None


def known_contents(workspace: WorkspaceLayout, paths: Iterable[str]) -> dict[str, FileContent]:
    """Sizes, and the digests that the index has for files that did not change since. No file is opened.

    Raises `ModelIndexDamaged`, `BusyError`.
    """
    with open_model_index(workspace.model_index, to_write=False) as index:
        return {path: _known(index, path) for path in dict.fromkeys(paths)}


def read_contents(
    workspace: WorkspaceLayout, models: Iterable[str], others: Iterable[str], reporter: Reporter
) -> dict[str, FileContent]:
    """The same, with every file read whole whose digests are not known, and what the headers of models say.

    Digests are noted in the index file by file, so that reading goes on where it was stopped. Raises
    `ModelIndexDamaged`, `BusyError`, `FileSystemError`.
    """
    wanted = dict.fromkeys(models, True) | dict.fromkeys(others, False)
    unread = [path for path, one in known_contents(workspace, wanted).items() if one.problem is None and not one.blake3]
    if any(wanted[path] for path in unread):  # Digests are noted of files that the index has.
        sync_index(workspace, reporter, hash_files=False, eager=False)
    failed: dict[str, str] = {}
    total, before = sum(map(os.path.getsize, unread)), 0
    found: dict[str, FileContent] = {}
    with open_model_index(workspace.model_index) as index, disk_manners(eager=False):
        if unread:
            reporter.phase(f"Reading {counted(len(unread), 'file')}")
        for path in unread:
            try:
                found[path] = _read(index, path, reporter, before, total)
            except OSError as error:
                failed[path] = error.strerror or str(error)
            before += os.path.getsize(path) if os.path.exists(path) else 0
        for path, is_model in wanted.items():
            one = found.get(path) or _known(index, path)
            if path in failed:
                one = FileContent(one.size, problem=f"it cannot be read: {failed[path]}")
            found[path] = _with_facts(index, path, one, reporter) if is_model and one.problem is None else one
    return found


def _known(index: ModelIndex, path: str) -> FileContent:
    try:
        size = os.path.getsize(path)
        place = _place(index, path)
    except (OSError, ValueError) as error:  # A name with a zero in it is a `ValueError`.
        return FileContent(problem=f"it cannot be read: {getattr(error, 'strerror', None) or error}")
    if place is None:
        return FileContent(size)
    return FileContent(size, place.blake3, place.sha256)


def _read(index: ModelIndex, path: str, reporter: Reporter, before: int, total: int) -> FileContent:
    place = _place(index, path)
    if place is not None and place.blake3 is not None:  # Another name of what was read just now.
        return FileContent(place.state.size, place.blake3, place.sha256)
    if place is not None:
        digests = hash_file(index, place, reporter, before=before, total=total)
    else:
        digests = digests_of(path, reading(reporter, before, total))
    return FileContent(digests.size, digests.blake3, digests.sha256)


def _with_facts(index: ModelIndex, path: str, one: FileContent, reporter: Reporter) -> FileContent:
    place = _place(index, path)
    if place is None:
        header: Mapping[str, object] = read_header(path).as_dict()
        sources: tuple[str, ...] = ()
    else:
        header = with_headers(index, [place], reporter)[0].header or {}
        sources = tuple(source.url for source in index.sources_at(place))
    problem = None
    if header.get("whole") is False:
        problem = f"it is damaged: {header.get('problem') or 'its header says so'}"
    return FileContent(one.size, one.blake3, one.sha256, header, sources, problem)


def _place(index: ModelIndex, path: str) -> ModelLocation | None:
    """The row of a file in its present state, found by the file's numbers, or else by its path. Raises `OSError`."""
    now = file_state(path)
    for place in index.names_of_file(now):
        if place.state.is_same_as(now):
            return place
    for root, inside in _splits(os.path.realpath(path)):
        found = index.location_at(root, inside)
        if found is not None and is_unchanged(found):
            return found
    return None


def _splits(path: str) -> Iterator[tuple[str, str]]:
    """Every directory above a path, with the rest of the path."""
    directory = os.path.dirname(path)
    while directory != os.path.dirname(directory):
        yield directory, path[len(directory) + 1 :]
        directory = os.path.dirname(directory)
