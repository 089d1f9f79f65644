"""`doctor`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.doctor_formatter import doctor_text
from comfydock_cli.formatters.plan_formatter import planned
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.models.doctor import PROBLEM, Finding

_TROUBLE = 8


def doctor(context: Context, arguments: Arguments) -> Result:
    """Look at everything; with `--fix` put right what can be, and look again."""
    fix, deep = arguments.flag("fix"), arguments.flag("deep")
    if context.dry_run and not fix:
        raise UsageError("`--dry-run` belongs to `--fix`: looking changes nothing", hint="add `--fix`")
    workspace = context.workspace
    with make_reporter(context) as reporter:
        found = workspace.health.examine(context.environment_name, reporter, deep=deep)
        steps = workspace.health.plan_mending(found)
        if fix and steps and not context.dry_run:
            workspace.health.mend(found, context.initiator(), reporter)
            found = workspace.health.examine(context.environment_name, reporter, deep=deep)
    if context.dry_run:
        return planned(steps, findings=[finding.as_dict() for finding in found])
    mended = [{"action": step.action, "target": step.target} for step in steps] if fix else []
    return _told(found, mended)


def _told(found: list[Finding], mended: list[dict[str, str]]) -> Result:
    problems = sum(finding.severity == PROBLEM for finding in found)
    fixable = any(finding.mending is not None for finding in found)
    data = {"problems": problems, "findings": [finding.as_dict() for finding in found], "mended": mended}
    text = "".join(f"did {step['action']} {step['target']}\n" for step in mended) + doctor_text(found)
    note = "`comfydock doctor --fix` repairs what is marked with *" if fixable else ""
    return Result(data, text, _TROUBLE if problems else 0, note)
