"""`workflow model`: the models of a workflow, how much each matters, and which file a name means."""

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
from comfydock_cli.workflow_changing import plan_and_write
from comfydock_core.core.workflows import Workflows
from comfydock_core.models.workflow.plans import ImportancePlan, MappedModel


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

    return plan_and_write(context, plan_of, Workflows.write_models, planned_importance, changed_importance)


def map_model(context: Context, arguments: Arguments) -> Result:
    """Which file a name means from now on."""
    workflow, value, file = (arguments.word(name) for name in ("workflow", "value", "file"))

    def plan_of(workflows: Workflows, name: str, reporter: PlainReporter) -> MappedModel:
        return workflows.plan_mapping(name, workflow, value, file, reporter)

    return plan_and_write(context, plan_of, Workflows.write_models, planned_mapping, mapped_model)
