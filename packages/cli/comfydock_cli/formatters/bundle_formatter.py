"""Bundles as text and as data: what was written, what is in one, and what became of it."""

import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from comfydock_cli.cli_utils import Result
from comfydock_cli.formatters.columns import aligned
from comfydock_cli.formatters.plan_formatter import planned_change
from comfydock_cli.formatters.workflow_resolution_formatter import Fetched
from comfydock_cli.ui.console import clean
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.sharing import (
    ExportedBundle,
    ExportPlan,
    ImportOutcome,
    ImportPlan,
    SharedContents,
    SharedModel,
    SharedPack,
    Verification,
)
from comfydock_core.utils.text import counted, listed, size_text

_SHOWN = 10
_PARTIAL = 3
_SOURCES = {"git": "from git", "registry": "from the registry", "development": "in development"}


@dataclass(slots=True)
class ImportedModels:
    """The models that were fetched after an import, and the workflows that still lack something, with the reason."""

    fetched: list[Fetched]
    incomplete: list[tuple[str, str]]


# Export


def planned_export(plan: ExportPlan) -> Result:
    """What `--dry-run` prints."""
    place = plan.target or "standard output"
    text = f"would write {clean(place)} ({counted(len(plan.members) + 1, 'file')}, {size_text(plan.size)} before"
    text += " they are compressed)\n"
    text += aligned([("  " + member.name, size_text(member.digest.size)) for member in plan.members])
    data = {**_export_data(plan), "members": [
        {"path": one.name, "size": one.digest.size, "sha256": one.digest.sha256} for one in plan.members
    ]}  # fmt: skip
    return Result(data, text, note="\n".join(_export_notes(plan)))


def exported(plan: ExportPlan, written: ExportedBundle) -> Result:
    """A line about the file; nothing on standard output where the bundle itself went there."""
    notes = list(_export_notes(plan))
    signed = ", signed" if plan.sign is not None else ""
    line = f"exported {plan.name}: {counted(written.members, 'file')}, {size_text(written.size)}{signed}"
    data = {**_export_data(plan), "size": written.size, "sha256": written.sha256, "members": written.members,
            "signed": plan.sign is not None}  # fmt: skip
    if plan.target is None:
        return Result(data, "", note="\n".join([line, *notes]))
    return Result(data, f"{line}\n  {clean(plan.target)}\n", note="\n".join(notes))


def _export_data(plan: ExportPlan) -> dict[str, object]:
    return {
        "name": plan.name,
        "path": plan.target,
        "commit": plan.commit,
        "missing": [gap.as_dict() for gap in plan.manifest.missing],
        "models_without_sources": [one.as_dict() for one in plan.models_without_sources],
        "issues": [{"workflow": name, "message": message} for name, message in plan.issues],
        "left_out": [{"path": path, "reason": reason} for path, reason in plan.left_out],
    }


def _export_notes(plan: ExportPlan) -> Iterator[str]:
    yield from _listed("cannot be rebuilt elsewhere", [gap.text for gap in plan.manifest.missing])
    models = [f"{one.place} (for {', '.join(one.workflows)})" for one in plan.models_without_sources]
    yield from _listed("models without a source", models)
    yield from _listed("workflows that lack something", [f"{name}: {message}" for name, message in plan.issues])
    yield from _listed("left out", [f"{path} ({reason})" for path, reason in plan.left_out])


# Show and verify


def shown(contents: SharedContents) -> Result:
    """Everything in a bundle."""
    return Result(contents_data(contents), "".join(f"{line}\n" for line in contents_lines(contents)))


def verified(verification: Verification) -> Result:
    """What can be relied on."""
    files = f"{counted(verification.members, 'file')}, {size_text(verification.size)}"
    if verification.digests:
        text = f"every file is what the bundle lists: {files}\n"
    else:
        text = f"readable: {files}; bundles of ComfyDock 1.x and ComfyGit list no digests\n"
    text += f"{_signed(verification)}\n"
    return Result(_verification_data(verification), text)


def _signed(verification: Verification) -> str:
    signer = verification.signer
    if signer is None:
        return "not signed"
    if signer.name is None:
        return f"signed with {clean(signer.key)}; `--signers FILE` tells whose that is"
    return f"signed by {clean(signer.name)} with {clean(signer.key)}"


def _verification_data(verification: Verification | None) -> dict[str, object] | None:
    if verification is None:
        return None
    signer = verification.signer
    return {
        "members": verification.members,
        "size": verification.size,
        "digests": verification.digests,
        "signed": verification.signed,
        "signer": None if signer is None else {"name": signer.name, "key": signer.key},
    }


def contents_lines(contents: SharedContents) -> list[str]:
    """What is in a bundle, for people."""
    version = contents.comfyui or "the newest release"
    where = f" from {without_credentials(contents.repository)}" if contents.repository else ""
    at = f" at {contents.commit[:10]}" if contents.commit else ""
    lines = [f"ComfyUI {clean(version)}{at}{clean(where)}; Python {clean(contents.python or 'as ComfyDock chooses')}"]
    lines.append(f"node packs: {_about_packs(contents.packs)}")
    lines += [f"  {clean(_pack_line(pack))}" for pack in contents.packs]
    backends = f"; PyTorch locked for {', '.join(contents.backends)}" if contents.backends else ""
    locked = counted(len(contents.packages), "package") if contents.packages else "not locked"
    carried = f"; {counted(len(contents.wheels), 'wheel')} in the bundle" if contents.wheels else ""
    lines.append(f"Python packages: {locked}{backends}{carried}")
    lines.append(f"workflows: {', '.join(clean(name) for name in contents.workflows) or 'none'}")
    lines.append(f"models: {_about_models(contents.models)}")
    lines += [f"  {clean(_model_line(one))}" for one in contents.models]
    if contents.history is not None:
        branch = f" on {clean(contents.history.branch)}" if contents.history.branch else ""
        lines.append(f"history: up to {contents.history.commit[:10]}{branch}")
    for words, found in (
        ("cannot be rebuilt from it", [gap.text for gap in contents.missing]),
        ("local changes, carried as patches", list(contents.patches)),
        ("passed over", list(contents.passed_over)),
    ):
        if found:
            lines.append(f"{words}: {clean(', '.join(found[:_SHOWN]))}" + (" …" if len(found) > _SHOWN else ""))
    return lines


def contents_data(contents: SharedContents) -> dict[str, object]:
    """The same for `--json`, complete."""
    history = contents.history
    return {
        "path": contents.path,
        "comfyui": {"version": contents.comfyui, "commit": contents.commit,
                    "repository": contents.repository and without_credentials(contents.repository)},
        "python": contents.python,
        "packs": [_pack_data(pack) for pack in contents.packs],
        "packages": dict(contents.packages),
        "backends": list(contents.backends),
        "wheels": list(contents.wheels),
        "workflows": list(contents.workflows),
        "models": [_model_data(one) for one in contents.models],
        "recommended_models": contents.recommended_models,
        "missing": [gap.as_dict() for gap in contents.missing],
        "patches": list(contents.patches),
        "history": None if history is None else {"commit": history.commit, "branch": history.branch},
        "passed_over": list(contents.passed_over),
    }  # fmt: skip


def _about_packs(packs: tuple[SharedPack, ...]) -> str:
    counts = Counter(pack.source for pack in packs)
    told = [f"{number} {_SOURCES.get(source, f'from an unknown source ({clean(source)})')}"
            for source, number in sorted(counts.items())]  # fmt: skip
    return ", ".join(told) or "none"


def _pack_line(pack: SharedPack) -> str:
    state = "in the bundle" if pack.carried else pack.place or "from the registry"
    if not pack.obtainable:
        state = "nobody can fetch it"
    return f"{pack.identifier} {pack.version[:10]} ({state})"


def _pack_data(pack: SharedPack) -> dict[str, object]:
    return {"id": pack.identifier, "source": pack.source, "version": pack.version, "place": pack.place,
            "carried": pack.carried, "obtainable": pack.obtainable, "workflows": list(pack.workflows)}  # fmt: skip


def _about_models(models: tuple[SharedModel, ...]) -> str:
    if not models:
        return "none noted"
    here = sum(one.here is not None for one in models)
    lacking = sum(one.here is None and not one.carried and not one.model.sources for one in models)
    told = f"{len(models)}, {here} of them here"
    return f"{told}, {lacking} without a source" if lacking else told


def _model_line(one: SharedModel) -> str:
    size = f", {size_text(one.model.size)}" if one.model.size is not None else ""
    if one.here is not None:
        state = f"here{'' if one.same_content else ' by its name'}: {one.here}"
    elif one.carried:
        state = "in the bundle"
    else:
        state = f"from {without_credentials(one.model.sources[0])}" if one.model.sources else "no source is known"
    return f"{one.model.place}{size} ({state})"


def _model_data(one: SharedModel) -> dict[str, object]:
    return {**one.model.as_dict(), "here": one.here, "same_content": one.same_content, "carried": one.carried,
            "hint": one.model.hint}  # fmt: skip


# Import


def planned_import(plan: ImportPlan, level: str) -> Result:
    """What `--preview` and `--dry-run` print: what is in it, what would be done, and what would be missing."""
    creation = plan.creation
    points = plan.foreign.open if plan.foreign is not None else ()
    facts = {"name": creation.name, "commit": creation.comfyui.commit, "missing_packs": _missing(plan),
             "models": level, "contents": contents_data(plan.contents),
             "verification": _verification_data(plan.verification),
             "open": [one.as_dict() for one in points]}  # fmt: skip
    result = planned_change(creation.change, **facts)
    left_open = [f"left open: {clean(one.text)}" for one in points]
    about = [
        *([] if plan.verification is None else [_signed(plan.verification)]),
        *contents_lines(plan.contents),
        *left_open,
    ]
    result.text = "".join(f"  {line}\n" for line in about) + result.text
    if plan.contents.recommended_models != level and plan.contents.models:
        result.note = f"`--models {plan.contents.recommended_models}` suits what is in it"
    return result


def _missing(plan: ImportPlan) -> list[str]:
    found = plan.foreign.missing if plan.foreign is not None else {}
    return [*plan.creation.missing_packs, *found]


def imported(plan: ImportPlan, outcome: ImportOutcome, models: ImportedModels, seconds: float) -> Result:
    """What there is now, and what is missing; a part that could not be had makes the exit code 3."""
    creation = plan.creation
    failed = [one for one in models.fetched if one.error is not None]
    lacking = outcome.missing_packs or any(one.lacking for one in outcome.open) or outcome.models_not_placed
    partial = bool(lacking or models.incomplete or failed)
    word = "imported in part" if partial else "imported"
    version = creation.comfyui
    text = f"{word} {creation.name}: ComfyUI {version}, {counted(len(plan.contents.packs), 'node pack')},"
    text += f" {counted(len(outcome.workflows), 'workflow')} in {seconds:.1f} s\n"
    done = [one.to for one in models.fetched if one.error is None]
    data = {
        "name": creation.name,
        "path": outcome.directory,
        "comfyui": version.ref,
        "commit": version.commit,
        "python": creation.python,
        "torch_backend": creation.torch_backend,
        "active": creation.activate,
        "complete": not partial,
        "missing_packs": list(outcome.missing_packs),
        "models_fetched": done,
        "models_failed": [one.as_dict() for one in failed],
        "models_placed": list(outcome.models_placed),
        "models_not_placed": [{"path": path, "reason": why} for path, why in outcome.models_not_placed],
        "incomplete_workflows": [{"workflow": name, "reason": why} for name, why in models.incomplete],
        "open": [one.as_dict() for one in outcome.open],
        "passed_over": list(plan.contents.passed_over),
        "patches": list(plan.contents.patches),
        "verification": _verification_data(plan.verification),
        "next": [*_repairs(creation.name, outcome), *_resolutions(creation.name, models)],
    }
    note = "\n".join(_import_notes(plan, outcome, models))
    return Result(data, text, exit_code=_PARTIAL if partial else 0, note=note)


def _import_notes(plan: ImportPlan, outcome: ImportOutcome, models: ImportedModels) -> Iterator[str]:
    name = plan.creation.name
    yield from _listed("node packs that could not be had", list(outcome.missing_packs))
    yield from _listed("left open", [one.text for one in outcome.open])
    if plan.foreign is None:
        yield from (f"`{line}` tries again to get them" for line in _repairs(name, outcome))
    failed = [f"{one.to}: {one.error.message}" for one in models.fetched if one.error is not None]
    yield from _listed("models that could not be fetched", failed)
    not_placed = [f"{path}: {why}" for path, why in outcome.models_not_placed]
    yield from _listed("models of the bundle that were not put in place", not_placed)
    yield from _listed("workflows that lack something", [f"{one}: {why}" for one, why in models.incomplete])
    lines = _resolutions(name, models)
    yield from (f"`{line}` gets what is missing, or asks what it is" for line in lines[:_SHOWN])
    yield from _listed("local changes, carried as patches", list(plan.contents.patches))
    if not plan.creation.activate:
        yield f"`comfydock use {name}` makes it the active environment"


def _repairs(name: str, outcome: ImportOutcome) -> list[str]:
    return [f"comfydock repair -e {name}"] if outcome.missing_packs else []


def _resolutions(name: str, models: ImportedModels) -> list[str]:
    return [f"comfydock workflow resolve {shlex.quote(workflow)} -e {name}" for workflow, _ in models.incomplete]


def _listed(words: str, found: list[str]) -> Iterator[str]:
    if found:
        yield f"{words}:{listed([clean(one) for one in found], _SHOWN)}"
