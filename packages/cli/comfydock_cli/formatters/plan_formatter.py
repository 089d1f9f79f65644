"""What `--dry-run` prints: the very plan that the real run executes."""

from collections.abc import Iterable
from typing import Protocol

from comfydock_cli.cli_utils import Result
from comfydock_cli.ui.progress import amount
from comfydock_core.models.operation import ChangePlan, RefChange, Step


class Line(Protocol):
    """A line of any plan."""

    @property
    def action(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def detail(self) -> str: ...


def planned(lines: Iterable[Line], **facts: object) -> Result:
    """What would be done, as data and as lines; `facts` go into the data beside it."""
    rows = [{"action": line.action, "target": line.target, "detail": line.detail} for line in lines]
    return Result({**facts, "plan": rows}, "".join(f"{_line(line)}\n" for line in lines))


def planned_change(plan: ChangePlan, **facts: object) -> Result:
    """A change: what is prepared, the names it ends with, what it needs, and what cannot be undone."""
    if not plan.steps:
        return Result({**facts, **plan_data(plan)}, note="there is nothing to do")
    text = [_line(line) for line in plan.work]
    text += ["then, all at once:", *(f"  {_step_line(step)}" for step in plan.steps)]
    text.append(_needs(plan))
    text += [f"cannot be undone: {line}" for line in plan.not_undoable]
    return Result({**facts, **plan_data(plan)}, "".join(f"{line}\n" for line in text))


def plan_data(plan: ChangePlan) -> dict[str, object]:
    """The plan for `--json`."""
    return {
        "plan": [
            {"action": line.action, "target": line.target, "detail": line.detail, "deferred": line.deferred}
            for line in plan.work
        ],
        "scope": plan.scope,
        "steps": [step_data(step) for step in plan.steps],
        "fingerprint": plan.fingerprint,
        "fetch_bytes": plan.fetch_bytes,
        "disk_needed": plan.disk_needed,
        "disk_free": plan.disk_free,
        "undoes": plan.undoes,
        "not_undoable": list(plan.not_undoable),
    }


def step_data(step: Step) -> dict[str, object]:
    """One step for `--json`."""
    if isinstance(step, RefChange):
        return {"kind": "ref", "repository": step.repository, "name": step.name, "old": step.old, "new": step.new}
    return {"kind": "swap", "sign": step.sign, "path": step.path, "source": step.source, "before": step.before,
            "detail": step.detail}  # fmt: skip


def step_text(step: Step) -> str:
    """One step for people: `+ name`, `- name`, `~ name`, `> old to new`."""
    if isinstance(step, RefChange):
        return f"~ {step.name} {_ref_text(step.old)} → {_ref_text(step.new)}"
    path = step.path.removeprefix("../")
    if step.sign == ">":
        return f"> {(step.source or '').removeprefix('../')} to {path}"
    return f"{step.sign} {path}"


def _ref_text(value: str | None) -> str:
    """The beginning of a commit, or the branch that `HEAD` is on."""
    branch = (value or "none").removeprefix("ref: refs/heads/")
    return branch if branch != value else branch[:10]


def _step_line(step: Step) -> str:
    detail = "" if isinstance(step, RefChange) or not step.detail else f" ({step.detail})"
    return step_text(step) + detail


def _line(line: Line) -> str:
    return f"would {line.action} {line.target}" + (f" ({line.detail})" if line.detail else "")


def _needs(plan: ChangePlan) -> str:
    """What is not known yet to be fetched needs space of its own."""
    fetch, disk = (
        ("unknown" if size is None else amount(size, "bytes")) for size in (plan.fetch_bytes, plan.disk_needed)
    )
    disk = f"at least {disk}" if plan.fetch_bytes is None and plan.disk_needed is not None else disk
    return f"to fetch: {fetch}; disk needed: {disk}, free: {amount(plan.disk_free, 'bytes')}"
