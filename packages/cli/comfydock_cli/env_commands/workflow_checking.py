"""`workflow check`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.workflow_check_formatter import checks_text
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.progress import make_reporter

_NO_WORKFLOWS = "this environment has no workflows: the editor saves them to `ComfyUI/user/default/workflows`"


def check(context: Context, arguments: Arguments) -> Result:
    """Whether workflows run here."""
    words, everything = arguments.words("workflow"), arguments.flag("all")
    if bool(words) == everything:
        raise UsageError(
            "name workflows, or say `--all`" if not words else "`--all` takes no names",
            hint="`comfydock workflow list` shows the workflows that there are",
        )
    with make_reporter(context) as reporter:
        checks = context.workspace.workflows.check(context.environment_name, words, reporter)
    runs = all(one.runs for one in checks)
    code, note = 0 if runs else 1, "" if checks else _NO_WORKFLOWS
    if context.json:
        return Result({"workflows": [one.as_dict() for one in checks], "runs": runs}, exit_code=code, note=note)
    return Result(text=checks_text(checks), exit_code=code, note=note)
