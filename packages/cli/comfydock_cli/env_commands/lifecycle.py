"""`create` and `delete`."""

import time

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.plan_formatter import planned
from comfydock_cli.table.parser import Arguments
from comfydock_cli.ui.progress import amount, make_reporter
from comfydock_cli.ui.prompts import confirm
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.creation import CreateRequest


def create(context: Context, arguments: Arguments) -> Result:
    """Make a new environment, whole or not at all."""
    started = time.monotonic()
    request = CreateRequest(
        name=arguments.word("name"),
        python=arguments.word("python"),
        comfyui=arguments.text("comfyui"),
        repository=arguments.text("comfyui_repository"),
        torch_backend=arguments.word("torch_backend"),
        use=arguments.flag("use"),
    )
    workspace = find_workspace(offline=context.offline)
    with make_reporter(context) as reporter:
        plan = workspace.plan_creation(request, reporter)
        if not context.dry_run:
            path = workspace.create_environment(plan, reporter)
    if context.dry_run:
        return planned(plan.steps(), name=plan.name, commit=plan.comfyui.commit)
    version = plan.comfyui
    data = {"name": plan.name, "path": path, "comfyui": version.ref, "commit": version.commit, "python": plan.python,
            "torch_backend": plan.torch_backend, "active": plan.activate}  # fmt: skip
    text = f"created {plan.name}: ComfyUI {version} in {time.monotonic() - started:.1f} s\n"
    note = "" if plan.activate else f"`comfydock use {plan.name}` makes it the active environment"
    return Result(data, text, note=note)


def delete(context: Context, arguments: Arguments) -> Result:
    """Remove an environment after asking."""
    plan = context.workspace.plan_deletion(arguments.word("name"))
    size = amount(plan.bytes, "bytes")
    if context.dry_run:
        return planned(plan.steps(), name=plan.name, bytes=plan.bytes, files=plan.files)
    if not confirm(context, f"delete the environment `{plan.name}` ({plan.files} files, {size})?"):
        return Result({"name": plan.name, "deleted": False}, "nothing was deleted\n")
    with make_reporter(context) as reporter:
        context.workspace.delete_environment(plan, reporter)
    data = {"name": plan.name, "deleted": True, "bytes": plan.bytes, "files": plan.files}
    return Result(data, f"deleted {plan.name}: {plan.files} files, {size}\n")
