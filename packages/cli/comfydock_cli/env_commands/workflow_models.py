"""`workflow model`: the models of a workflow, how much each matters, and which file a name means."""

from collections.abc import Callable
from typing import TypeVar

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.workflow_model_formatter import (
    changed_importance,
    listed_models,
    mapped_model,
    planned_importance,
    planned_mapping,
)
from comfydock_cli.table.parser import Arguments
from comfydock_cli.ui.progress import PlainReporter, make_reporter
from comfydock_core.core.workflows import Workflows
from comfydock_core.models.workflow.plans import ImportancePlan, MappedModel

Plan = TypeVar("Plan", ImportancePlan, MappedModel)


def list_models(context: Context, arguments: Arguments) -> Result:
    """What a workflow asks for."""
    workflow = arguments.word("workflow")
    with make_reporter(context) as reporter:
        return listed_models(workflow, context.workspace.workflows.models(context.environment_name, workflow, reporter))


def importance(context: Context, arguments: Arguments) -> Result:
    """How much a model matters from now on."""
    workflow, model, level = (arguments.word(name) for name in ("workflow", "model", "level"))

    def plan_of(workflows: Workflows, name: str, reporter: PlainReporter) -> ImportancePlan:
        return workflows.plan_importance(name, workflow, model, level, reporter)

    return _change(context, plan_of, planned_importance, changed_importance)


def map_model(context: Context, arguments: Arguments) -> Result:
    """Which file a name means from now on."""
    workflow, value, file = (arguments.word(name) for name in ("workflow", "value", "file"))

    def plan_of(workflows: Workflows, name: str, reporter: PlainReporter) -> MappedModel:
        return workflows.plan_mapping(name, workflow, value, file, reporter)

    return _change(context, plan_of, planned_mapping, mapped_model)


def _change(
    context: Context,
    plan_of: Callable[[Workflows, str, PlainReporter], Plan],
    planned: Callable[[Plan], Result],
    changed: Callable[[Plan, str | None], Result],
) -> Result:
    """Plan and carry out, with the environment held in between."""
    workspace = context.workspace
    name = workspace.environment(context.environment_name).name
    with make_reporter(context) as reporter:
        if context.dry_run:
            return planned(plan_of(workspace.workflows, name, reporter))
        initiator = context.initiator()
        with workspace.exclusive(initiator, reporter, name):
            plan = plan_of(workspace.workflows, name, reporter)
            is_wanted = bool(plan.change.steps)
            operation = workspace.workflows.write_models(plan, initiator, reporter) if is_wanted else None
            return changed(plan, operation)
