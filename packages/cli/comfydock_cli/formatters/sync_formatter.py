"""What `sync` and its like did, in words."""

from comfydock_cli.cli_utils import Result
from comfydock_core.models.packages.syncing import PackageChanges, SyncOutcome, SyncPlan
from comfydock_core.utils.text import counted

_SHOWN = 20

# What was done, where the plan says what will be.
_DONE = {"choose": "chose", "convert": "converted", "fetch": "fetched", "install": "installed", "link": "linked",
         "lock": "locked", "move": "moved", "patch": "patched", "write": "wrote"}  # fmt: skip


def synced(plan: SyncPlan, outcome: SyncOutcome | None, seconds: float, data: dict[str, object]) -> Result:
    """A line a change, and one a package that is another now.

    Exit code 3 says that node packs are missing, 4 that something else differs from the definition still.
    """
    notes = [f"! left as it is: {line}" for line in plan.held_back]
    if plan.unobtainable:
        notes.append(f"! not installed, as no source for them is known: {', '.join(plan.unobtainable)}")
    note, code = "\n".join(notes), 3 if plan.unobtainable else 4 if plan.held_back else 0
    if outcome is None:
        found = f"{plan.name}: nothing to do" if notes else f"{plan.name} is up to date"
        return Result(data, f"{found}\n", exit_code=code, note=note)
    work = plan.change.work
    lines = [f"{plan.name}: {counted(len(work), 'change')} in {seconds:.1f} s"]
    lines += [f"  {_DONE[line.action]} {line.target}" + (f" ({line.detail})" if line.detail else "") for line in work]
    lines += package_lines(outcome.packages)
    return Result(data, "".join(f"{line}\n" for line in lines), exit_code=code, note=note)


def outcome_data(outcome: SyncOutcome | None) -> dict[str, object]:
    """The same for `--json`."""
    return {
        "operation": outcome.operation if outcome is not None else None,
        "packages": package_data(outcome.packages if outcome is not None else None),
    }


def package_data(packages: PackageChanges | None) -> dict[str, object]:
    """What became of packages, for `--json`; `None` is nothing."""
    packages = packages or PackageChanges()
    changed = [{"name": name, "before": before, "after": after} for name, before, after in packages.changed]
    return {"added": list(packages.added), "removed": list(packages.removed), "changed": changed}


def package_lines(packages: PackageChanges) -> list[str]:
    """A line a package, as far as they fit on a screen."""
    lines = [f"    + {added}" for added in packages.added]
    lines += [f"    - {removed}" for removed in packages.removed]
    lines += [f"    ~ {name} {before} → {after}" for name, before, after in packages.changed]
    more = len(lines) - _SHOWN
    return [*lines[:_SHOWN], f"    and {counted(more, 'other package')}"] if more > 0 else lines
