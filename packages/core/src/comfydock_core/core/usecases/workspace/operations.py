"""What was done and can be undone: the operations of the workspace and of its environments."""

import functools
import os
from collections.abc import Callable, Iterator

from comfydock_core.models.exceptions import ConflictError, OperationNotFound
from comfydock_core.models.operation import ChangePlan, Initiator, OperationRecord
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories import operation_log
from comfydock_core.repositories.operation_log import Journal
from comfydock_core.services.transaction import keeping, locked, operation, plan_undo
from comfydock_core.services.transaction.scope import empty_trash
from comfydock_core.services.transaction.settling import carry_through, settle, take_back, unfinished
from comfydock_core.utils.files.disk_errors import disk_errors


def operations(scopes: tuple[str, ...]) -> list[OperationRecord]:
    """The operations of some scopes, oldest first. Raises `OperationDamaged`, `FileSystemError`."""
    with disk_errors("read the operations"):
        found = [record for scope in scopes for record in _records(scope)]
    return sorted(found, key=lambda record: record.started)


def _records(scope: str) -> Iterator[OperationRecord]:
    """A ghost may come again while a child of a stopped command lives; the next change removes it."""
    ghosts = operation_log.ghosts(scope)
    for identifier in operation_log.operation_ids(scope):
        if identifier not in ghosts:
            yield Journal(scope, identifier).read()


def find_operation(scopes: tuple[str, ...], wanted: str | None) -> OperationRecord:
    """The operation of a number, an identifier or `SCOPE:IDENTIFIER`; without one the last that changed something.

    Raises `OperationNotFound`, and `ConflictError` when several scopes have one of that number.
    """
    known = operations(scopes)
    if wanted is None:
        finished = [record for record in known if record.state == "done"]
        if finished:
            return _last(finished)
        raise OperationNotFound(
            "there is nothing to undo yet",
            hint="`comfydock operation list` shows what was done, with `-e NAME` to one environment",
            context={"scopes": list(scopes)},
        )
    matching = [record for record in known if _is_named(record, wanted)]
    if len(matching) > 1:
        raise ConflictError(
            f"{len(matching)} scopes have an operation {wanted}",
            hint="name the environment with `-e NAME`, or say `--workspace`, or name one in full:\n"
            + "\n".join(f"  {full_name(record.scope, record.id)}" for record in matching),
            context={"operations": [full_name(record.scope, record.id) for record in matching]},
        )
    if not matching:
        raise OperationNotFound(
            f"there is no operation `{wanted}`",
            hint="`comfydock operation list` shows those that are kept",
            context={"operation": wanted, "scopes": list(scopes)},
        )
    return matching[0]


def full_name(scope: str, identifier: str) -> str:
    """What an operation is called that no other is, of whatever scope."""
    return f"{scope}:{identifier}"


def undo(plan: ChangePlan, initiator: Initiator, reporter: Reporter) -> str:
    """Carry out the undo of a finished operation and return the new operation's identifier."""
    with operation(plan, initiator, reporter) as under_way:
        under_way.commit()
    return under_way.id


def plan_undo_of(scopes: tuple[str, ...], wanted: str | None) -> ChangePlan:
    """What undoing an operation takes. Raises `OperationNotFound`, `NotUndoable`."""
    with disk_errors("plan the undo"):
        return plan_undo(find_operation(scopes, wanted))


def take_back_unfinished(scope: str, initiator: Initiator, reporter: Reporter) -> OperationRecord | None:
    """Take back what was interrupted; `None` when nothing was. Raises `OperationDamaged`."""
    return _end_unfinished(scope, initiator, reporter, "take the operation back", take_back)


def finish_unfinished(scope: str, initiator: Initiator, reporter: Reporter) -> OperationRecord | None:
    """Finish what was stopped after its commit point, remove what was stopped before it; `None` when nothing was.

    What was removed (`state` is `staging`) can be started again by its words.
    """
    return _end_unfinished(scope, initiator, reporter, "finish the operation", carry_through)


def _end_unfinished(
    scope: str, initiator: Initiator, reporter: Reporter, doing: str, end: Callable[[OperationRecord], object]
) -> OperationRecord | None:
    """End what was stopped: by `end` past its commit point; before it nothing was changed, and its stage is removed."""
    with disk_errors(doing), locked(scope, initiator, reporter, settled=False):
        record = unfinished(scope)
        if record is None:
            return None
        if record.state == "applying":
            end(record)
        else:
            settle(scope, reporter)
            empty_trash(scope, reporter)
        return record


def plan_pruning(scopes: tuple[str, ...], keep: int) -> list[tuple[OperationRecord, int]]:
    """The operations that pruning to `keep` removes, each with the bytes that this frees."""
    found = []
    with disk_errors("measure what operations keep"):
        for scope in scopes:
            for known in keeping.beyond(scope, keep):
                record = Journal(scope, known).read()
                if record.finished_by_itself:
                    found.append((record, keeping.kept_bytes(scope, known)))
    return found


def prune(scope: str, keep: int, initiator: Initiator, reporter: Reporter) -> None:
    """Remove what operations beyond `keep` hold, for good; they cannot be undone afterwards."""
    with disk_errors("prune the operations"), locked(scope, initiator, reporter):
        keeping.drop_old(scope, reporter, keep)


def kept_bytes(record: OperationRecord) -> int:
    """What removing the operation would free."""
    return keeping.kept_bytes(record.scope, record.id)


def _last(records: list[OperationRecord]) -> OperationRecord:
    """The last one, whatever the clock says: by number within a scope, and by what had ended around an environment."""
    newest: dict[str, OperationRecord] = {}
    for record in records:
        if record.scope not in newest or record.number > newest[record.scope].number:
            newest[record.scope] = record
    return functools.reduce(_later, newest.values())


def _later(one: OperationRecord, other: OperationRecord) -> OperationRecord:
    """Which of two operations of different scopes ended later; older journals have only times."""
    for inner, outer in ((one, other), (other, one)):
        if os.path.dirname(inner.scope) == outer.scope and inner.around is not None:
            return inner if inner.around >= outer.number else outer
    return max(one, other, key=lambda record: record.finished or "")


def _is_named(record: OperationRecord, wanted: str) -> bool:
    if wanted in (record.id, full_name(record.scope, record.id)):
        return True
    return wanted.isascii() and wanted.isdecimal() and record.number == int(wanted)
