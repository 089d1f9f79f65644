"""What a commit is going to hold, or holds, and what it lacks."""

from collections.abc import Iterator

from comfydock_cli.cli_utils import Result
from comfydock_cli.formatters.plan_formatter import planned_change
from comfydock_cli.ui.console import clean
from comfydock_core.models.committing import CommitOutcome, CommitPlan, Difference
from comfydock_core.utils.text import counted

_SHORT = 7
_SHOWN = 10


def planned_commit(plan: CommitPlan) -> Result:
    """What `--dry-run` prints: the name of the commit is told by the real run, which takes its own time for it."""
    result = planned_change(plan.change, **_data(plan))
    if not plan.nothing_to_do:
        result.text = f"would commit v{plan.number}: {clean(plan.subject)}\n{_counts(plan)}{result.text}"
    result.note = "\n".join([*([result.note] if result.note else []), *_notes(plan)])
    return result


def committed(plan: CommitPlan, outcome: CommitOutcome | None) -> Result:
    """A line as git writes it, and one of counts."""
    note = "\n".join(_notes(plan))
    data = {**_data(plan), "operation": outcome.operation if outcome is not None else None}
    if outcome is None:
        return Result(data, f"{plan.name}: nothing to commit\n", note=note)
    where = clean(plan.branch) if plan.branch is not None else "detached"
    line = f"[{where} {outcome.commit[:_SHORT]}] v{plan.number}: {clean(plan.subject)}\n"
    return Result(data, line + _counts(plan), note=note)


def _counts(plan: CommitPlan) -> str:
    changes = plan.changes
    parts = (("node packs", changes.packs), ("packages", changes.packages), ("workflows", changes.workflows))
    told = [f"{word}: {_told(part)}" for word, part in parts if part]
    patches = ((plan.patches.new, "written"), (plan.patches.gone, "removed"))
    numbers = [f"{len(paths)} {word}" for paths, word in patches if paths]
    told += [f"patches: {', '.join(numbers)}"] if numbers else []
    files = changes.files
    every = counted(len(files.added) + len(files.removed) + len(files.changed), "file")
    return "  " + "; ".join([f"{every} changed", *told]) + "\n"


def _told(part: Difference) -> str:
    numbers = ((part.added, "added"), (part.changed, "changed"), (part.removed, "removed"))
    return ", ".join(f"{len(names)} {word}" for names, word in numbers if names)


def _notes(plan: CommitPlan) -> Iterator[str]:
    """What is to be known of the commit."""
    gaps = [gap.text for gap in plan.gaps]
    yield from _listed("cannot be rebuilt elsewhere", gaps)
    yield from _listed("committed as it is, though it is no workflow", [f"{p}: {why}" for p, why in plan.unreadable])
    shown = [(path, why) for path, why in plan.left_out if why != "hidden"]
    yield from _listed("left out", [f"{path} ({why})" for path, why in shown])


def _listed(words: str, lines: list[str]) -> Iterator[str]:
    for line in lines[:_SHOWN]:
        yield f"! {words}: {clean(line)}"
    if len(lines) > _SHOWN:
        yield f"! {words}: {len(lines) - _SHOWN} more; `--json` lists all"


def _data(plan: CommitPlan) -> dict[str, object]:
    return {
        "environment": plan.name,
        "committed": not plan.nothing_to_do,
        "commit": plan.commit or plan.parent,
        "parent": plan.parent,
        "branch": plan.branch,
        "version": f"v{plan.number}",
        "message": plan.message,
        "changes": plan.changes.as_dict(),
        "patches": {"written": sorted(plan.patches.new), "removed": sorted(plan.patches.gone)},
        "gaps": [gap.as_dict() for gap in plan.gaps],
        "unreadable": [{"path": path, "reason": reason} for path, reason in plan.unreadable],
        "left_out": [{"path": path, "reason": reason} for path, reason in plan.left_out],
    }
