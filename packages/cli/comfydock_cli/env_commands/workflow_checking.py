"""`workflow check`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.workflow_check_formatter import checks_text
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.utils.text import some

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
    runs, as_locked = all(one.runs for one in checks), all(one.is_as_locked for one in checks)
    note = "" if checks else _NO_WORKFLOWS
    unlocked = [one.name for one in checks if one.lock is None]
    if unlocked and arguments.flag("locked"):
        note = f"no lock: {some([f'`{name}`' for name in unlocked], 5)}; `comfydock workflow lock NAME` writes one"
    code = 0 if runs and (as_locked or not arguments.flag("locked")) else 1
    if context.json:
        data = {"workflows": [one.as_dict() for one in checks], "runs": runs, "as_locked": as_locked}
        return Result(data, exit_code=code, note=note)
    return Result(text=checks_text(checks), exit_code=code, note=note)
