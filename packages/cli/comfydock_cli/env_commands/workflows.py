"""`workflow list` and `workflow check`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.workflow_check_formatter import checks_text
from comfydock_cli.formatters.workflow_formatter import listed_text
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.utils.text import some

NO_WORKFLOWS = "this environment has no workflows: the editor saves them to `ComfyUI/user/default/workflows`"


def list_workflows(context: Context, arguments: Arguments) -> Result:
    """The workflows of an environment."""
    listed = context.workspace.workflows.all(context.environment_name)
    data = [{"name": one.name, "path": one.path, "size": one.size, "changed": one.changed} for one in listed]
    return Result({"workflows": data}, listed_text(listed), note="" if listed else NO_WORKFLOWS)


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
    data = {"workflows": [one.as_dict() for one in checks], "runs": runs, "as_locked": as_locked}
    note = "" if checks else NO_WORKFLOWS
    unlocked = [one.name for one in checks if one.lock is None]
    if unlocked and arguments.flag("locked"):
        note = f"no lock: {some([f'`{name}`' for name in unlocked], 5)}; `comfydock workflow lock NAME` writes one"
    code = 0 if runs and (as_locked or not arguments.flag("locked")) else 1
    return Result(data, checks_text(checks), exit_code=code, note=note)
