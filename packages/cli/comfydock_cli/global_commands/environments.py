"""`list` and `use`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.table.parser import Arguments
from comfydock_core.core import finding


def list_environments(context: Context, arguments: Arguments) -> Result:
    """The environments by name; with `--long` what their manifests say."""
    layout = finding.find_workspace()
    names = finding.environment_names(layout)
    active = finding.active_environment(layout)
    if arguments.flag("long"):
        from comfydock_cli.formatters.environment_formatter import long_list

        return long_list(context.workspace, names, active)
    note = "" if names else "no environments yet; make one with `comfydock create NAME`"
    text = "".join(f"{'*' if name == active else ' '} {name}\n" for name in names)
    return Result({"active": active, "environments": [{"name": name} for name in names]}, text, note=note)


def use(context: Context, arguments: Arguments) -> Result:
    """Make an environment the active one."""
    workspace = context.workspace
    name = workspace.environment(arguments.word("name")).name
    if context.dry_run:
        step = {"action": "use", "target": name, "detail": f"instead of {workspace.config().active_environment}"}
        return Result({"plan": [step]}, f"would use {name}\n")
    workspace.use(name)
    return Result({"active": name}, f"using {name}\n")
