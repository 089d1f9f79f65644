"""Writing the note about workflows. A place that cannot be written costs the time again, never a failure."""

import contextlib
import json
import os

from comfydock_core.repositories.workflow_note import NotedCheck, NotedFile, WorkflowNote, read_note
from comfydock_core.utils.files import atomic

_MOST_PATHS = 50_000  # Each is looked at by every `status`.


def note_files(path: str, files: dict[str, NotedFile], names: set[str]) -> None:
    """Put what was found in files into the note; of files that are not among `names` nothing stays."""
    note = read_note(path)  # Somebody may have noted a check meanwhile.
    note.files = {name: one for name, one in {**note.files, **files}.items() if name in names}
    _write(path, note)


def note_checks(
    path: str,
    files: dict[str, NotedFile],
    code: str,
    further: list[str],
    checks: dict[str, tuple[NotedCheck, list[str]]],
) -> None:
    """Put checks into the note, by the digest of what was checked, each with what it relied on.

    What was checked with other code goes, and so does what has neither a file's content nor its name any more.
    """
    note = read_note(path)
    for name, one in files.items():
        before = note.files.get(name)
        if before is not None and before.stamp == one.stamp:
            one = NotedFile(one.stamp, before.committed, before.changed, one.digest)
        note.files[name] = one
    kept = _still_wanted(note, {check.name for check, _ in checks.values()}) if note.code == code else {}
    every = {**kept, **checks}
    note.code, note.further, note.checks, note.paths = code, further, {}, []
    places: dict[str, int] = {}
    for digest, (check, relied_on) in sorted(every.items(), key=lambda one: one[1][0].at, reverse=True):
        if len(places) + sum(one not in places for one in relied_on) > _MOST_PATHS:
            break
        check.relied_on = [places.setdefault(one, len(places)) for one in relied_on]
        note.checks[digest] = check
    note.paths = list(places)
    _write(path, note)


def _still_wanted(note: WorkflowNote, renewed: set[str]) -> dict[str, tuple[NotedCheck, list[str]]]:
    """Checks with what they relied on; of a name that was checked again only those that are of another file, too."""
    contents = {one.digest for one in note.files.values()}
    return {
        digest: (one, [note.paths[at] for at in one.relied_on])
        for digest, one in note.checks.items()
        if digest in contents or (one.name in note.files and one.name not in renewed)
    }


def _write(path: str, note: WorkflowNote) -> None:
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        atomic.write_bytes(path, json.dumps(note.as_dict(), separators=(",", ":")).encode(), durable=False)
