"""What an operation that was stopped leaves, and how it is put right: before its commit point it never was, after it
it is carried through.
"""

import os
import secrets

from comfydock_core.models.exceptions import OperationUnfinished
from comfydock_core.models.operation import OperationRecord
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories import operation_log
from comfydock_core.repositories.operation_log import Journal
from comfydock_core.services.transaction.steps import StepRunner
from comfydock_core.utils import durable
from comfydock_core.utils.faults import fault


def unfinished(scope: str) -> OperationRecord | None:
    """The operation that was stopped in the middle, if any; only the last can be. Raises `OperationDamaged`."""
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
        f"the operation {record.number} (`{words}`) was stopped in the middle",
        hint="`comfydock operation resume` finishes it, `comfydock operation undo` takes it back; without `--no-settle`"
        " the next command does what is right by itself",
        context={"operation": record.id, "scope": scope, "state": record.state},
    )


def settle(scope: str, reporter: Reporter) -> OperationRecord | None:
    """Finish or remove what was stopped, saying so in one line; the caller holds the lock.

    Returns the operation that was dealt with. Raises `OperationDamaged` when somebody changed what it worked on.
    """
    record = unfinished(scope)
    if record is None:
        return None
    words = " ".join(record.words)
    named = f"operation {record.number}" + (f" (`{words}`)" if words else "")
    if record.state == "staging":
        remove_staged(scope, record.id)
        reporter.warn(f"{named} was stopped before it changed anything; what it had prepared was removed")
    else:
        carry_through(record)
        reporter.warn(f"{named} was stopped while it changed names; it is finished now")
    return record


def carry_through(record: OperationRecord) -> None:
    """Do what is left of an applied operation."""
    StepRunner(record.scope, record.id).forward(record.steps)
    Journal(record.scope, record.id).end("done")


def take_back(record: OperationRecord) -> None:
    """Undo what was done of an applied operation that was not finished."""
    StepRunner(record.scope, record.id).backward(record.steps)
    Journal(record.scope, record.id).end("undone")


def remove_staged(scope: str, identifier: str) -> None:
    """Put an operation that was never applied out of sight; the trash is emptied by the caller or later."""
    operations = operation_log.operations_directory(scope)
    os.makedirs(f"{operations}/.trash", exist_ok=True)
    fault("before discard")
    os.rename(f"{operations}/{identifier}", f"{operations}/.trash/{identifier}-{secrets.token_hex(4)}")
    durable.sync_directory(operations)
    fault("after discard")
