"""Mirrors as text and as data."""

from collections.abc import Mapping

from comfydock_cli.cli_utils import Result
from comfydock_cli.ui.console import clean
from comfydock_core.models.mirrors import MirrorExport, MirrorImport, MirrorPlan, MirrorVerification
from comfydock_core.utils.text import counted, size_text

_PARTIAL = 3
_WORDS = {
    "environments": "environments",
    "packs": "node packs",
    "git": "histories",
    "uv": "Python packages",
    "python": "Python",
    "answers": "answers of the registry",
    "lists": "lists of node packs",
    "models": "models",
}


def exported(mirror: MirrorExport) -> Result:
    """What was added, and what could not be had."""
    data = {
        "directory": mirror.directory,
        "environments": list(mirror.environments),
        "added": _as_data(mirror.added),
        "files": mirror.files,
        "size": mirror.size,
        "complete": not mirror.lacking,
        "lacking": [{"what": what, "reason": reason} for what, reason in mirror.lacking],
        "notes": list(mirror.notes),
    }
    lines = [f"the mirror {clean(mirror.directory)} has {counted(mirror.files, 'file')}, {size_text(mirror.size)}"]
    lines += [*_added(mirror.added), *(f"  missing: {clean(what)}: {clean(why)}" for what, why in mirror.lacking)]
    note = "\n".join(clean(one) for one in mirror.notes)
    return Result(data, "".join(f"{line}\n" for line in lines), _PARTIAL if mirror.lacking else 0, note=note)


def planned(plan: MirrorPlan) -> Result:
    """What a mirror lacks."""
    data = {
        "directory": plan.directory,
        "environments": list(plan.environments),
        "packs": list(plan.packs),
        "repositories": list(plan.repositories),
        "definitions": list(plan.definitions),
        "pythons": list(plan.pythons),
    }
    lines = [f"would mirror {', '.join(map(clean, plan.environments))} to {clean(plan.directory)}"]
    lines += [f"  node pack: {clean(one)}" for one in plan.packs]
    lines += [f"  history: {clean(one)}" for one in plan.repositories]
    lines += [f"  Python packages: {clean(one)}" for one in plan.definitions]
    lines += [f"  Python: {clean(one)}" for one in plan.pythons]
    return Result(data, "".join(f"{line}\n" for line in lines))


def imported(mirror: MirrorImport, *, rehearsal: bool = False) -> Result:
    """What the workspace has now, and how environments are made of it."""
    data = {
        "directory": mirror.directory,
        "added": _as_data(mirror.added),
        "written": not rehearsal,
        "bundles": dict(mirror.bundles),
        "notes": list(mirror.notes),
    }
    begin = "the workspace would get" if rehearsal else "the workspace has"
    lines = [f"{begin} everything of the mirror {clean(mirror.directory)}", *_added(mirror.added)]
    lines += [f"  {clean(name)}: {clean(path)}" for name, path in mirror.bundles.items()]
    notes = [clean(one) for one in mirror.notes]
    if mirror.bundles and not rehearsal:
        notes.append("make an environment with `comfydock import FILE --name NAME --offline`")
    return Result(data, "".join(f"{line}\n" for line in lines), note="\n".join(notes))


def verified(mirror: MirrorVerification) -> Result:
    """That everything is as it is listed."""
    data = {
        "directory": mirror.directory,
        "files": mirror.files,
        "size": mirror.size,
        "environments": list(mirror.environments),
    }
    return Result(data, f"{counted(mirror.files, 'file')} are as they are listed, {size_text(mirror.size)}\n")


def _as_data(added: Mapping[str, tuple[int, int]]) -> dict[str, dict[str, int]]:
    return {part: {"files": files, "bytes": size} for part, (files, size) in sorted(added.items())}


def _added(added: Mapping[str, tuple[int, int]]) -> list[str]:
    """A line for each part of the mirror that something was added to."""
    if not added:
        return ["  nothing was added"]
    return [
        f"  added {_WORDS[part]}: {counted(files, 'file')}, {size_text(size)}"
        for part, (files, size) in sorted(added.items())
    ]
