"""A file on its way: `.NAME.part` with the bytes, `.NAME.part.json` with what is known of them.

The journal never names bytes that are not on the disk: they are written out first. So it holds after a power cut as
well as after a kill. The system's lock on the part tells whether somebody is at work on it.
"""

import contextlib
import json
import os
import threading
from dataclasses import asdict, replace

from comfydock_core.models.exceptions import DownloadBusy, FileSystemError
from comfydock_core.models.model_files.downloads import DownloadRequest
from comfydock_core.records import record
from comfydock_core.services.model_downloads.spans import Spans
from comfydock_core.utils.faults import fault
from comfydock_core.utils.files import atomic, file_locks
from comfydock_core.utils.files.durable import sync_descriptor
from comfydock_core.utils.files.renames import rename_to_new

_VERSION = 1


@record
class Known:
    """What a server said of the file: its size, and what tells whether it is still the same."""

    size: int | None = None
    etag: str | None = None
    modified: str | None = None

    @property
    def validator(self) -> str | None:
        """For `If-Range`; a weak ETag says nothing about bytes."""
        if self.etag is not None and not self.etag.startswith("W/"):
            return self.etag
        return self.modified


class Part:
    """One part, held alone. Its methods raise `OSError`, and can be used by several threads."""

    def __init__(self, request: DownloadRequest) -> None:
        """Take it up where it was left, or begin one. Raises `DownloadBusy`, `FileSystemError`."""
        self.request = request
        self.path = part_path(request)
        self._lock = threading.Lock()
        self._descriptor = self._taken()
        self.known, self.done = _read_journal(f"{self.path}.json", request)
        if self.done.total and os.fstat(self._descriptor).st_size < max(end for _, end in self.done):
            self.done = Spans()
        if not self.done.total:
            self.known = Known()
        self._unsaved = False

    def _taken(self) -> int:
        if os.path.islink(self.path):  # Somebody else with access to the directory would choose what is written to.
            raise FileSystemError(
                f"`{self.path}` is a link, and is not written to",
                hint="remove it and run the command again",
                context={"path": self.path},
            )
        descriptor = file_locks.take(self.path)
        if descriptor is None:
            raise DownloadBusy(
                f"`{self.request.path}` is being downloaded by another command",
                hint="wait for it, or stop it with `comfydock download pause`; `comfydock download list` shows both",
                context={"path": self.request.path},
            )
        return descriptor

    def write(self, offset: int, content: bytes) -> None:
        """Put bytes where they belong."""
        view = memoryview(content)
        at = offset
        while view:
            written = os.pwrite(self._descriptor, view, at)
            view = view[written:]
            at += written
        with self._lock:
            self.done.add(offset, at)
            self._unsaved = True

    def read(self, offset: int, size: int) -> bytes:
        return os.pread(self._descriptor, size, offset)

    @property
    def frontier(self) -> int:
        """Up to where nothing is missing."""
        with self._lock:
            return self.done.frontier

    @property
    def there(self) -> int:
        """How many bytes there are."""
        with self._lock:
            return self.done.total

    def restart(self, known: Known) -> None:
        """Begin anew with a file of which this is known; what was there goes."""
        with self._lock:
            self.done = Spans()
            os.ftruncate(self._descriptor, 0)
            self.known = known
            self._unsaved = True
        self.save()

    def note_size(self, size: int) -> None:
        """The file's size, once its end has come."""
        self.known = replace(self.known, size=size)

    def save(self) -> None:
        """Write the bytes out, then the journal, if something came since."""
        with self._lock:
            if not self._unsaved:
                return
            spans, known = list(self.done), self.known
            self._unsaved = False
        try:
            sync_descriptor(self._descriptor)
            fault("download bytes written")
            inode = os.fstat(self._descriptor).st_ino
            content = {
                "version": _VERSION,
                "request": asdict(self.request),
                "known": asdict(known),
                "done": spans,
                "inode": inode,
            }
            atomic.write_bytes(f"{self.path}.json", json.dumps(content).encode())
            fault("download journal written")
        except BaseException:
            self._unsaved = True
            raise

    def put_in_place(self) -> None:
        """Give the whole file its name. Raises `FileExistsError` when something has it."""
        _allow_reading(self._descriptor)
        os.fsync(self._descriptor)
        fault("download name")
        rename_to_new(self.path, self.request.path)
        atomic.sync_directory(self.request.folder)
        fault("download named")
        _unlink(f"{self.path}.json")

    def discard(self) -> None:
        """Remove it with its journal."""
        _unlink(f"{self.path}.json")
        _unlink(self.path)

    def close(self) -> None:
        """Let go of it; without a byte nothing is left of it."""
        if not self.there and os.path.exists(self.path) and file_locks.is_at(self._descriptor, self.path):
            self.discard()
        os.close(self._descriptor)


def part_path(request: DownloadRequest) -> str:
    """Where the bytes of a request are while they come."""
    return f"{request.folder}/.{request.name}.part"


def read_part(path: str) -> tuple[DownloadRequest, Known, Spans] | None:
    """What the journal of a part says, `None` when it has none that can be read."""
    try:
        with open(f"{path}.json", encoding="utf-8") as file:
            content = json.load(file)
        if content["version"] != _VERSION:
            return None
        return (
            _request(content["request"]),
            _known(content["known"]),
            Spans((int(a), int(b)) for a, b in content["done"]),
        )
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def is_named(request: DownloadRequest) -> bool:
    """Whether the file of that name is the part, whole, of a download that was killed after it had named it.

    Raises `OSError`.
    """
    path = part_path(request)
    try:
        with open(f"{path}.json", encoding="utf-8") as file:
            inode = json.load(file)["inode"]
        found = os.lstat(request.path)
    except (FileNotFoundError, ValueError, TypeError, KeyError, RecursionError):
        return False
    journal = read_part(path)
    if journal is None or found.st_ino != inode or os.path.lexists(path):
        return False
    _, known, done = journal
    return found.st_size == known.size == done.frontier


def forget_journal(request: DownloadRequest) -> None:
    """Remove the journal that such a download left, if there is one without a part. Raises `OSError`."""
    path = part_path(request)
    if not os.path.lexists(path):
        _unlink(f"{path}.json")


def _read_journal(path: str, request: DownloadRequest) -> tuple[Known, Spans]:
    """What was there of the same file; nothing when it is another one or cannot be read."""
    found = read_part(path.removesuffix(".json"))
    if found is None:
        return Known(), Spans()
    before, known, done = found
    same = before.sha256 == request.sha256 and before.blake3 == request.blake3 and set(before.urls) & set(request.urls)
    return (known, done) if same else (Known(), Spans())


def _request(content: dict[str, object]) -> DownloadRequest:
    fields = {**content, "urls": tuple(content["urls"])}  # type: ignore[arg-type]
    return DownloadRequest(**fields)  # type: ignore[arg-type]


def _known(content: dict[str, object]) -> Known:
    return Known(**content)  # type: ignore[arg-type]


def _allow_reading(descriptor: int) -> None:
    """The part is nobody's but ours; the file is like every other that this user makes."""
    if os.name == "nt":
        return
    mask = os.umask(0)
    os.umask(mask)
    os.fchmod(descriptor, 0o666 & ~mask)


def _unlink(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
