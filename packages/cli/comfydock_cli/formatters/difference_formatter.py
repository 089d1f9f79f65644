"""What differs between two states of a definition, as text and as data."""

from collections.abc import Iterable, Iterator, Sequence

from comfydock_cli.formatters.history_formatter import start_change_data, start_change_text
from comfydock_cli.formatters.sync_formatter import package_data, package_lines
from comfydock_cli.formatters.workflow_difference_formatter import workflow_data, workflow_lines
from comfydock_cli.ui.console import clean
from comfydock_core.models.history.differences import (
    ADDED,
    REMOVED,
    CommitsBetween,
    Comparison,
    DefinitionDifference,
    ModelPin,
    PackDifference,
    PinnedComfyUI,
    StateLabel,
    WorkflowLockDifference,
)
from comfydock_core.models.packages.python_packages import RequirementChange
from comfydock_core.models.shared import NodePackage
from comfydock_core.utils.text import counted, size_text

_COMMITS = 10
_COMMIT = 40
_SHORT = 10
_MOST = 40
_KINDS = {"pack": "pack", "class": "node class", "model": "model", "input": "input file"}
_SIGNS = {ADDED: "+", REMOVED: "-"}


def difference_text(found: DefinitionDifference) -> str:
    """A heading a subject, a line a change; empty when nothing differs."""
    lines: list[str] = []
    if found.comfyui is not None:
        lines.append(f"ComfyUI {_comfyui(found.comfyui.before)} → {_comfyui(found.comfyui.after)}")
        lines += _commits(found.comfyui.commits)
    if found.python is not None:
        lines.append(f"Python {found.python[0] or 'of any version'} → {found.python[1] or 'of any version'}")
    for heading, body in (
        ("node packs", [line for one in found.packs for line in _pack(one)]),
        ("requirements", [_requirement(one) for one in found.requirements]),
        ("constraints", [_requirement(one) for one in found.constraints]),
        ("Python packages", [line.removeprefix("  ") for line in package_lines(found.packages)]),
        ("PyTorch back ends", [line for one in found.backends for line in
                               (f"  {_SIGNS.get(one.state, '~')} {one.backend}", *package_lines(one.packages))]),
        ("workflows", [line for one in found.workflows for line in workflow_lines(one)]),
        ("locks of workflows", [line for one in found.locks for line in _lock(one)]),
        ("models", [*_models("+", found.models_added), *_models("-", found.models_removed)]),
        ("settings", [f"  ~ {one.key}: {_value(one.before)} → {_value(one.after)}" for one in found.settings]),
        ("other files", [f"  {_SIGNS.get(one.state, '~')} {one.path}" for one in found.files]),
        ("not compared", [f"  ! {problem}" for problem in found.problems]),
    ):  # fmt: skip
        if body:
            lines += [heading, *_limited(body, heading != "workflows")]
    return "".join(f"{_line(line)}\n" for line in lines)


def comparison_text(found: Comparison) -> str:
    """What differs, with what ComfyUI said at its starts with either; empty when that is nothing."""
    lines = (
        ["starts of ComfyUI", *(f"  {start_change_text(change)}" for change in found.starts)] if found.starts else []
    )
    if found.unknown_start is not None:
        lines.append(
            f"! ComfyUI reported its imports in an unknown form when it was started with {found.unknown_start}"
        )
    if found.converted:
        lines.append(
            f"! {counted(len(found.converted), 'file')} of the definition differ only because they were converted from"
            " ComfyDock 1.x"
        )
    return difference_text(found.difference) + "".join(f"{_line(line)}\n" for line in lines)


def comparison_data(found: Comparison) -> dict[str, object]:
    """Two states and what differs, for `--json`."""
    return {
        "before": _label(found.before),
        "after": _label(found.after),
        "difference": _data(found.difference),
        "starts": [start_change_data(change) for change in found.starts],
        "unknown_start": found.unknown_start,
        "converted": list(found.converted),
    }


def _label(label: StateLabel) -> dict[str, object]:
    return {"name": label.text, "commit": label.commit, "operation": label.operation}


def _data(found: DefinitionDifference) -> dict[str, object]:
    comfyui = found.comfyui
    return {
        "empty": found.is_empty,
        "comfyui": None if comfyui is None else {
            "before": _comfyui_data(comfyui.before),
            "after": _comfyui_data(comfyui.after),
            **_commits_data(comfyui.commits),
        },
        "python": None if found.python is None else {"before": found.python[0], "after": found.python[1]},
        "packs": [
            {
                "pack": one.identifier,
                "state": one.state,
                "before": _pack_data(one.before),
                "after": _pack_data(one.after),
                **_commits_data(one.commits),
            }
            for one in found.packs
        ],
        "packages": package_data(found.packages),
        "requirements": [_requirement_data(one) for one in found.requirements],
        "constraints": [_requirement_data(one) for one in found.constraints],
        "backends": [
            {"backend": one.backend, "state": one.state, "packages": package_data(one.packages)}
            for one in found.backends
        ],
        "workflows": [workflow_data(one) for one in found.workflows],
        "locks": [
            {
                "workflow": one.workflow,
                "state": one.state,
                "problem": one.problem,
                "entries": [
                    {"kind": entry.kind, "name": entry.name, "before": entry.before, "after": entry.after}
                    for entry in one.entries
                ],
            }
            for one in found.locks
        ],
        "models": {
            "added": [_model_data(one) for one in found.models_added],
            "removed": [_model_data(one) for one in found.models_removed],
        },
        "settings": [{"key": one.key, "before": one.before, "after": one.after} for one in found.settings],
        "files": [{"path": one.path, "state": one.state} for one in found.files],
        "problems": list(found.problems),
    }  # fmt: skip


def _comfyui(pinned: PinnedComfyUI) -> str:
    commit = f" ({pinned.commit[:_SHORT]})" if pinned.commit else ""
    where = f" of {pinned.repository}" if pinned.repository else ""
    return f"{_cut(pinned.version) or 'none'}{commit}{where}"


def _comfyui_data(pinned: PinnedComfyUI) -> dict[str, object]:
    return {"version": pinned.version, "commit": pinned.commit, "repository": pinned.repository}


def _pack(one: PackDifference) -> Iterator[str]:
    if one.before is None or one.after is None:
        there = one.after or one.before
        assert there is not None
        yield f"  {_SIGNS[one.state]} {one.identifier} {_cut(there.release.version)}".rstrip()
    elif one.is_switched:
        yield f"  ~ {one.identifier} is {'enabled' if one.after.enabled else 'disabled'}"
    else:
        old, new = one.before.release, one.after.release
        if old.version != new.version:
            yield f"  ~ {one.identifier} {_cut(old.version)} → {_cut(new.version)}"
        else:
            yield f"  ~ {one.identifier} {_cut(new.version)}: {', '.join(_other_facts(one))}"
        yield from _commits(one.commits)


def _other_facts(one: PackDifference) -> Iterator[str]:
    """What else of a pack's entry is different."""
    assert one.before is not None
    assert one.after is not None
    for name in ("source", "name", "repository", "branch", "registry_id", "download_url", "sha256"):
        old, new = getattr(one.before.release, name), getattr(one.after.release, name)
        if old != new:
            yield f"{name} {old or 'none'} → {new or 'none'}"


def _pack_data(pack: NodePackage | None) -> dict[str, object] | None:
    if pack is None:
        return None
    release = pack.release
    return {
        "name": release.name,
        "source": release.source,
        "version": release.version,
        "repository": release.repository,
        "enabled": pack.enabled,
    }


def _requirement(one: RequirementChange) -> str:
    where = "" if one.place in ("project", "constraints") else f" ({one.place})"
    if one.before is None:
        return f"  + {one.after}{where}"
    return f"  - {one.before}{where}" if one.after is None else f"  ~ {one.before} → {one.after}{where}"


def _requirement_data(one: RequirementChange) -> dict[str, object]:
    return {"place": one.place, "name": one.name, "before": one.before, "after": one.after}


def _lock(one: WorkflowLockDifference) -> Iterator[str]:
    about = f": {one.problem}" if one.problem is not None else f" ({one.words})" if one.words else ""
    if not about and not one.entries:
        about = ": the same versions and contents"
    yield f"  {_SIGNS.get(one.state, '~')} {one.workflow}{about}"
    for entry in one.entries:
        what = entry.name if entry.kind == "comfyui" else f"{_KINDS[entry.kind]} {entry.name}"
        if entry.before is None or entry.after is None:
            yield f"      {'+' if entry.before is None else '-'} {what} {entry.after or entry.before}"
        else:
            yield f"      ~ {what} {entry.before} → {entry.after}"


def _models(sign: str, models: Iterable[ModelPin]) -> list[str]:
    return [f"  {sign} {one.filename} ({one.category}, {size_text(one.size)})" for one in models]


def _model_data(one: ModelPin) -> dict[str, object]:
    return {"hash": one.hash, "filename": one.filename, "category": one.category, "size": one.size}


def _commits(commits: CommitsBetween) -> Iterator[str]:
    for sign, listed in (("", commits.added), ("without ", commits.removed)):
        yield from (f"      {sign}{commit}" for commit in listed[:_COMMITS])
        if len(listed) > _COMMITS:
            yield f"      and {sign}{counted(len(listed) - _COMMITS, 'earlier commit')}"


def _commits_data(commits: CommitsBetween) -> dict[str, object]:
    return {"commits": list(commits.added), "commits_removed": list(commits.removed)}


def _value(text: str | None) -> str:
    return "none" if text is None else text if len(text) <= _COMMIT else f"{text[: _COMMIT - 3]}..."


def _cut(version: str | None) -> str:
    return (version or "")[:_SHORT] if len(version or "") >= _COMMIT else version or ""


def _limited(lines: Sequence[str], limit: bool) -> list[str]:
    more = len(lines) - _MOST
    return [*lines[:_MOST], f"  and {counted(more, 'other line')}"] if limit and more > 0 else list(lines)


def _line(text: str) -> str:
    """What others wrote, on one line."""
    return clean(text).replace("\n", " ")
