"""Node packs in words: what is planned, what was done, what there is."""

from collections.abc import Iterator, Sequence

from comfydock_cli.cli_utils import Result
from comfydock_cli.formatters.columns import aligned
from comfydock_cli.formatters.plan_formatter import planned_change
from comfydock_cli.formatters.sync_formatter import package_data, package_lines
from comfydock_core.models.packages.syncing import SyncOutcome
from comfydock_core.models.packs.node_packs import CodeFinding, ListedPack
from comfydock_core.models.packs.pack_changes import PackChange, PackFailure, PackPlan
from comfydock_core.models.running import RunningComfyUI
from comfydock_core.models.shared import NodePackage
from comfydock_core.utils.text import counted, some

_SHORT = 10
_SHOWN = 10
_PLACES = 3
# How a change is marked, and what is said of those that the sign does not tell.
_SIGNS = {"add": "+", "remove": "-", "untrack": "-"}
_WORDS = {
    "enable": ", turned on",
    "disable": ", turned off",
    "track": ", as a development pack",
    "untrack": ", its directory stays",
}
# The exit code of the first failure, by what kind of trouble its code is.
_OF_FAILURES = 4


def planned_packs(plan: PackPlan) -> Result:
    """What `--dry-run` prints: the plan, what it means for packs and packages, and what is worth knowing of them."""
    shown = planned_change(plan.change, **_data(plan))
    lines = [*_change_lines(plan), *package_lines(plan.redefinition.packages)]
    text = "".join(f"{line}\n" for line in ["which means:", *lines]) if lines else ""
    failed = "\n".join(_failure_lines(plan.failures))
    note = "\n".join(line for line in (shown.note, *plan_facts(plan), failed) if line)
    return Result(shown.data, shown.text + text, exit_code=_OF_FAILURES if plan.failures else 0, note=note)


def changed(plan: PackPlan, outcome: SyncOutcome | None, seconds: float) -> Result:
    """A line a pack, and one a package that is another now. Exit code 4 says that a part could not be done."""
    data = {**_data(plan), "operation": None, "installed": package_data(None)}
    code, failed = (_OF_FAILURES if plan.failures else 0), "\n".join(_failure_lines(plan.failures))
    if outcome is None:
        text = "" if plan.failures else f"{plan.name}: nothing to do\n"
        return Result(data, text, exit_code=code, note=failed)
    data |= {"operation": outcome.operation, "installed": package_data(outcome.packages)}
    lines = [f"{plan.name}: {counted(len(plan.changes), 'node pack')} in {seconds:.1f} s"]
    lines += [*_change_lines(plan), *package_lines(outcome.packages)]
    return Result(data, "".join(f"{line}\n" for line in lines), exit_code=code, note=failed)


def declined(plan: PackPlan) -> Result:
    """What a question was answered no to."""
    return Result({**_data(plan), "operation": None}, "nothing was removed\n")


def fitting(plan: PackPlan) -> Result:
    """What would come with packs that fit; nothing of it is done."""
    lines = [f"{pack_names(plan)} fits" if len(plan.changes) == 1 else f"{pack_names(plan)} fit together"]
    lines += package_lines(plan.redefinition.packages) or ["    no other packages are needed"]
    return Result(_data(plan), "".join(f"{line}\n" for line in lines), note="\n".join(plan_facts(plan)))


def pack_names(plan: PackPlan) -> str:
    """The packs of a plan, in a row."""
    return ", ".join(change.pack.identifier for change in plan.changes)


def plan_facts(plan: PackPlan) -> list[str]:
    """What is worth knowing before it is done: notes, and what is new in the code."""
    return [line for change in plan.changes for line in _facts(change, plan.options.run_install_script)]


def listed(packs: Sequence[ListedPack], running: Sequence[RunningComfyUI] = ()) -> Result:
    """A line a pack: identifier, version, source, state; and what runs with them."""
    rows = [(one.pack.identifier, shown_version(one.pack), one.pack.release.source, _state(one)) for one in packs]
    note = "" if packs else "the environment has no node packs; `comfydock node add ID` adds one"
    note = note or "; ".join(f"ComfyUI is running: {one}" for one in running)
    data = {"packs": [_listed_data(one) for one in packs], "running": [one.as_dict() for one in running]}
    return Result(data, aligned(rows), note=note)


def _state(one: ListedPack) -> str:
    state = one.state
    if one.found is not None:
        state += f" at {one.found[:_SHORT] if one.pack.release.source == 'git' else one.found}"
    if one.changed_files:
        state += f", changed: {some(one.changed_files, 3)}"
    noted = one.last_import
    if noted is None:
        return state
    if noted.error is None:
        return f"{state}, imported in {noted.seconds:.1f} s"
    return f"{state}, not imported: {noted.error}" if noted.error else f"{state}, not imported"


def shown_version(pack: NodePackage) -> str:
    """A version for people: commits are cut."""
    release = pack.release
    if release.source != "git":
        return release.version
    branch = f" ({release.branch})" if release.branch else ""
    return f"{release.version[:_SHORT]}{branch}"


def _facts(change: PackChange, runs_script: bool) -> Iterator[str]:
    """Its notes and findings; that it has an install script is no news to who asked to run it."""
    name = change.pack.identifier
    findings = [one for one in change.findings if not (runs_script and one.kind == "install-script")]
    for note in change.notes:
        yield f"{name}: {note}"
    for message, places in _by_message(findings).items():
        shown = ", ".join(places[:_PLACES])
        more = f" and {counted(len(places) - _PLACES, 'other place')}" if len(places) > _PLACES else ""
        yield f"{name} {message}: {shown}{more}"


def _by_message(findings: Sequence[CodeFinding]) -> dict[str, list[str]]:
    """The places of what is alike: what a finding says before its details."""
    places: dict[str, list[str]] = {}
    for finding in findings:
        places.setdefault(finding.message.partition(":")[0], []).append(_place(finding))
    return places


def _place(finding: CodeFinding) -> str:
    return f"{finding.file}:{finding.line}" if finding.line else finding.file


def _change_lines(plan: PackPlan) -> list[str]:
    lines: list[str] = []
    for change in plan.changes:
        sign, words = _SIGNS.get(change.action, "~"), _WORDS.get(change.action, "")
        lines.append(f"  {sign} {change.pack.identifier}{_versions(change)}{words}")
        lines += [f"      {commit}" for commit in change.commits[:_SHOWN]]
        if len(change.commits) > _SHOWN:
            lines.append(f"      and {counted(len(change.commits) - _SHOWN, 'earlier commit')}")
    return lines


def _versions(change: PackChange) -> str:
    before = shown_version(change.before) if change.before is not None else ""
    after = shown_version(change.after) if change.after is not None else ""
    if change.link is not None:
        return f" to {change.link}"
    if before and after and before != after:
        return f" {before} → {after}"
    kept = f", its files are kept as {change.moved_to}" if change.action == "remove" and change.moved_to else ""
    return f" {after or before}{kept}"


def _failure_lines(failures: Sequence[PackFailure]) -> list[str]:
    lines: list[str] = []
    for failure in failures:
        lines.append(f"! {failure.word}: {failure.message}")
        lines += [f"  hint: {failure.hint}"] if failure.hint else []
    return lines


def _data(plan: PackPlan) -> dict[str, object]:
    return {
        "name": plan.name,
        "packs": [_change_data(change) for change in plan.changes],
        "failures": [
            {"pack": one.word, "code": one.code, "message": one.message, "hint": one.hint} for one in plan.failures
        ],
        "locked": package_data(plan.redefinition.packages),
        "resolved": not plan.redefinition.relock,
        "venv": plan.redefinition.venv,
    }


def _change_data(change: PackChange) -> dict[str, object]:
    return {
        "action": change.action,
        "pack": change.pack.identifier,
        "directory": change.pack.directory,
        "before": _release_data(change.before),
        "after": _release_data(change.after),
        "requirements": list(change.after.requirements) if change.after is not None else [],
        "findings": [
            {"kind": one.kind, "file": one.file, "line": one.line, "message": one.message} for one in change.findings
        ],
        "commits": list(change.commits),
        "notes": list(change.notes),
    }


def _release_data(pack: NodePackage | None) -> dict[str, object] | None:
    if pack is None:
        return None
    release = pack.release
    return {
        "version": release.version,
        "source": release.source,
        "repository": release.repository,
        "branch": release.branch,
        "sha256": release.sha256,
        "enabled": pack.enabled,
    }


def _listed_data(one: ListedPack) -> dict[str, object]:
    pack = one.pack
    return {
        "pack": pack.identifier,
        "name": pack.release.name,
        "registry_id": pack.release.registry_id,
        "state": one.state,
        "found": one.found,
        "changed_files": list(one.changed_files),
        "last_import": None if one.last_import is None else one.last_import.as_dict(),
        "path": one.path,
        "requirements": list(pack.requirements),
        **(_release_data(pack) or {}),
    }
