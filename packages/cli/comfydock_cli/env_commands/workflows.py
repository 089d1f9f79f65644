"""`workflow list`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.workflow_formatter import listed_text
from comfydock_cli.table.parser import Arguments

NO_WORKFLOWS = "this environment has no workflows: the editor saves them to `ComfyUI/user/default/workflows`"


def list_workflows(context: Context, arguments: Arguments) -> Result:
    """The workflows of an environment."""
    listed = context.workspace.workflows.all(context.environment_name)
    data = [{"name": one.name, "path": one.path, "size": one.size, "changed": one.changed} for one in listed]
    return Result({"workflows": data}, listed_text(listed), note="" if listed else NO_WORKFLOWS)
