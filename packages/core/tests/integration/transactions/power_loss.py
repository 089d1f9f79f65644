"""Disks as they could be after a power cut: recorded while an operation runs, made again one by one.

At every call that changes or syncs something the whole scope is looked at. A moment after which the power is cut is
`at`; what a disk holds then is made of

  names   as they were at `at`, or at any moment back to the last one that made names durable: a file system with a
          journal keeps their order, so that what is lost is an end of the sequence;
  content of a file as it was when it was last synced, and of what was written since nothing, the half, all, or zeros.

`ordered` file systems (ext4) make names durable whenever anything is synced, `lax` ones only with a directory or the
whole. `scattered` goes further: any of the changes of names that were not made durable may be missing, but for those
that others need.
"""

import contextlib
import os
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from comfydock_core.services.transaction import steps
from comfydock_core.utils.files import durable

CONTENTS = ("nothing", "half", "all", "zeros")
_LARGE = 100_000  # The reserve: nobody reads it.

Names = dict[str, int | str | None]  # A file's number, a link's target, `None` for a directory.


@dataclass
class Moment:
    """What was there after one call, and what that call had made durable."""

    call: str
    names: Names
    content: dict[int, bytes]
    synced: dict[int, bytes] = field(default_factory=dict)
    names_synced: bool = False
    directory_synced: str | None = None


@dataclass
class Recording:
    scope: Path
    moments: list[Moment]
    durable_from: int = 0  # The moment from which on the change must not be lost.
    begun_at: int = 0  # The moment from which on the change may be there.


def record(scope: Path, work: Callable[[], None]) -> Recording:
    """Do the work, looking at the scope after every call that matters."""
    recording = Recording(scope, [_look(scope, "start")])
    recording.moments[0].synced = dict(recording.moments[0].content)
    recording.moments[0].names_synced = True
    with pytest.MonkeyPatch.context() as patch:
        for name in ("mkdir", "rename", "unlink", "rmdir", "symlink", "open", "write", "truncate", "ftruncate"):
            _wrap(patch, os, name, recording)
        for name in ("fsync", "fdatasync"):
            _wrap(patch, os, name, recording)
        _wrap(patch, durable, "sync_file_system", recording)
        _wrap(patch, steps, "rename_to_new", recording)
        work()
    recording.moments.append(_look(scope, "end"))
    _find_commit_point(recording)
    return recording


def _wrap(patch: pytest.MonkeyPatch, module: object, name: str, recording: Recording) -> None:
    real = getattr(module, name)

    def watched(*arguments: object, **options: object) -> object:
        result = real(*arguments, **options)
        with contextlib.suppress(FileNotFoundError):
            moment = _look(recording.scope, name)
            if name in ("fsync", "fdatasync"):
                _note_sync(moment, recording.scope, arguments[0])
            elif name == "sync_file_system":
                moment.synced, moment.names_synced = dict(moment.content), True
            last = recording.moments[-1]
            if (moment.names, moment.content) != (last.names, last.content) or name.endswith(("sync", "system")):
                recording.moments.append(moment)
        return result

    patch.setattr(module, name, watched)


def _note_sync(moment: Moment, scope: Path, descriptor: object) -> None:
    path = os.readlink(f"/proc/self/fd/{descriptor}")
    if os.path.isdir(path):
        moment.directory_synced = os.path.relpath(path, scope)
    else:
        number = os.stat(path).st_ino
        moment.synced = {number: moment.content[number]}


def _find_commit_point(recording: Recording) -> None:
    """Where the last operation's `apply` line was written, and where it was made durable."""
    applied = [_has_applied(moment) for moment in recording.moments]
    recording.begun_at = applied.index(True)
    recording.durable_from = next(
        at for at, moment in enumerate(recording.moments) if applied[at] and moment.call in ("fdatasync", "fsync")
    )


def _has_applied(moment: Moment) -> bool:
    journals = [name for name in moment.names if name.endswith("/journal") and ".trash" not in name]
    number = moment.names[max(journals)] if journals else None
    return isinstance(number, int) and b'{"line":"apply"}\n' in moment.content[number]


def _look(scope: Path, call: str) -> Moment:
    names: Names = {}
    content: dict[int, bytes] = {}
    for directory, directories, files in os.walk(scope):
        for name in (*directories, *files):
            path = os.path.join(directory, name)
            relative = os.path.relpath(path, scope)
            if os.path.islink(path):
                names[relative] = os.readlink(path)
            elif os.path.isdir(path):
                names[relative] = None
            else:
                found = os.stat(path)
                names[relative] = found.st_ino
                content[found.st_ino] = Path(path).read_bytes() if found.st_size < _LARGE else b""
    return Moment(call, names, content)


@dataclass(frozen=True)
class Disk:
    """One disk as it could be: cut after `at`, with the names of `names_at`."""

    at: int
    names_at: int
    names: Names
    content: dict[int, bytes]

    def make(self, scope: Path) -> None:
        if scope.exists():
            shutil.rmtree(scope)
        scope.mkdir()
        for name in sorted(self.names):
            what, path = self.names[name], scope / name
            if what is None:
                path.mkdir(parents=True, exist_ok=True)
            elif isinstance(what, str):
                os.symlink(what, path)
            else:
                path.write_bytes(self.content.get(what, b""))


def disks(recording: Recording, kind: str) -> Iterator[Disk]:
    """Every disk as it could be, of an `ordered` or a `lax` file system."""
    synced: dict[int, bytes] = {}
    seen = Seen()
    given: set[str] = set()
    names_from = 0
    for at, moment in enumerate(recording.moments):
        seen.add(moment)
        synced |= moment.synced
        anything = bool(moment.synced) or moment.directory_synced is not None
        if moment.names_synced or moment.directory_synced is not None or (kind == "ordered" and anything):
            names_from = at
        for names_at in range(names_from, at + 1):
            for how in CONTENTS:
                disk = Disk(at, names_at, recording.moments[names_at].names, _cut(seen, synced, how))
                if (key := repr((at >= recording.durable_from, disk.names, disk.content))) not in given:
                    given.add(key)
                    yield disk


def scattered_disks(recording: Recording, tries: int, seed: int) -> Iterator[Disk]:
    """Disks that lack any of the changes of names that no sync of a directory of theirs had made durable."""
    chance = random.Random(seed)
    synced: dict[int, bytes] = {}
    seen = Seen()
    kept: set[int] = set()
    for at, moment in enumerate(recording.moments):
        seen.add(moment)
        synced |= moment.synced
        if moment.names_synced:
            kept = set(range(at + 1))
        elif moment.directory_synced is not None:
            kept |= {n for n in range(1, at + 1) if moment.directory_synced in _directories(recording, n)}
        loose = [n for n in range(1, at + 1) if n not in kept and _change(recording, n) != ({}, {})]
        for _ in range(tries if loose else 1):
            there = kept | {n for n in loose if chance.random() < 0.5}
            names = _replay(recording, at, there)
            yield Disk(at, at, names, _cut(seen, synced, chance.choice(CONTENTS)))


def _change(recording: Recording, number: int) -> tuple[Names, Names]:
    """The names that a call took away and those that it made."""
    before, after = recording.moments[number - 1].names, recording.moments[number].names
    missing = object()
    gone = {name: what for name, what in before.items() if after.get(name, missing) != what}
    made = {name: what for name, what in after.items() if before.get(name, missing) != what}
    return gone, made


def _directories(recording: Recording, number: int) -> set[str]:
    gone, made = _change(recording, number)
    return {os.path.dirname(name) or "." for name in (*gone, *made)}


def _replay(recording: Recording, at: int, there: set[int]) -> Names:
    """The changes that are there, without those that need one that is not."""
    names = dict(recording.moments[0].names)
    for number in range(1, at + 1):
        gone, made = _change(recording, number)
        fits = all(names.get(name, "?") == what for name, what in gone.items()) and all(
            ((name not in names or name in gone) and (os.path.dirname(name) in ("", *names))) or _is_inside(name, made)
            for name in made
        )
        if number in there and fits:
            for name in gone:
                del names[name]
            names |= made
    return names


def _is_inside(name: str, made: Names) -> bool:
    """Whether the name came along with a directory."""
    return os.path.dirname(name) in made


@dataclass
class Seen:
    """Every file up to a moment, those that are removed by then too; git syncs its own itself."""

    content: dict[int, bytes] = field(default_factory=dict)
    of_git: set[int] = field(default_factory=set)

    def add(self, moment: Moment) -> None:
        self.content |= moment.content
        self.of_git |= {what for name, what in moment.names.items() if name.startswith(".git/") and type(what) is int}


def _cut(seen: Seen, synced: dict[int, bytes], how: str) -> dict[int, bytes]:
    """The contents of files, with what was not synced cut in one way."""
    content: dict[int, bytes] = {}
    for number, whole in seen.content.items():
        known = whole if number in seen.of_git else synced.get(number, b"")
        if not whole.startswith(known):  # It was cut shorter by us since.
            known = b""
        loose = whole[len(known) :]
        ends = {"nothing": b"", "half": loose[: len(loose) // 2], "all": loose, "zeros": bytes(len(loose))}
        content[number] = known + ends[how]
    return content
