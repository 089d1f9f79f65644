"""`comfyui show`, `list`, `use` and `update`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.comfyui_formatter import changed_comfyui, listed_versions, planned_comfyui, shown_comfyui
from comfydock_cli.planned_change import Views, plan_and_change
from comfydock_cli.table.parser import Arguments
from comfydock_core.core.comfyui import ComfyUI
from comfydock_core.core.workspace import Workspace
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.environments.comfyui import ComfyUIPlan, ComfyUIRequest


def show(context: Context, arguments: Arguments) -> Result:
    """The one that the environment has."""
    return shown_comfyui(context.workspace.comfyui.here(context.environment_name))


def list_versions(context: Context, arguments: Arguments) -> Result:
    """Those that there are."""
    workspace = find_workspace(offline=context.offline)
    return listed_versions(workspace.comfyui.versions(context.environment_name), every=arguments.flag("all"))


def use(context: Context, arguments: Arguments) -> Result:
    """Use another one."""
    request = ComfyUIRequest(
        arguments.word("ref"),
        arguments.text("repository"),
        strict=arguments.flag("strict"),
        test=not arguments.flag("no_test"),
    )
    return _change(context, arguments, request)


def update(context: Context, arguments: Arguments) -> Result:
    """Use the newest one."""
    request = ComfyUIRequest(update=True, strict=arguments.flag("strict"), test=not arguments.flag("no_test"))
    return _change(context, arguments, request)


def _change(context: Context, arguments: Arguments, request: ComfyUIRequest) -> Result:
    return plan_and_change(context, arguments, _comfyui, request, Views(planned_comfyui, _facts, changed_comfyui))


def _comfyui(workspace: Workspace) -> ComfyUI:
    return workspace.comfyui


def _facts(plan: ComfyUIPlan) -> tuple[str, ...]:
    return plan.notes
