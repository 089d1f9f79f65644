"""Merges and reverts, in words."""

from collections.abc import Iterator

from comfydock_cli.cli_utils import Result
from comfydock_cli.formatters.move_formatter import MISSING, move_data, move_lines, move_notes, stash_lines
from comfydock_cli.formatters.sync_formatter import package_data
from comfydock_cli.ui.console import clean
from comfydock_core.models.commit import SHORT
from comfydock_core.models.history.merging import FORWARD, NOTHING, MergePlan
from comfydock_core.models.packages.syncing import SyncOutcome
from comfydock_core.utils.text import counted

_SHOWN = 20


def previewed(plan: MergePlan) -> Result:
    """What it would ask and change."""
    if plan.kind == NOTHING:
        return Result(_data(plan), _nothing(plan))
    doing = "bring back" if plan.command == "stash pop" else "revert" if plan.is_revert else "merge"
    way = "would fast-forward to" if plan.kind == FORWARD else f"would {doing}"
    lines = [f"{plan.name}: {way} {clean(plan.other)}, which changes {counted(len(plan.files), 'file')}"]
    lines += [f"  ~ {clean(path)}" for path in plan.files[:_SHOWN]]
    if len(plan.files) > _SHOWN:
        lines.append(f"    and {len(plan.files) - _SHOWN} more")
    lines += _questions(plan)
    return Result(_data(plan), "".join(f"{line}\n" for line in lines))


def merged(plan: MergePlan, outcome: SyncOutcome | None, seconds: float) -> Result:
    """What was done."""
    data = {**_data(plan), "operation": outcome.operation if outcome is not None else None}
    data["installed"] = package_data(outcome.packages if outcome is not None else None)
    if plan.move is None or outcome is None:
        return Result(data, _nothing(plan))
    commit = plan.move.destination.commit[:SHORT]
    if plan.kind == FORWARD:
        done = f"fast-forwarded to {clean(plan.other)}, {commit}"
    else:
        done = f"{'reverted' if plan.is_revert else 'merged'} {clean(plan.other)} as {commit}"
    lines = [f"{plan.name}: {done} ({seconds:.1f} s)", *_questions(plan), *stash_lines(plan.move)]
    lines += move_lines(plan.move, outcome)
    code = MISSING if plan.move.packs.unobtainable else 0
    text = "".join(f"{line}\n" for line in lines)
    return Result(data, text, exit_code=code, note="\n".join(move_notes(plan.move)))


def _nothing(plan: MergePlan) -> str:
    if plan.is_revert:
        return f"{plan.name}: nothing to revert, nothing of {clean(plan.other)} is left\n"
    return f"{plan.name}: nothing to {plan.command}, this branch has all of {clean(plan.other)} already\n"


def _questions(plan: MergePlan) -> Iterator[str]:
    for text in plan.decided:
        yield f"  = {clean(text)}"
    for one in plan.questions:
        sides = f"mine is {clean(one.mine)}, theirs is {clean(one.theirs)}"
        yield f"  ? {clean(one.name)}: {sides} → {one.answer or 'open'}"


def _data(plan: MergePlan) -> dict[str, object]:
    return {
        "environment": plan.name,
        "command": plan.command,
        "ref": plan.other,
        "kind": plan.kind,
        "base": plan.base,
        "mine": plan.mine,
        "theirs": plan.theirs,
        "commit": plan.move.destination.commit if plan.move is not None else None,
        "message": plan.message,
        "questions": [one.as_dict() for one in plan.questions],
        "decided": list(plan.decided),
        "files": list(plan.files),
        "move": None if plan.move is None else move_data(plan.move),
    }
