"""`list` and `use`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.table.parser import Arguments
from comfydock_core.core import finding


def list_environments(context: Context, arguments: Arguments) -> Result:
    """The environments by name; with `--long` what their manifests say."""
    layout = finding.find_workspace()
    names = finding.environment_names(layout)
    active = finding.active_environment(layout)
    if arguments.flag("long") or arguments.flag("size"):
        from comfydock_cli.formatters.environment_formatter import long_list

        return long_list(context.workspace, names, active, sizes=arguments.flag("size"))
    note = "" if names else "no environments yet; create one with `comfydock create NAME`"
    text = "".join(f"{'*' if name == active else ' '} {name}\n" for name in names)
    return Result({"active": active, "environments": [{"name": name} for name in names]}, text, note=note)


def use(context: Context, arguments: Arguments) -> Result:
    """Make an environment the active one."""
    from comfydock_cli.formatters.plan_formatter import planned_change
    from comfydock_cli.ui.progress import make_reporter

    workspace, name = context.workspace, arguments.word("name")
    if context.dry_run:
        return planned_change(workspace.environments.plan_use(name), active=name)
    initiator = context.initiator()
    with make_reporter(context) as reporter, workspace.exclusive(initiator, reporter):
        workspace.environments.use(name, workspace.environments.plan_use(name), initiator, reporter)
    return Result({"active": name}, f"using {name}\n")
