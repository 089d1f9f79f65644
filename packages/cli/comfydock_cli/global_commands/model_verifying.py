"""`model verify`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.model_formatter import verdicts_text
from comfydock_cli.formatters.plan_formatter import planned
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.core.usecases.models.verifying import DAMAGED, UNREADABLE, Verdict
from comfydock_core.utils.text import counted

_SOMETHING_WRONG = 8


def verify(context: Context, arguments: Arguments) -> Result:
    """Look at files, and with `--quarantine` rename the damaged ones."""
    models, named = context.workspace.models, arguments.words("model")
    if bool(named) == arguments.flag("all"):
        raise UsageError("name the models to verify, or say `--all`", hint="`comfydock model index list` shows them")
    with make_reporter(context) as reporter:
        verdicts = models.verify(named, reporter, deep=arguments.flag("deep"), eager=arguments.flag("eager"))
        damaged = [one for one in verdicts if one.verdict == DAMAGED]
        plans = [models.plan_quarantine(one) for one in damaged] if arguments.flag("quarantine") else []
        if context.dry_run:
            lines = [line for plan in plans for line in plan.work]
            return planned(lines, verdicts=[one.as_dict() for one in verdicts])
        pairs = zip(plans, damaged, strict=False)  # Without `--quarantine` there are no plans.
        renamed = [models.quarantine(plan, one, context.initiator(), reporter) for plan, one in pairs]
    data = {"verdicts": [one.as_dict() for one in verdicts], "quarantined": renamed}
    wrong = any(one.verdict in (DAMAGED, UNREADABLE) for one in verdicts)
    text = verdicts_text(verdicts) + "".join(f"renamed to {one.path}.damaged\n" for one in damaged if plans)
    return Result(data, text, exit_code=_SOMETHING_WRONG if wrong else 0, note=_note(damaged, renamed))


def _note(damaged: list[Verdict], renamed: list[str]) -> str:
    if renamed:
        return "`comfydock undo` gives the last one its name back"
    if damaged:
        return (
            f"{counted(len(damaged), 'file')} damaged; `--quarantine` renames them, so that ComfyUI does not load them"
        )
    return ""
