"""`model gc`."""

import shlex

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.plan_formatter import plan_data, planned
from comfydock_cli.global_commands.ages import seconds_of
from comfydock_cli.table.parser import Arguments
from comfydock_cli.ui.progress import amount, make_reporter
from comfydock_cli.ui.prompts import confirm, refuse_unanswerable
from comfydock_core.core.usecases.models.collecting import Collection
from comfydock_core.utils.text import counted

_NOTHING = "nothing to take away\n"


def collect(context: Context, arguments: Arguments) -> Result:
    """Take away what nothing refers to, after asking."""
    age = seconds_of(arguments.word("older_than"))
    if not context.dry_run:
        refuse_unanswerable(context, "take away what nothing refers to?")  # Reading everything may take long.
    models = context.workspace.models
    with make_reporter(context) as reporter:
        plan = models.plan_collection(arguments.text("folder"), age, reporter)
        facts = _facts(plan)
        if context.dry_run:
            changes = [plan_data(change) for change in plan.changes]
            lines = [line for change in plan.changes for line in change.work]
            return _noted(planned(lines, changes=changes, **facts), plan)
        if not plan.files:
            return Result({**facts, "operations": []}, _NOTHING, note=_kept_note(plan))
        reporter.end()
        size = amount(plan.bytes, "bytes")
        if not context.options["yes"]:
            context.console.note(_listed(plan))
        if not confirm(context, f"move {counted(len(plan.files), 'file')} ({size}) to the trash?"):
            return Result({**facts, "operations": []}, "nothing was taken away\n")
        operations = models.collect(plan, context.initiator(), reporter)
    text = f"{_listed(plan)}took {counted(len(plan.files), 'file')} away ({size})\n"
    return Result({**facts, "operations": operations}, text, note=_undo_note(operations, size))


def _facts(plan: Collection) -> dict[str, object]:
    return {
        "files": [one.as_dict() for one in plan.files],
        "bytes": plan.bytes,
        "kept": [{"path": path, "reason": reason} for path, reason in plan.kept],
    }


def _listed(plan: Collection) -> str:
    """Each file with its size, why it goes, and what would bring it back."""
    lines = []
    for one in plan.files:
        lines.append(f"- {one.path} ({'a link' if one.is_link else amount(one.size, 'bytes')})")
        lines.append(f"    {one.because}")
        lines.append(f"    would bring it back: {one.brings_back}")
    return "".join(f"{line}\n" for line in lines)


def _noted(result: Result, plan: Collection) -> Result:
    size = amount(plan.bytes, "bytes")
    result.text = f"{result.text}{counted(len(plan.files), 'file')}, {size}\n" if plan.files else _NOTHING
    result.note = _kept_note(plan)
    return result


def _undo_note(operations: list[str], size: str) -> str:
    """Each directory of models keeps what was taken out of it."""
    freeing = f"`comfydock operation prune` frees {size}"
    if len(operations) == 1:
        return f"`comfydock undo` brings them back; {freeing}"
    words = "".join(f"\n  {shlex.join(['comfydock', 'operation', 'undo', name])}" for name in operations)
    return f"{freeing}; these bring them back:{words}"


def _kept_note(plan: Collection) -> str:
    return f"{counted(len(plan.kept), 'file')} kept; `--json` has the reason for each" if plan.kept else ""
