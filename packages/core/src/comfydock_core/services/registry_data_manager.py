"""Fetching the lists of known node packs and models. Nothing is replaced by what cannot be used."""

import os
import tempfile
import time
from dataclasses import replace
from typing import BinaryIO

from comfydock_core.clients.answers import Answer
from comfydock_core.clients.transport import Transport
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.exceptions import ComfyDockError, UnusableAnswer
from comfydock_core.models.operation import Initiator
from comfydock_core.models.packs.node_data import SourceOutcome
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.node_data import list_files, node_lists
from comfydock_core.repositories.node_data.list_files import file_state, list_path
from comfydock_core.repositories.node_data.node_index_making import make_index
from comfydock_core.repositories.node_data.node_lists import FetchNote
from comfydock_core.repositories.node_data.published_values import UnusableList
from comfydock_core.services.registry_state import list_addresses
from comfydock_core.utils.files import atomic, filesystem
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.locks import acquire

_LOCK = ".lock"
_LEFT_OVER = 24 * 3600.0  # Seconds.
_LARGEST = {list_files.NODE_DATA: 256 * 1024**2, list_files.MANAGER_LIST: 64 * 1024**2,
            list_files.MANAGER_MAP: 64 * 1024**2, list_files.MANAGER_STATS: 64 * 1024**2,
            list_files.MANAGER_MODELS: 16 * 1024**2}  # fmt: skip


class RegistryDataManager:
    """The lists in one directory, as they are to be fetched."""

    def __init__(self, directory: str, transport: Transport) -> None:
        self._directory = directory
        self._transport = transport

    def update(self, initiator: Initiator, reporter: Reporter) -> tuple[SourceOutcome, ...]:
        """Fetch every list that changed, and make the index of them. One that fails is reported and keeps its old file.

        Raises `ScopeBusy` while another one does the same, and `FileSystemError`; that nothing could be fetched is told
        by the outcomes alone.
        """
        with disk_errors("keep the lists of node packs", self._directory):
            os.makedirs(self._directory, exist_ok=True)
            words = " ".join(("comfydock", *initiator.words))
            with acquire(f"{self._directory}/{_LOCK}", "the list of node packs", words, wait=initiator.wait):
                return self._update_all(reporter)

    def _update_all(self, reporter: Reporter) -> tuple[SourceOutcome, ...]:
        _remove_left_over(self._directory)
        notes = node_lists.read_notes(self._directory)
        outcomes = tuple(self._update_one(name, notes, reporter) for name in list_files.FILES)
        node_lists.write_notes(self._directory, notes)
        if any(outcome.outcome == "updated" for outcome in outcomes):
            reporter.phase("Making the index of node packs")
            make_index(self._directory)
        return outcomes

    def _update_one(self, name: str, notes: dict[str, FetchNote], reporter: Reporter) -> SourceOutcome:
        url = list_addresses()[name]
        shown = without_credentials(url)
        reporter.phase(f"Fetching {shown}")
        try:
            fetched = self._fetch(name, url, notes.get(name))
        except ComfyDockError as error:
            reporter.warn(error.message)
            return SourceOutcome(name, shown, "failed", _size(self._directory, name), error.message, error.code)
        outcome = "updated" if fetched is not None else "unchanged"
        notes[name] = fetched or replace(notes[name], checked_at=time.time())
        return SourceOutcome(name, shown, outcome, _size(self._directory, name))

    def _fetch(self, name: str, url: str, note: FetchNote | None) -> FetchNote | None:
        """The note of a list that was fetched and put in place, `None` when the one that is there is still right."""
        known = note.etag if note is not None and note.url == without_credentials(url) else None
        headers = {"If-None-Match": known} if known else {}
        descriptor, aside = tempfile.mkstemp(prefix=f".{name}.", suffix=".tmp", dir=self._directory)
        try:
            with open(descriptor, "w+b") as file:
                answer = self._transport.get_into(url, file, most=_LARGEST[name], headers=headers)
                if answer.status == 304 and known:
                    return None
                _check(name, url, answer, file)
                state = os.fstat(file.fileno())
            os.chmod(aside, 0o644)
            os.replace(aside, list_path(self._directory, name))
        finally:
            if os.path.exists(aside):
                os.unlink(aside)
        atomic.sync_directory(self._directory)
        now = time.time()
        etag = answer.headers.get("etag")
        return FetchNote(without_credentials(url), etag, now, now, (state.st_size, state.st_mtime_ns))


def _remove_left_over(directory: str) -> None:
    """What an update that was killed left half done; another one that is at work now began today."""
    for name in os.listdir(directory):
        path = f"{directory}/{name}"
        if name.startswith(".") and name.endswith(".tmp") and time.time() - os.lstat(path).st_mtime > _LEFT_OVER:
            filesystem.remove_tree(path)


def _check(name: str, url: str, answer: Answer, file: BinaryIO) -> None:
    """Raise `UnusableAnswer` for what is not a list of this kind, and write the file out."""
    shown = without_credentials(url)
    context: dict[str, object] = {"url": shown, "status": answer.status}
    if answer.status != 200:
        raise UnusableAnswer(f"`{shown}` answered with status {answer.status}", context=context)
    file.seek(0)
    try:
        node_lists.READERS[name](file.read())
    except UnusableList as error:
        raise UnusableAnswer(f"`{shown}` is not the list that it should be: {error}", context=context) from error
    file.flush()
    os.fsync(file.fileno())


def _size(directory: str, name: str) -> int:
    found = file_state(list_path(directory, name))
    return 0 if found is None else found[0]
