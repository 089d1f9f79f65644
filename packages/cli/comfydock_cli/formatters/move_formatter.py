"""Going elsewhere in the history, in words: what is planned, what was done, and branches, tags and stashes."""

from collections.abc import Iterator, Mapping, Sequence

from comfydock_cli.cli_utils import Result
from comfydock_cli.formatters.columns import aligned
from comfydock_cli.formatters.plan_formatter import planned_change
from comfydock_cli.formatters.sync_formatter import package_data, package_lines
from comfydock_cli.ui.console import clean
from comfydock_core.models.commit import SHORT, Reference
from comfydock_core.models.history.moving import MovePlan, ReferencePlan, Stash
from comfydock_core.models.history.remotes import Tracking
from comfydock_core.models.operation import RefChange
from comfydock_core.models.packages.syncing import SyncOutcome

_DONE = {"convert": "converted", "copy": "copied", "fetch": "fetched", "install": "installed", "lock": "locked",
         "move": "moved", "patch": "patched", "remove": "removed", "rename": "renamed", "write": "wrote"}  # fmt: skip
_BRANCH = "ref: refs/heads/"
MISSING = 3  # The exit code when node packs could not be had, as with `sync`.


def planned_move(plan: MovePlan) -> Result:
    """What `--dry-run` prints."""
    result = planned_change(plan.change, **move_data(plan))
    result.note = "\n".join([*([result.note] if result.note else []), *move_notes(plan)])
    return result


def moved(plan: MovePlan, outcome: SyncOutcome | None, seconds: float) -> Result:
    """Where the environment is now, a line a change, and one a package that is another now."""
    data = {**move_data(plan), "operation": outcome.operation if outcome is not None else None}
    data["installed"] = package_data(outcome.packages if outcome is not None else None)
    code = MISSING if plan.packs.unobtainable else 0
    note = "\n".join(move_notes(plan))
    if outcome is None:
        return Result(data, f"{plan.name}: nothing to do, it is at {clean(_place(plan))}\n", exit_code=code, note=note)
    lines = [f"{plan.name} is now at {clean(_place(plan))} ({seconds:.1f} s)"]
    lines += stash_lines(plan)
    lines += move_lines(plan, outcome)
    return Result(data, "".join(f"{line}\n" for line in lines), exit_code=code, note=note)


def stash_lines(plan: MovePlan) -> Iterator[str]:
    """Where uncommitted work is now, if it was in the way."""
    if plan.stash is not None:
        yield f"  put uncommitted work aside as stash {plan.stash}; `comfydock stash pop` brings it back"


def move_lines(plan: MovePlan, outcome: SyncOutcome) -> list[str]:
    """What a move changed, a line each, and one a package that is another now."""
    lines = [f"  {_DONE[line.action]} {line.target}" + (f" ({clean(line.detail)})" if line.detail else "")
             for line in plan.change.work]  # fmt: skip
    return [*lines, *package_lines(outcome.packages)]


def referenced(plan: ReferencePlan, operation: str) -> Result:
    """One line about a branch, tag or stash."""
    request, commit = plan.request, plan.commit[:SHORT]
    words = {
        "create": f"made the {request.kind} {request.name} at {commit}",
        "rename": f"renamed the {request.kind} {request.name} to {request.new_name}",
        "delete": f"deleted the {request.kind} {request.name} (was {commit}); `undo` brings it back",
    }[request.action]
    return Result({**_reference_data(plan), "operation": operation}, f"{plan.name}: {clean(words)}\n")


def planned_reference(plan: ReferencePlan) -> Result:
    """What `--dry-run` prints."""
    return planned_change(plan.change, **_reference_data(plan))


def _reference_data(plan: ReferencePlan) -> dict[str, object]:
    request = plan.request
    return {"environment": plan.name, "kind": request.kind, "action": request.action, "reference": request.name,
            "new_name": request.new_name, "commit": plan.commit}  # fmt: skip


def listed_branches(references: Sequence[Reference], current: str | None, tracking: Mapping[str, Tracking]) -> Result:
    """A line a branch, the present one marked, with the branch of a remote that it follows."""
    shown = [one for one in references if one.kind == "branch"]
    rows = [("*" if one.name == current else " ", one.name, one.commit[:SHORT], _followed(tracking.get(one.name)))
            for one in shown]  # fmt: skip
    found = [
        {
            "name": one.name,
            "commit": one.commit,
            "upstream": one.upstream,
            "tracking": tracking[one.name].as_dict() if one.name in tracking else None,
            "current": one.name == current,
        }
        for one in shown
    ]
    note = "the environment is on no branch" if current is None else ""
    return Result({"branches": found}, aligned(rows), note=note)


def _followed(tracking: Tracking | None) -> str:
    """What a branch follows, and how far both are apart."""
    if tracking is None:
        return ""
    apart = [f"{number} {word}" for number, word in ((tracking.ahead, "ahead"), (tracking.behind, "behind")) if number]
    told = "gone" if tracking.gone else ", ".join(apart)
    return f"{tracking.upstream} ({told})" if told else tracking.upstream


def listed_tags(references: Sequence[Reference]) -> Result:
    """A line a tag."""
    shown = [one for one in references if one.kind == "tag"]
    found = [{"name": one.name, "commit": one.commit, "upstream": one.upstream, "current": False} for one in shown]
    rows = [(one.name, one.commit[:SHORT]) for one in shown]
    return Result({"tags": found}, aligned(rows), note="" if shown else "there are no tags")


def listed_stashes(stashes: Sequence[Stash]) -> Result:
    """A line a stash."""
    rows = [(str(one.number), one.date[:16].replace("T", " "), one.parent[:SHORT], one.subject) for one in stashes]
    data = {"stashes": [{"number": one.number, "commit": one.commit, "parent": one.parent, "date": one.date,
                         "subject": one.subject} for one in stashes]}  # fmt: skip
    return Result(data, aligned(rows), note="" if stashes else "nothing was put aside")


def stash_text(stash: Stash) -> str:
    """One stash on a line."""
    return f"stash {stash.number} of {stash.date[:16].replace('T', ' ')}, begun at {stash.parent[:SHORT]}:" \
           f" {clean(stash.subject)}"  # fmt: skip


def _place(plan: MovePlan) -> str:
    """Where it is then: the commit, and the branch if it goes to another one."""
    label = plan.destination.label
    for ref in plan.destination.refs:
        if ref.name == "HEAD" and ref.new is not None and not ref.new.startswith(_BRANCH):
            return f"{label}, on no branch"
    return label


def move_notes(plan: MovePlan) -> Iterator[str]:
    """What is to be known besides."""
    for note in plan.notes:
        yield f"! {clean(note)}"
    if any(ref.name == "HEAD" and ref.new is not None and not ref.new.startswith(_BRANCH)
           for ref in plan.destination.refs):  # fmt: skip
        yield "the environment is on no branch; `comfydock switch -c NAME` makes one for what is committed from here on"
    if plan.packs.unobtainable:
        yield f"! not installed, as no source for them is known: {clean(', '.join(plan.packs.unobtainable))}"


def move_data(plan: MovePlan) -> dict[str, object]:
    """A move for `--json`."""
    packs, comfyui, python = plan.packs, plan.comfyui, plan.python
    branch = next((ref.new for ref in plan.destination.refs if ref.name == "HEAD"), None)
    return {
        "environment": plan.name,
        "to": plan.destination.label,
        "commit": plan.destination.index or plan.destination.commit,
        "branch": branch.removeprefix(_BRANCH) if branch is not None and branch.startswith(_BRANCH) else None,
        "refs": [_ref_data(ref) for ref in plan.destination.refs],
        "files": list(plan.changed),
        "packs": {
            "fetched": [wanted.pack.release.name for wanted in packs.added],
            "removed": list(packs.removed),
            "renamed": [list(pair) for pair in packs.renamed],
            "copied": [list(pair) for pair in packs.copied],
            "unobtainable": list(packs.unobtainable),
        },
        "comfyui": None if comfyui is None else {"before": comfyui.before, "after": comfyui.after},
        "venv": python.venv,
        "stash": plan.stash,
        "notes": list(plan.notes),
    }


def _ref_data(ref: RefChange) -> dict[str, object]:
    return {"name": ref.name, "before": ref.old, "after": ref.new}
