"""`undo` and `operation`: what was done, and taking it back."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.operation_formatter import operation_data, operation_details, operation_list, where
from comfydock_cli.formatters.plan_formatter import planned, planned_change, step_text
from comfydock_cli.table.parser import Arguments
from comfydock_cli.ui.progress import amount, make_reporter
from comfydock_core.core.operations import Operations
from comfydock_core.models.exceptions import OperationNotFound
from comfydock_core.models.operation import OperationRecord
from comfydock_core.models.plan import PlanStep
from comfydock_core.utils.text import counted


def list_operations(context: Context, arguments: Arguments) -> Result:
    """What is kept, oldest first."""
    return operation_list(_operations(context, arguments).all())


def show(context: Context, arguments: Arguments) -> Result:
    """One operation with its steps."""
    operations = _operations(context, arguments)
    record = operations.find(arguments.word("operation"))
    return operation_details(record, operations.kept_bytes(record))


def undo(context: Context, arguments: Arguments) -> Result:
    """Undo the last change."""
    return _undo(context, arguments, None)


def undo_operation(context: Context, arguments: Arguments) -> Result:
    """Undo one operation; without a number take back what was interrupted first."""
    operations, wanted = _operations(context, arguments), arguments.text("operation")
    for record in operations.unfinished():
        if wanted is None or wanted in (record.id, str(record.number)):
            return _take_back(context, operations, record)
    return _undo(context, arguments, wanted)


def resume(context: Context, arguments: Arguments) -> Result:
    """Finish what was stopped, or start it anew."""
    operations = _operations(context, arguments)
    record = next(iter(operations.unfinished()), None)
    if record is None:
        raise OperationNotFound("nothing was interrupted", hint="`comfydock operation list` shows what was done")
    again = record.state == "staging" and bool(record.words)
    words = " ".join(record.words)
    if context.dry_run:
        return planned([PlanStep("start again" if again else "finish", f"operation {record.number}", words)])
    with make_reporter(context) as reporter:
        operations.finish(record, context.initiator(), reporter)
    data = {"operation": record.id, "finished": not again}
    if not again:
        return Result(data, f"finished operation {record.number}: {words}\n")
    return Result(data, f"starting again: comfydock {words}\n", again=list(record.words))


def prune(context: Context, arguments: Arguments) -> Result:
    """Free what old operations keep."""
    operations, keep = _operations(context, arguments), arguments.number("keep")
    found = operations.plan_pruning(keep)
    freed = sum(size for _, size in found)
    data = {"freed": freed, "operations": [operation_data(record) for record, _ in found]}
    if context.dry_run:
        lines = [PlanStep("prune", f"operation {record.number} of {where(record)}", amount(size, "bytes"))
                 for record, size in found]  # fmt: skip
        return planned(lines, **data)
    with make_reporter(context) as reporter:
        operations.prune(keep, context.initiator(), reporter)
    return Result(data, f"pruned {counted(len(found), 'operation')}: {amount(freed, 'bytes')} freed\n")


def _undo(context: Context, arguments: Arguments, wanted: str | None) -> Result:
    operations = _operations(context, arguments)
    plan = operations.plan_undo(wanted)
    if context.dry_run:
        return planned_change(plan)
    with make_reporter(context) as reporter:
        initiator = context.initiator(while_running=arguments.flag("while_running"))
        identifier = operations.undo(plan, initiator, reporter)
    undone = plan.work[0]
    lines = [f"undone {undone.target}: {undone.detail}", *(f"  {step_text(step)}" for step in plan.steps)]
    data = {"operation": identifier, "undone": plan.undoes, "scope": plan.scope}
    again = f"comfydock undo -e {context.environment_name}" if context.environment_name else "comfydock undo"
    return Result(data, "".join(f"{line}\n" for line in lines), note=f"`{again}` redoes it")


def _take_back(context: Context, operations: Operations, record: OperationRecord) -> Result:
    words = " ".join(record.words)
    if context.dry_run:
        return planned([PlanStep("revert", f"operation {record.number}", words)])
    with make_reporter(context) as reporter:
        operations.take_back(record, context.initiator(), reporter)
    return Result({"operation": record.id, "taken_back": True}, f"reverted operation {record.number}: {words}\n")


def _operations(context: Context, arguments: Arguments) -> Operations:
    """Of the environment that `-e` names; else of the workspace and the active environment, if there is one."""
    workspace = context.workspace
    if context.environment_name is not None:
        return workspace.operations(context.environment_name, workspace=False)
    active = None if arguments.flag("workspace") else workspace.active_environment()
    return workspace.operations(active if active in workspace.environment_names() else None)
