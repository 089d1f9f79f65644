"""`workflow node`: which node packs classes are from, as the user says."""

from collections.abc import Callable

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.workflow_choice_formatter import (
    chosen,
    decided_classes,
    listed_choices,
    planned_choice,
)
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.progress import PlainReporter, make_reporter
from comfydock_cli.workflow_changing import plan_and_write
from comfydock_core.core.workflows import Workflows
from comfydock_core.models.workflow.plans import ChoicePlan, Decisions


def map_class(context: Context, arguments: Arguments) -> Result:
    """Choose a pack, or none."""
    kind, pack, optional = arguments.word("class"), arguments.text("pack"), arguments.flag("optional")
    if (pack is not None) == optional:
        raise UsageError(
            "name a pack, or say `--optional`" if pack is None else "`--optional` takes no pack",
            hint="`--optional` says that the class needs none",
        )
    workflow = arguments.text("workflow")
    return _change(context, lambda it, name, reporter: it.plan_choice(name, kind, pack, reporter, workflow=workflow))


def unmap_class(context: Context, arguments: Arguments) -> Result:
    """Take a choice back."""
    kind, workflow = arguments.word("class"), arguments.text("workflow")
    return _change(context, lambda it, name, _: it.plan_forgetting(name, kind, workflow=workflow))


def list_classes(context: Context, arguments: Arguments) -> Result:
    """What was chosen; of a workflow, where each class is from."""
    workflow, workflows = arguments.text("workflow"), context.workspace.workflows
    if workflow is None:
        return listed_choices(workflows.choices(context.environment_name))
    with make_reporter(context) as reporter:
        plan = workflows.plan_resolution(context.environment_name, workflow, Decisions(), reporter)
    return decided_classes(plan)


def _change(context: Context, plan_of: Callable[[Workflows, str, PlainReporter], ChoicePlan]) -> Result:
    return plan_and_write(context, plan_of, Workflows.choose, planned_choice, chosen)
