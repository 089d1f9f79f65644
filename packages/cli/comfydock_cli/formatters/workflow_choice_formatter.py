"""Choices of node packs for classes, as text."""

from collections.abc import Sequence

from comfydock_cli.cli_utils import Result
from comfydock_cli.formatters.columns import aligned
from comfydock_cli.formatters.plan_formatter import planned_change
from comfydock_cli.ui.console import clean
from comfydock_core.models.workflow.candidates import BUILT_IN, ClassResolution
from comfydock_core.models.workflow.plans import ChoicePlan, ChosenPack, WorkflowResolution

_NO_CHOICES = "nothing was chosen: `comfydock workflow node map CLASS PACK` says which pack a class is from"


def planned_choice(plan: ChoicePlan) -> Result:
    """What `--dry-run` prints."""
    result = planned_change(plan.change, **plan.choice.as_dict(), notes=list(plan.notes))
    result.note = "\n".join([*([result.note] if result.note else []), *plan.notes])
    return result


def chosen(plan: ChoicePlan, operation: str | None) -> Result:
    """What holds now; there is no `operation` where it held before."""
    one = plan.choice
    where = f"in `{one.workflow}`" if one.workflow is not None else f"in every workflow of {plan.environment}"
    if plan.forgets:
        text = f"what was chosen for `{one.type}` {where} holds no longer: {_pack(one)}\n"
    else:
        text = f"`{one.type}` {where}: {_pack(one)}{'' if operation else ', as before'}\n"
    data = {**one.as_dict(), "notes": list(plan.notes), "operation": operation}
    return Result(data, clean(text.rstrip("\n")) + "\n", note="\n".join(plan.notes))


def listed_choices(choices: Sequence[ChosenPack]) -> Result:
    """One line a choice."""
    rows = [[one.type, _pack(one), one.workflow or "every workflow"] for one in choices]
    note = "" if choices else _NO_CHOICES
    return Result({"choices": [one.as_dict() for one in choices]}, aligned(rows), note=note)


def decided_classes(plan: WorkflowResolution) -> Result:
    """One line a class that is not ComfyUI's own, with what decided about it."""
    foreign = [one for one in plan.classes.classes if one.decided_by != BUILT_IN]
    rows = [[one.type, _decision(one), one.decided_by] for one in foreign]
    note = "" if foreign else f"all classes of `{clean(plan.name)}` are ComfyUI's own"
    data = {"workflow": plan.name, "classes": [one.as_dict() for one in plan.classes.classes]}
    return Result(data, aligned(rows), note=note)


def _pack(one: ChosenPack) -> str:
    return "needs no pack" if one.pack is None else one.pack


def _decision(one: ClassResolution) -> str:
    if one.decided is not None:
        return one.decided.identifier + ("" if one.decided.installed is not None else " (not installed)")
    return "open" if one.is_open else "needs no pack"
