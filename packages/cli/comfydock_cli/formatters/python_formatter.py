"""Python packages in words: what is planned, what was done, what is asked for."""

from collections.abc import Sequence

from comfydock_cli.cli_utils import Result
from comfydock_cli.formatters.columns import aligned
from comfydock_cli.formatters.plan_formatter import planned_change
from comfydock_cli.formatters.sync_formatter import package_data, package_lines
from comfydock_core.models.addresses import without_credentials_in
from comfydock_core.models.packages.python_packages import (
    ListedConstraint,
    ListedPackage,
    PackagePlan,
    RequirementChange,
)
from comfydock_core.models.packages.syncing import SyncOutcome

_OWNERS = {"comfyui": "ComfyUI", "user": "you", "pytorch": "PyTorch's release"}


def planned_packages(plan: PackagePlan) -> Result:
    """What `--dry-run` prints: the lines of the manifest, the packages, and the plan itself."""
    shown = planned_change(plan.change, **_data(plan))
    lines = [*_change_lines(plan), *package_lines(plan.redefinition.packages)]
    note = "\n".join(line for line in (shown.note, *plan.notes) if line)
    return Result(shown.data, "".join(f"{line}\n" for line in lines) + shown.text, note=note)


def changed_packages(plan: PackagePlan, outcome: SyncOutcome | None, seconds: float) -> Result:
    """A line a requirement, and one a package that is another now."""
    data = {**_data(plan), "operation": None, "installed": package_data(None)}
    if outcome is None:
        return Result(data, f"{plan.name}: nothing to do\n")
    data |= {"operation": outcome.operation, "installed": package_data(outcome.packages)}
    lines = [f"{plan.name}: `{plan.command}` in {seconds:.1f} s", *_change_lines(plan)]
    lines += package_lines(outcome.packages)
    return Result(data, "".join(f"{line}\n" for line in lines))


def listed_packages(packages: Sequence[ListedPackage]) -> Result:
    """A line a requirement: what is asked for, the locked version, who asks."""
    rows = [(_shown(one.requirement), ", ".join(one.versions) or "not locked", _owner(one)) for one in packages]
    data = {"packages": [
        {"name": one.name, "requirement": _shown(one.requirement), "versions": list(one.versions), "kind": one.kind,
         "owner": one.owner} for one in packages
    ]}  # fmt: skip
    note = "" if packages else "nothing is asked for; `comfydock py add PACKAGE` does"
    return Result(data, aligned(rows), note=note)


def listed_constraints(constraints: Sequence[ListedConstraint]) -> Result:
    """A line a constraint, the user's first."""
    ordered = sorted(constraints, key=lambda one: one.kind != "user")
    data = {"constraints": [{"name": one.name, "constraint": one.constraint, "kind": one.kind} for one in ordered]}
    note = "" if constraints else 'there are no constraints; `comfydock constraint add "numpy<2"` adds one'
    return Result(data, aligned([(one.constraint, _OWNERS[one.kind]) for one in ordered]), note=note)


def _owner(one: ListedPackage) -> str:
    return _OWNERS.get(one.kind) or f"{'group' if one.kind == 'group' else 'node pack'} {one.owner}"


def _change_lines(plan: PackagePlan) -> list[str]:
    return [f"  {_change_line(change)}{_place(change)}" for change in plan.changes]


def _change_line(change: RequirementChange) -> str:
    before, after = (_shown(text) if text is not None else None for text in (change.before, change.after))
    if before is None:
        return f"+ {after}"
    return f"- {before}" if after is None else f"~ {before} → {after}"


def _place(change: RequirementChange) -> str:
    return {"project": "", "constraints": " (constraint)"}.get(change.place, f" (group {change.place})")


def _data(plan: PackagePlan) -> dict[str, object]:
    return {
        "name": plan.name,
        "requirements": [
            {
                "place": one.place,
                "package": one.name,
                "before": None if one.before is None else _shown(one.before),
                "after": None if one.after is None else _shown(one.after),
            }
            for one in plan.changes
        ],
        "notes": list(plan.notes),
        "locked": package_data(plan.redefinition.packages),
        "resolved": not plan.redefinition.relock,
        "venv": plan.redefinition.venv,
    }


def _shown(requirement: str) -> str:
    return without_credentials_in(requirement)
