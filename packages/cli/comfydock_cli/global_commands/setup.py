"""`init`."""

from comfydock_cli import system
from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.plan_formatter import planned
from comfydock_cli.table.parser import Arguments
from comfydock_core.core.workspace import Workspace


def init(context: Context, arguments: Arguments) -> Result:
    """Create a workspace and say how to go on."""
    path = arguments.text("path")
    plan = Workspace.plan_initialisation(path, arguments.text("models_dir"))
    if context.dry_run:
        return planned(plan.steps(), path=plan.root)
    Workspace.initialise(plan)
    note = "create an environment with `comfydock create NAME`"
    if path is not None and system.getenv("COMFYDOCK_HOME") != plan.root:
        note = f"set COMFYDOCK_HOME={plan.root} so that every command finds it, then {note}"
    data = {"path": plan.root, "models_directory": plan.models_directory}
    return Result(data, f"created the workspace {plan.root}; models in {plan.models_directory}\n", note=note)
