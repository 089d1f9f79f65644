"""Directories of models in words: what there is, what is planned, what was done."""

from comfydock_cli.cli_utils import Result
from comfydock_cli.formatters.columns import aligned
from comfydock_cli.formatters.plan_formatter import planned_change
from comfydock_cli.ui.progress import amount
from comfydock_core.models.model_files.roots import ModelRoot, ModelRootsOverview, RootPlan
from comfydock_core.utils.text import counted, some

_SHOWN = 5
_OWN = "workspace"
_NEXT_START = "ComfyUI reads `extra_model_paths.yaml` when it starts"


def listed_roots(overview: ModelRootsOverview) -> Result:
    """A line a root; what a run alone would tell, and what is odd in the file, is said beside it."""
    data = {
        "name": overview.name,
        "file": overview.file,
        "roots": [root.as_dict() for root in overview.roots],
        "notes": [{"line": line, "text": text} for line, text in overview.notes],
        "doubts": [{"file": one.file, "line": one.line, "text": one.reason} for one in overview.doubts],
    }
    notes = [f"line {line} of `{overview.file}`: {text}" for line, text in overview.notes]
    if overview.doubts:
        places = some([f"{doubt.file}:{doubt.line}" for doubt in overview.doubts], _SHOWN)
        notes.append(f"node packs may add others when they run: {places}")
    return Result(data, aligned([_row(root) for root in overview.roots]), note="\n".join(notes))


def planned_roots(plan: RootPlan) -> Result:
    """What `--dry-run` prints."""
    return planned_change(plan.change, **_data(plan))


def changed_roots(plan: RootPlan, operation: str) -> Result:
    """The section that came or went, with its folders."""
    sign, verb = ("+", "reads") if plan.change.command.endswith("add") else ("-", "no longer reads")
    lines = [f"{plan.name} {verb} {plan.path} (section {plan.section})"]
    lines += [f"  {sign} {folder}: {path}" for folder, path in plan.folders]
    return Result({**_data(plan), "operation": operation}, "".join(f"{line}\n" for line in lines), note=_NEXT_START)


def _row(root: ModelRoot) -> tuple[str, ...]:
    state = f"{counted(root.files, 'file')}, {amount(root.bytes, 'bytes')}" if root.present else "absent"
    section = _OWN if root.section is None else f"section {root.section}"
    return (root.path, section + (" (default)" if root.is_default else ""), state, ", ".join(root.folders))


def _data(plan: RootPlan) -> dict[str, object]:
    folders = [{"folder": folder, "path": path} for folder, path in plan.folders]
    return {"name": plan.name, "section": plan.section, "path": plan.path, "folders": folders}
