"""What locking workflows writes or wrote, as text."""

from collections.abc import Iterator

from comfydock_cli.cli_utils import Result
from comfydock_cli.formatters.columns import aligned
from comfydock_cli.ui.console import clean
from comfydock_core.models.workflow.lock import WorkflowLock
from comfydock_core.models.workflow.lock_text import lock_values
from comfydock_core.models.workflow.locking import CHANGED, NEW, SAME, LockPlan, PlannedLock
from comfydock_core.utils.text import counted, some

NO_WORKFLOWS = "this environment has no workflows: the editor saves them to `ComfyUI/user/default/workflows`"
_PLANNED = {NEW: "to lock", CHANGED: "to lock again", SAME: "as it is locked"}
_DONE = {NEW: "locked", CHANGED: "locked again", SAME: "locked already, and nothing changed"}


def planned_locks(plan: LockPlan) -> Result:
    """What `--dry-run` prints. Nothing was read, so that digests may be missing."""
    return Result(_data(plan), "".join(_lines(plan, _PLANNED)), note="" if plan.locks else NO_WORKFLOWS)


def locked(plan: LockPlan, operation: str) -> Result:
    """What is so now. Exit code 1 says that a lock is incomplete."""
    note = "" if plan.locks else NO_WORKFLOWS
    incomplete = [one.lock.workflow for one in plan.locks if one.problems]
    if incomplete:
        listed = some([f"`{name}`" for name in incomplete], 5)
        note = f"not everything could be locked of {listed}; what is known of the rest is in the lock"
    data = {**_data(plan), "operation": operation or None}
    return Result(data, "".join(_lines(plan, _DONE)), exit_code=1 if incomplete else 0, note=note)


def _lines(plan: LockPlan, words: dict[str, str]) -> Iterator[str]:
    for one in plan.locks:
        yield f"{clean(one.lock.workflow)}: {words[one.state]} ({_contents(one.lock)})\n"
        if one.embeds:
            yield "  with the lock in its own file\n"
        if one.unread:
            yield f"  {counted(len(one.unread), 'file')} to read for the digests\n"
        rows = [[f"  not locked: {name}", kind, problem] for kind, name, problem in one.problems]
        yield aligned(rows)
        for pack in one.lock.packs:
            if pack.changed:
                yield f"  {clean(pack.id)}: files differ from the commit {pack.words}\n"


def _contents(lock: WorkflowLock) -> str:
    counts = ((lock.packs, "node pack"), (lock.models, "model"), (lock.inputs, "input file"))
    return ", ".join(counted(len(entries), what) for entries, what in counts)


def _data(plan: LockPlan) -> dict[str, object]:
    return {"workflows": [_planned_data(one) for one in plan.locks], "complete": plan.is_complete}


def _planned_data(one: PlannedLock) -> dict[str, object]:
    return {
        "name": one.lock.workflow,
        "path": one.path,
        "state": one.state,
        "embeds": one.embeds,
        "unread": list(one.unread),
        "problems": [{"kind": kind, "name": name, "problem": problem} for kind, name, problem in one.problems],
        "lock": lock_values(one.lock),
    }
