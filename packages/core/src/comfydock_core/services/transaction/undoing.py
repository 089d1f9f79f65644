"""The undo of a finished operation: a new operation of the same steps, the other way round."""

import os

from comfydock_core.integrations.git import queries
from comfydock_core.models.exceptions import NotUndoable
from comfydock_core.models.operation import ChangePlan, OperationRecord, RefChange, Step, Swap
from comfydock_core.models.plan import PlanStep
from comfydock_core.repositories import operation_log
from comfydock_core.repositories.operation_log import OPS
from comfydock_core.services.transaction.planning import make_plan
from comfydock_core.utils.files.fingerprints import fingerprint

# What a commit changes beside references.
_OF_HISTORY = (".cec/.git/index/", ".cec/workflows/")


def plan_undo(record: OperationRecord) -> ChangePlan:
    """What undoing takes. Raises `NotUndoable` when what the operation left is not what is there now.

    What it put in place goes into the new operation's keeping, so that undoing the undo does it again.
    """
    if record.state != "done":
        raise _refusal(record, "it was undone before it was finished", record.scope)
    steps = [_inverse(record, number, step) for number, step in enumerate(record.steps)]
    steps.reverse()
    environments = _environments(record.scope, steps)
    work = [PlanStep("undo", f"operation {record.number}", " ".join(record.words))]
    return make_plan(
        record.scope,
        "undo",
        steps,
        work=work,
        holds=environments,
        disturbs=environments or _disturbed(record.scope, steps),
        fetch_bytes=0,
        disk_needed=0,
        undoes=record.id,
    )


def _inverse(record: OperationRecord, number: int, step: Step) -> Step:
    if isinstance(step, RefChange):
        return _inverse_ref(record, step)
    if step.sign == ">":
        assert step.source is not None
        _expect(record, step.path, record.after[number])
        _expect(record, step.source, None)
        return Swap(step.source, None, True, step.path, step.detail)
    kept = f"{OPS}/{record.id}/old/{number}"
    _expect(record, step.path, record.after[number])
    if step.has_old:
        _expect(record, kept, step.before)
    return Swap(step.path, record.after[number], step.has_old, kept if step.has_old else None, step.detail)


def _inverse_ref(record: OperationRecord, step: RefChange) -> RefChange:
    repository = _absolute(record.scope, step.repository)
    found = queries.ref_value(repository, step.name)
    if found != step.new:
        raise _refusal(record, f"`{step.name}` leads to {found}, not to {step.new}", repository)
    return RefChange(step.repository, step.name, step.new, step.old)


def _expect(record: OperationRecord, path: str, known: str | None) -> None:
    place = _absolute(record.scope, path)
    found = fingerprint(place)
    if found == known:
        return
    if path.startswith(f"{OPS}/"):
        reason = "what it removed has been pruned since" if found is None else f"`{place}` was changed"
    elif found is None:
        reason = f"`{place}` is no longer there"
    elif known is None:
        reason = f"`{place}` exists again"
    else:
        reason = f"`{place}` has changed since"
    raise _refusal(record, reason, place, found=found, expected=known)


def _refusal(record: OperationRecord, reason: str, path: str, **facts: str | None) -> NotUndoable:
    words = " ".join(record.words) or record.id
    last = operation_log.operation_ids(record.scope)[-1:] == [record.id]
    return NotUndoable(
        f"the operation {record.number} (`{words}`) cannot be undone: {reason}",
        hint="no recorded operation came after it, so it was changed by hand or removed for good"
        if last
        else "`comfydock operation list` shows what came after it; undo that first",
        context={"operation": record.id, "path": path, **facts},
    )


def _environments(scope: str, steps: list[Step]) -> list[str]:
    """The environments that are renamed or removed: nobody may be changing them meanwhile."""
    names = [name for step in steps if isinstance(step, Swap) for name in (step.path, step.source or "")]
    places = [_absolute(scope, name) for name in names if name and "/" not in name]
    return sorted(place for place in set(places) if os.path.isdir(f"{place}/.cec"))


def _disturbed(scope: str, steps: list[Step]) -> list[str]:
    """The environment itself, unless only its history moves, which nothing that runs reads."""
    is_history = all(isinstance(step, RefChange) or f"{step.path}/".startswith(_OF_HISTORY) for step in steps)
    return [scope] if os.path.isdir(f"{scope}/.cec") and not is_history else []


def _absolute(scope: str, path: str) -> str:
    return os.path.normpath(os.path.join(scope, path))
