"""`model root`."""

from collections.abc import Callable

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.model_root_formatter import changed_roots, listed_roots, planned_roots
from comfydock_cli.table.parser import Arguments
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.core.model_roots import ModelRoots
from comfydock_core.models.model_files.roots import RootPlan


def list_roots(context: Context, arguments: Arguments) -> Result:
    """Where ComfyUI reads models from."""
    return listed_roots(context.workspace.model_roots.overview(context.environment_name))


def add(context: Context, arguments: Arguments) -> Result:
    """Let it read another directory."""
    path, section, is_default = arguments.word("path"), arguments.text("section"), arguments.flag("default")
    return _change(context, lambda roots, name: roots.plan_addition(name, path, section=section, is_default=is_default))


def remove(context: Context, arguments: Arguments) -> Result:
    """Let it no longer read one."""
    return _change(context, lambda roots, name: roots.plan_removal(name, arguments.word("root")))


def _change(context: Context, plan_of: Callable[[ModelRoots, str], RootPlan]) -> Result:
    """Plan and carry out, with the environment held in between."""
    workspace = context.workspace
    roots, name = workspace.model_roots, workspace.environment(context.environment_name).name
    if context.dry_run:
        return planned_roots(plan_of(roots, name))
    initiator = context.initiator()
    with make_reporter(context) as reporter, workspace.exclusive(initiator, reporter, name):
        plan = plan_of(roots, name)
        return changed_roots(plan, roots.change(plan, initiator, reporter))
