"""What locking workflows writes or wrote, as text."""

from collections.abc import Iterator

from comfydock_cli.cli_utils import Result
from comfydock_cli.formatters.columns import aligned
from comfydock_cli.formatters.plan_formatter import planned_change
from comfydock_cli.ui.console import clean
from comfydock_core.models.workflow.lock_text import lock_values
from comfydock_core.models.workflow.locking import CHANGED, NEW, SAME, LockPlan, PlannedLock
from comfydock_core.utils.text import some

NO_WORKFLOWS = "this environment has no workflows: the editor saves them to `ComfyUI/user/default/workflows`"
_DONE = {NEW: "locked", CHANGED: "locked again", SAME: "locked already, and nothing changed"}


def planned_locks(plan: LockPlan) -> Result:
    """What `--dry-run` prints. Nothing was read, so that digests may be missing."""
    note = "" if plan.change is not None else "there is nothing to do" if plan.locks else NO_WORKFLOWS
    lines = "".join(line for one in plan.locks for line in _problem_lines(one))
    if plan.change is None:
        return Result({**_data(plan), "plan": [], "steps": []}, lines, note=note)
    found = planned_change(plan.change, **_data(plan))
    return Result(found.data, found.text + lines, note=note)


def locked(plan: LockPlan, operation: str) -> Result:
    """What is so now. Exit code 1 says that a lock is incomplete."""
    note = "" if plan.locks else NO_WORKFLOWS
    incomplete = [one.lock.workflow for one in plan.locks if one.problems]
    if incomplete:
        listed = some([f"`{name}`" for name in incomplete], 5)
        note = f"not everything could be locked of {listed}; what is known of the rest is in the lock"
    data = {**_data(plan), "operation": operation or None}
    text = "".join(line for one in plan.locks for line in _lines(one))
    return Result(data, text, exit_code=1 if incomplete else 0, note=note)


def _lines(one: PlannedLock) -> Iterator[str]:
    yield f"{clean(one.lock.workflow)}: {_DONE[one.state]} ({one.lock.words})\n"
    if one.embeds:
        yield "  with the lock in its own file\n"
    yield from _problem_lines(one)


def _problem_lines(one: PlannedLock) -> Iterator[str]:
    yield aligned([[f"  not locked: {name}", kind, problem] for kind, name, problem in one.problems])
    for pack in one.lock.packs:
        if pack.changed:
            yield f"  {clean(pack.id)}: files differ from the commit {pack.words}\n"


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
