"""Reading workflows for what is in them to compare: their digests, and whether they differ from committed copies."""

import json
import os
import time

from comfydock_core.analyzers.workflow_states import WorkflowLook, stamp_of, time_of_change
from comfydock_core.analyzers.workflows.json_reading import LARGEST, read_json
from comfydock_core.analyzers.workflows.refusals import NoWorkflow
from comfydock_core.repositories.workflow_note import NotedFile
from comfydock_core.repositories.workflow_note_writer import note_files
from comfydock_core.utils.light_digest import digest_of_bytes

# Two changes within this time may leave a file with one stamp: what was written that lately is not noted.
_TICK = 20_000_000


def answer_questions(look: WorkflowLook) -> None:
    """Answer what `look` leaves open, and note it for the next time. What cannot be read stays open.

    Bytes are compared first: only where they differ from the committed copy, or where something was checked before,
    is the JSON looked at.
    """
    noted: dict[str, NotedFile] = {}
    for name in look.open_questions:
        try:
            found, is_settled = _answer(look, name)
        except OSError:
            continue
        look.note.files[name] = found
        if is_settled:
            noted[name] = found
    look.open_questions = []
    note_files(look.note_path, noted, set(look.live))


def _answer(look: WorkflowLook, name: str) -> tuple[NotedFile, bool]:
    """What is so of a workflow, and whether that may be noted. Raises `OSError`."""
    stamp, committed = look.live[name], look.committed.get(name)
    content = FileContent(f"{look.environment.workflows}/{name}.json")
    changed = None
    settled = content.is_settled and content.stamp == stamp
    if committed is not None:
        copy = FileContent(f"{look.environment.committed_workflows}/{name}.json")
        changed = not content.is_like(copy)
        settled = settled and copy.is_settled and copy.stamp == committed
    digest = content.digest if look.note.checks else None
    return NotedFile(stamp, committed, changed, digest), settled


class FileContent:
    """The content of one file. `is_settled` says that its `stamp` cannot be that of another content."""

    def __init__(self, path: str) -> None:
        """Raises `OSError`."""
        self._digest: str | None = None
        now = time.time_ns()
        with open(path, "rb") as file:
            self.stamp = stamp_of(os.fstat(file.fileno()))
            self.bytes = file.read(LARGEST + 1)
            self.is_settled = stamp_of(os.fstat(file.fileno())) == self.stamp
        self.is_settled = self.is_settled and time_of_change(self.stamp) < now - _TICK

    def is_like(self, other: "FileContent") -> bool:
        return self.bytes == other.bytes or self.digest == other.digest

    @property
    def digest(self) -> str:
        """The digest of what the file says."""
        if self._digest is None:
            self._digest = content_digest(self.bytes, self.stamp)
        return self._digest


def settled_content(path: str) -> FileContent:
    """The same of a file that may have been written just now: then the tick is waited for. Raises `OSError`."""
    content = FileContent(path)
    left = time_of_change(content.stamp) + _TICK - time.time_ns()
    if content.is_settled or not 0 <= left <= _TICK:
        return content
    time.sleep((left + 1_000_000) / 1e9)
    return FileContent(path)


def content_digest(content: bytes, stamp: str = "") -> str:
    """The same for files that say the same: spaces do not count, nor what the editor keeps of the view.

    What is no JSON is told apart by its bytes, and what is too large to be read by its stamp.
    """
    if len(content) > LARGEST:
        return f"large {stamp}"
    try:
        value = read_json(content)
    except NoWorkflow:
        return f"bytes {digest_of_bytes(content)}"
    text = json.dumps(_without_view(value), separators=(",", ":"))
    return digest_of_bytes(text.encode("ascii"))


def _without_view(value: object) -> object:
    """Without the place on the canvas, the count of savings, and which editor it was."""
    if not isinstance(value, dict):
        return value
    rest = {key: one for key, one in value.items() if key != "revision"}
    extra = rest.get("extra")
    if isinstance(extra, dict):
        kept = {key: one for key, one in extra.items() if key not in ("ds", "frontendVersion")}
        rest = {**rest, "extra": kept} if kept else {key: one for key, one in rest.items() if key != "extra"}
    return rest
