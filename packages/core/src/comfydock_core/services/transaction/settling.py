"""What an operation that was stopped leaves, and how it is put right: before its commit point it never was, after it
it is carried through.
"""

import contextlib
from collections.abc import Iterator

from comfydock_core.models.exceptions import FileSystemError, OperationDamaged, OperationUnfinished
from comfydock_core.models.operation import OperationRecord
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories import operation_log
from comfydock_core.repositories.operation_log import Journal
from comfydock_core.services.transaction.steps import StepRunner
from comfydock_core.services.transaction.trash import put_away
from comfydock_core.utils.faults import fault
from comfydock_core.utils.files import durable
from comfydock_core.utils.files.disk_errors import disk_errors


def unfinished(scope: str) -> OperationRecord | None:
    """The operation that was interrupted, if any; only the last can be. Raises `OperationDamaged`."""
    known = operation_log.operation_ids(scope)
    if not known:
        return None
    record = Journal(scope, known[-1]).read()
    return None if record.finished_by_itself else record


def refuse_unfinished(scope: str) -> None:
    """Raise `OperationUnfinished` when there is one."""
    record = unfinished(scope)
    if record is None:
        return
    words = " ".join(record.words) or record.id
    raise OperationUnfinished(
        f"the operation {record.number} (`{words}`) was interrupted",
        hint="`comfydock operation resume` finishes it, `comfydock operation undo` takes it back; without `--no-settle`"
        " the next command decides by itself",
        context={"operation": record.id, "scope": scope, "state": record.state},
    )


def settle(scope: str, reporter: Reporter) -> OperationRecord | None:
    """Finish or remove what was stopped, saying so in one line; the caller holds the lock.

    Returns the operation that was dealt with. Raises `OperationDamaged` when somebody changed what it worked on.
    """
    _remove_ghosts(scope)
    record = unfinished(scope)
    if record is None:
        return None
    if record.state == "staging":
        _refuse_taken_away(record)
        remove_staged(scope, record.id)
        reporter.warn(f"{_named(record)} was stopped before it changed anything; what it had prepared was removed")
    else:
        carry_through(record)
        reporter.warn(f"{_named(record)} was stopped while it changed names; it is finished now")
    return record


def carry_through(record: OperationRecord) -> None:
    """Do what is left of an applied operation. Raises `OperationDamaged`, `ChangedMeanwhile`, `FileSystemError`."""
    with _settling_errors(f"finish {_named(record)}, which was interrupted"):
        StepRunner(record.scope, record.id, was_stopped=True).forward(record.steps)
        Journal(record.scope, record.id).end("done")


def take_back(record: OperationRecord) -> None:
    """Undo what was done of an applied operation that was not finished. Raises what `carry_through` raises."""
    with _settling_errors(f"take back {_named(record)}, which was interrupted"):
        StepRunner(record.scope, record.id, was_stopped=True).backward(record.steps)
        Journal(record.scope, record.id).end("undone")


def remove_staged(scope: str, identifier: str) -> None:
    """Put an operation that was never applied out of sight; the trash is emptied by the caller or later."""
    operations = operation_log.operations_directory(scope)
    fault("before discard")
    put_away(scope, f"{operations}/{identifier}")
    durable.sync_directory(operations)
    fault("after discard")


def _remove_ghosts(scope: str) -> None:
    for identifier in operation_log.ghosts(scope):
        put_away(scope, Journal(scope, identifier).directory)


def _refuse_taken_away(record: OperationRecord) -> None:
    """What took something away was applied, whatever its journal says: that was damaged later. Never remove it."""
    journal = Journal(record.scope, record.id)
    if not journal.keeps():
        return
    raise OperationDamaged(
        f"the journal of the operation {record.number} is damaged, and the operation had taken something away",
        hint=f"what it took away is in `{journal.directory}/old`; when all is well without it, remove"
        f" `{journal.directory}`",
        context={"operation": record.id, "path": journal.directory, "kept": journal.keeps()},
    )


@contextlib.contextmanager
def _settling_errors(doing: str) -> Iterator[None]:
    """Errors of the file system, told with the way out."""
    try:
        with disk_errors(doing):
            yield
    except FileSystemError as error:
        way = "fix what stands in its way and run the command again, or choose with `comfydock operation resume|undo`"
        error.hint = f"{error.hint}; {way}" if error.hint else way
        raise


def _named(record: OperationRecord) -> str:
    words = " ".join(record.words)
    return f"operation {record.number}" + (f" (`{words}`)" if words else "")
