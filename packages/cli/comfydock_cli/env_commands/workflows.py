"""`workflow list`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.workflow_formatter import listed_text
from comfydock_cli.table.parser import Arguments
from comfydock_cli.ui.progress import make_reporter

NO_WORKFLOWS = "this environment has no workflows: the editor saves them to `ComfyUI/user/default/workflows`"


def list_workflows(context: Context, arguments: Arguments) -> Result:
    """The workflows of an environment."""
    workflows = context.workspace.workflows
    if arguments.flag("check"):
        with make_reporter(context) as reporter:
            workflows.check_unchecked(context.environment_name, reporter)
    listed = workflows.all(context.environment_name)
    data = [{"path": one.path, "size": one.size, "changed": one.changed, **one.state.as_dict()} for one in listed]
    return Result({"workflows": data}, listed_text(listed), note="" if listed else NO_WORKFLOWS)
