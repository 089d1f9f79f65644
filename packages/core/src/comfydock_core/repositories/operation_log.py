"""The journals of operations: `<scope>/.ops/<id>/journal`, JSON lines that are only ever appended to.

A last line that is torn, by power loss or a kill, is ignored; the lines before it tell the state. Layout of `.ops`:

    lock          held by whoever changes the scope
    run.lock      held, shared, by ComfyUI while it runs
    reserve       blocks that are given up when the disk is full, so that records can still be written
    number        the last number that was given to an operation
    .trash/       what is being deleted
    000042-sync/  an operation: journal, new/<n>, old/<n>, work/
"""

import contextlib
import errno
import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from comfydock_core.models.exceptions import OperationDamaged
from comfydock_core.models.operation import ChangePlan, Initiator, OperationRecord, RefChange, Step, Swap
from comfydock_core.utils.faults import fault
from comfydock_core.utils.files import durable

VERSION = 1
OPS = ".ops"
TRASH = ".trash"
_ID = re.compile(r"\d{6,}-[a-z0-9-]+", re.ASCII)
_RESERVE_BYTES = 256 * 1024
_SLUG_LENGTH = 40
_NUMBER_DIGITS = 18

Line = dict[str, object]


def operations_directory(scope: str) -> str:
    return f"{scope}/{OPS}"


def make_directory(scope: str) -> None:
    """Make the place for a scope's operations. Raises `FileNotFoundError` when there is no scope, and `OSError`."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(operations_directory(scope))


def operation_ids(scope: str) -> list[str]:
    """Every operation of a scope, oldest first."""
    try:
        names = os.listdir(operations_directory(scope))
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted((name for name in names if _ID.fullmatch(name)), key=lambda name: int(name.partition("-")[0]))


def ghosts(scope: str) -> list[str]:
    """What a child made again under the name of an operation that was stopped and removed; only the last is real."""
    return [known for known in operation_ids(scope)[:-1] if Journal(scope, known).is_ghost]


def exists(scope: str, identifier: str) -> bool:
    return os.path.isdir(f"{operations_directory(scope)}/{identifier}")


def new_id(scope: str, command: str) -> str:
    """The identifier of the next operation: a number that no other ever had, and the command's words for the eye.

    A child that outlives a stopped operation may still write below its name, which therefore must not come again.
    """
    known = operation_ids(scope)
    last = int(known[-1].partition("-")[0]) if known else 0
    number = max(last, _noted_number(scope)) + 1
    _note_number(scope, number)
    slug = re.sub(r"[^a-z0-9]+", "-", command.lower())[:_SLUG_LENGTH].strip("-")
    return f"{number:06d}-{slug or 'change'}"


def _noted_number(scope: str) -> int:
    try:
        with open(_number_file(scope), "rb") as file:
            text = file.read(_NUMBER_DIGITS)
        return int(text) if text.strip().isdigit() else 0
    except FileNotFoundError:
        return 0


def _note_number(scope: str, number: int) -> None:
    """Power loss may take the note back, but no child outlives that; neither is a full disk a reason to stop."""
    with contextlib.suppress(OSError):
        descriptor = os.open(_number_file(scope), os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, b"%06d\n" % number)
        finally:
            os.close(descriptor)


def _number_file(scope: str) -> str:
    return f"{operations_directory(scope)}/number"


class Journal:
    """The journal of one operation."""

    def __init__(self, scope: str, identifier: str) -> None:
        self.scope = scope
        self.id = identifier
        self.directory = f"{operations_directory(scope)}/{identifier}"
        self._path = f"{self.directory}/journal"

    def begin(self, initiator: Initiator, undoes: str | None) -> None:
        """Make the operation's directory and write its first line. Raises `OSError`."""
        fault("make operation")
        os.mkdir(self.directory)
        for name in ("new", "old", "work"):
            os.mkdir(f"{self.directory}/{name}")
        self._append(
            {"line": "begin", "v": VERSION, "id": self.id, "words": list(initiator.words), "started": _now(),
             "program": initiator.program, "undoes": undoes},
            durable_line=True,
        )  # fmt: skip
        durable.sync_directory(self.directory)
        durable.sync_directory(operations_directory(self.scope))

    def plan(self, plan: ChangePlan, after: list[str | None]) -> None:
        """Write the steps. Not durable by itself: the line that follows is, and this one with it."""
        steps = [_step_line(step, known) for step, known in zip(plan.steps, after, strict=True)]
        self._append({"line": "plan", "fingerprint": plan.fingerprint, "steps": steps}, durable_line=False)

    def apply(self) -> None:
        """The commit point: when this line is on the disk, the operation will be carried through."""
        fault("apply line")
        self._append({"line": "apply"}, durable_line=True)
        fault("applied")

    def end(self, state: str) -> None:
        """`done` or `undone`. A torn line that power loss left is cut off first, or this one would be a part of it."""
        fault(f"{state} line")
        self._cut_torn_tail()
        around = last_finished(os.path.dirname(self.scope))
        self._append({"line": state, "finished": _now(), "around": around}, durable_line=True)
        fault(state)

    def read(self) -> OperationRecord:
        """What the journal tells. Raises `OperationDamaged` when it was applied but its plan cannot be read."""
        lines = read_lines(self._path)
        by_kind = {str(line.get("line")): line for line in lines}
        state = _state(by_kind)
        begin, plan, end = by_kind.get("begin", {}), by_kind.get("plan"), by_kind.get(state, {})
        if plan is None and state != "staging":
            raise _unreadable(self._path, "it has no plan")
        if state in ("staging", "applying") and begin.get("v", VERSION) != VERSION:
            raise _unreadable(self._path, f"its version is {begin['v']}")
        steps, after = _read_steps(self._path, plan)
        return OperationRecord(
            id=self.id,
            scope=self.scope,
            state=state,
            words=tuple(_texts(begin.get("words"))),
            started=str(begin.get("started", "")),
            finished=_text_or_none(end.get("finished")),
            around=_number_or_none(end.get("around")),
            program=str(begin.get("program", "")),
            undoes=_text_or_none(begin.get("undoes")),
            steps=steps,
            after=after,
            fingerprint=str((plan or {}).get("fingerprint", "")),
        )

    @property
    def is_begun(self) -> bool:
        return os.path.lexists(self._path)

    @property
    def is_ghost(self) -> bool:
        """Whether there is nothing of an operation but its name."""
        return not self.is_begun and not self.keeps()

    def keeps(self) -> list[str]:
        """What the operation took away and keeps: the numbers of its swaps."""
        try:
            return sorted(os.listdir(f"{self.directory}/old"))
        except FileNotFoundError:
            return []

    def _cut_torn_tail(self) -> None:
        sound, size = _sound_size(self._path), os.stat(self._path).st_size
        if sound < size:
            os.truncate(self._path, sound)

    def _append(self, line: Line, *, durable_line: bool) -> None:
        """Append a line; a full disk is met by giving up the reserve once. Never leaves a part of a line behind."""
        content = (json.dumps(line, separators=(",", ":")) + "\n").encode()
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            try:
                _write_whole(descriptor, content, durable_line)
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT) or not give_up_reserve(self.scope):
                    raise
                _write_whole(descriptor, content, durable_line)
        finally:
            os.close(descriptor)


def read_lines(path: str) -> list[Line]:
    """The lines of a journal up to the first that is torn. Raises `OSError` when the file cannot be read."""
    return [line for line, _ in _sound_lines(path)]


def _sound_size(path: str) -> int:
    """How much of a journal can be read."""
    return max((end for _, end in _sound_lines(path)), default=0)


def _sound_lines(path: str) -> Iterator[tuple[Line, int]]:
    """The lines before the first that is torn, each with where it ends."""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        return
    end = 0
    for raw in content.split(b"\n")[:-1]:  # What follows the last newline was never finished.
        try:
            line = json.loads(raw)
        except (ValueError, RecursionError):
            return
        if not isinstance(line, dict):
            return
        end += len(raw) + 1
        yield line, end


def make_reserve(scope: str) -> None:
    """Set blocks aside for records on a full disk, where there is space for them."""
    path = f"{operations_directory(scope)}/reserve"
    if os.path.exists(path):
        return
    try:
        with open(path, "xb") as file:
            file.write(os.urandom(_RESERVE_BYTES))  # Zeros would take no blocks where files are compressed.
    except OSError:  # Without it a full disk is met later, and told then; a part of it would only be in the way.
        give_up_reserve(scope)


def give_up_reserve(scope: str) -> bool:
    """Free the reserve; `False` when there is none, or none that can be freed."""
    try:
        os.unlink(f"{operations_directory(scope)}/reserve")
    except OSError:
        return False
    return True


def _state(by_kind: dict[str, Line]) -> str:
    for line, state in (("undone", "undone"), ("done", "done"), ("apply", "applying")):
        if line in by_kind:
            return state
    return "staging"


def _write_whole(descriptor: int, content: bytes, durable_line: bool) -> None:
    size = os.fstat(descriptor).st_size
    try:
        fault("journal write")
        written = 0
        while written < len(content):
            written += os.write(descriptor, content[written:])
        if durable_line:
            fault("journal sync")
            durable.sync_descriptor(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def _step_line(step: Step, after: str | None) -> Line:
    if isinstance(step, RefChange):
        return {"kind": "ref", "repository": step.repository, "name": step.name, "old": step.old, "new": step.new}
    return {"kind": "swap", "path": step.path, "source": step.source, "has_old": step.has_old,
            "has_new": step.has_new, "before": step.before, "after": after, "detail": step.detail}  # fmt: skip


def _read_steps(path: str, plan: Line | None) -> tuple[tuple[Step, ...], tuple[str | None, ...]]:
    raw = (plan or {}).get("steps", [])
    if not isinstance(raw, list) or not all(isinstance(line, dict) for line in raw):
        raise _unreadable(path, "its steps are no list")
    steps: list[Step] = []
    for line in raw:
        if line.get("kind") == "swap" and isinstance(line.get("path"), str):
            before, source = _text_or_none(line.get("before")), _text_or_none(line.get("source"))
            steps.append(Swap(line["path"], before, bool(line.get("has_new")), source, str(line.get("detail", ""))))
        elif line.get("kind") == "ref" and isinstance(line.get("name"), str):
            old, new = _text_or_none(line.get("old")), _text_or_none(line.get("new"))
            steps.append(RefChange(str(line.get("repository", "")), line["name"], old, new))
        else:
            raise _unreadable(path, f"it has a step that is not known: {line!r}")
    return tuple(steps), tuple(_text_or_none(line.get("after")) for line in raw)


def _unreadable(path: str, reason: str) -> OperationDamaged:
    return OperationDamaged(
        f"cannot read the journal `{path}`: {reason}",
        hint="it was written by a newer ComfyDock, or changed by hand; nothing was touched",
        context={"path": path},
    )


def last_finished(scope: str) -> int:
    """The number of the last operation of a scope that has ended; 0 when there is none, or none that can be read."""
    for identifier in reversed(operation_ids(scope)):
        try:
            ended = _state({str(line.get("line")): line for line in read_lines(f"{scope}/{OPS}/{identifier}/journal")})
        except OSError:
            continue
        if ended in ("done", "undone"):
            return int(identifier.partition("-")[0])
    return 0


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number_or_none(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
