"""ComfyUI itself, in words: which one there is, which there are, and what another one changes."""

from collections.abc import Iterator, Sequence

from comfydock_cli.cli_utils import Result
from comfydock_cli.formatters.columns import aligned
from comfydock_cli.formatters.plan_formatter import planned_change
from comfydock_cli.formatters.sync_formatter import package_data, package_lines
from comfydock_cli.ui.console import clean
from comfydock_core.models.environments.comfyui import ClassChanges, ComfyUIHere, ComfyUIPlan, ComfyUIVersion
from comfydock_core.models.packages.syncing import SyncOutcome
from comfydock_core.utils.text import counted

_SHORT = 10
_SHOWN = 10
_NEWEST = 15


def shown_comfyui(here: ComfyUIHere) -> Result:
    """A line a fact."""
    rows = [
        ("version", f"{here.kind or 'version'} {here.version or 'unknown'}"),
        ("commit", _commit(here)),
        ("repository", here.repository),
        ("files", counted(len(here.modified), "changed file") if here.modified else "unchanged"),
    ]
    rows += [("", f"~ {path}") for path in here.modified[:_SHOWN]]
    data: dict[str, object] = {
        "version": here.version,
        "kind": here.kind,
        "commit": here.commit,
        "repository": here.repository,
        "checked_out": here.found,
        "branch": here.branch,
        "date": here.date,
        "subject": here.subject,
        "modified": list(here.modified),
    }
    differs = here.commit is not None and here.found is not None and here.found != here.commit
    note = (
        f"! the manifest wants {(here.commit or '')[:_SHORT]}; `comfydock sync` moves ComfyUI there" if differs else ""
    )
    return Result(data, aligned(rows), note=note)


def _commit(here: ComfyUIHere) -> str:
    if here.found is None:
        return "not a git repository"
    about = f" {(here.date or '')[:10]}  {clean(here.subject or '')}"
    return f"{here.found[:_SHORT]}{f' ({clean(here.branch)})' if here.branch else ''}{about}"


def listed_versions(versions: Sequence[ComfyUIVersion], *, every: bool) -> Result:
    """A line a version, the present one marked."""
    releases = [one for one in versions if one.kind == "release"]
    branches = [one for one in versions if one.kind == "branch"]
    shown = releases if every else [one for at, one in enumerate(releases) if at < _NEWEST or one.current]
    rows = [("*" if one.current else " ", one.name, one.kind, one.commit[:_SHORT]) for one in [*shown, *branches]]
    data = {"versions": [{"name": one.name, "kind": one.kind, "commit": one.commit, "current": one.current}
                         for one in [*shown, *branches]]}  # fmt: skip
    left = len(releases) - len(shown)
    return Result(data, aligned(rows), note=f"{counted(left, 'older release')}; `--all` lists them" if left else "")


def planned_comfyui(plan: ComfyUIPlan) -> Result:
    """What `--dry-run` prints."""
    shown = planned_change(plan.change, **_data(plan))
    note = "\n".join([*([shown.note] if shown.note else []), *(f"! {clean(note)}" for note in plan.notes)])
    if plan.nothing_to_do:
        return Result(shown.data, shown.text, note=note)
    packages = package_lines(plan.redefinition.packages) if plan.redefinition is not None else []
    lines = [*_change_lines(plan), *packages]
    return Result(shown.data, "".join(f"{line}\n" for line in lines) + shown.text, note=note)


def changed_comfyui(plan: ComfyUIPlan, outcome: SyncOutcome | None, seconds: float) -> Result:
    """From which version to which, what that changes, and a line a package that is another now."""
    data = {**_data(plan), "operation": None, "installed": package_data(None)}
    if outcome is None:
        return Result(data, f"{plan.name}: nothing to do, ComfyUI is at {clean(str(plan.after))} already\n")
    data |= {"operation": outcome.operation, "installed": package_data(outcome.packages)}
    lines = [f"{plan.name} has ComfyUI {clean(str(plan.after))} now ({seconds:.1f} s)", *_change_lines(plan)]
    lines += package_lines(outcome.packages)
    return Result(data, "".join(f"{line}\n" for line in lines))


def _change_lines(plan: ComfyUIPlan) -> Iterator[str]:
    before = plan.before[:_SHORT] if len(plan.before) == 40 else plan.before
    yield f"  ComfyUI {clean(before)} → {clean(str(plan.after))} ({plan.after.short_commit})"
    words = "leaves behind" if plan.backwards else "brings"
    for commit in plan.commits[:_SHOWN]:
        yield f"    {words} {clean(commit)}"
    if len(plan.commits) > _SHOWN:
        yield f"    and {counted(len(plan.commits) - _SHOWN, 'other commit')}"
    for one in plan.requirements:
        if one.before is None:
            yield f"  + requires {clean(one.after or '')}"
        elif one.after is None:
            yield f"  - no longer requires {clean(one.before)}"
        else:
            yield f"  ~ requires {clean(one.after)} instead of {clean(one.before)}"
    yield from _class_lines(plan.classes)


def _class_lines(classes: ClassChanges) -> Iterator[str]:
    for sign, names in (("+", classes.added), ("-", classes.removed)):
        if names:
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            shown = ", ".join(clean(name) for name in names[:_SHOWN])
            yield f"  {sign} {len(names)} node class{'es' if len(names) > 1 else ''}: {shown}{more}"
    for workflow, names in (classes.workflows or {}).items():
        yield f"  ! the workflow {clean(workflow)} uses {', '.join(clean(name) for name in names[:_SHOWN])}"


def _data(plan: ComfyUIPlan) -> dict[str, object]:
    move, redefinition = plan.move, plan.redefinition
    return {
        "environment": plan.name,
        "before": plan.before,
        "after": str(plan.after),
        "kind": plan.after.kind,
        "commit": plan.after.commit,
        "moves": None if move is None else {"before": move.before, "after": move.after},
        "requirements": [{"name": one.name, "before": one.before, "after": one.after} for one in plan.requirements],
        "packages": package_data(redefinition.packages if redefinition is not None else None),
        "classes": {
            "added": list(plan.classes.added),
            "removed": list(plan.classes.removed),
            "workflows": {name: list(found) for name, found in (plan.classes.workflows or {}).items()},
        },
        "commits": list(plan.commits),
        "backwards": plan.backwards,
        "notes": list(plan.notes),
    }
