"""Models of workflows: lists, how much each matters, which file it is."""

from collections.abc import Sequence

from comfydock_cli.cli_utils import Result
from comfydock_cli.formatters.columns import aligned
from comfydock_cli.formatters.plan_formatter import planned_change
from comfydock_cli.ui.console import clean
from comfydock_core.models.workflow.checks import AMBIGUOUS, MISSING
from comfydock_core.models.workflow.plans import ImportancePlan, ListedModel, MappedModel
from comfydock_core.utils.text import some


def listed_models(workflow: str, models: Sequence[ListedModel]) -> Result:
    """One line a model."""
    rows = [
        [one.value, some(list(one.folders), 2) or "folder not known", one.importance, _state(one)] for one in models
    ]
    data = [
        {
            "value": one.value,
            "importance": one.importance,
            "state": one.state,
            "folders": list(one.folders),
            "nodes": list(one.nodes),
            "path": one.path,
            "files": list(one.files),
            "sources": list(one.sources),
        }
        for one in models
    ]
    note = "" if models else f"`{clean(workflow)}` asks for no models"
    return Result({"workflow": workflow, "models": data}, aligned(rows), note=note)


def planned_importance(plan: ImportancePlan) -> Result:
    """What `--dry-run` prints."""
    return planned_change(plan.change, **_importance_data(plan))


def changed_importance(plan: ImportancePlan, operation: str | None) -> Result:
    """How much it matters now."""
    before = f", it was {plan.before}" if plan.before != plan.importance else ", as before"
    text = f"{clean(plan.model)} is {plan.importance} for {clean(plan.resolution.name)}{before}\n"
    return Result({**_importance_data(plan), "operation": operation}, text)


def planned_mapping(plan: MappedModel) -> Result:
    """What `--dry-run` prints."""
    return planned_change(plan.change, **_mapping_data(plan))


def mapped_model(plan: MappedModel, operation: str | None) -> Result:
    """What the name means now, and what is written in its place."""
    lines = [f"{clean(plan.value)} is {clean(plan.path)}{'' if operation else ', as before'}\n"]
    lines += [f"  ~ {clean(one.old)} -> {clean(one.new)}\n" for one in plan.resolution.changes]
    return Result({**_mapping_data(plan), "operation": operation}, "".join(lines))


def _state(one: ListedModel) -> str:
    if one.path is not None:
        return one.path
    if one.state == AMBIGUOUS:
        return f"one of {some(list(one.files), 3)}"
    if one.state == MISSING and one.sources:
        return f"missing, to be had from {one.sources[0]}"
    return "missing"


def _importance_data(plan: ImportancePlan) -> dict[str, object]:
    return {
        "workflow": plan.resolution.name,
        "model": plan.model,
        "before": plan.before,
        "importance": plan.importance,
    }


def _mapping_data(plan: MappedModel) -> dict[str, object]:
    changes = [{"places": list(one.places), "old": one.old, "new": one.new} for one in plan.resolution.changes]
    return {"workflow": plan.resolution.name, "value": plan.value, "path": plan.path, "changes": changes}
