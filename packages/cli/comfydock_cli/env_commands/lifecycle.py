"""`create`, `delete`, `clone` and `rename`."""

import time

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.plan_formatter import planned_change
from comfydock_cli.mirror_first import take_mirror, workspace_of
from comfydock_cli.models_seen import models_seen
from comfydock_cli.table.parser import Arguments
from comfydock_cli.ui.progress import amount, make_reporter
from comfydock_cli.ui.prompts import confirm, refuse_unanswerable
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.environments.creation import CreateRequest


def create(context: Context, arguments: Arguments) -> Result:
    """Create an environment, whole or not at all."""
    started = time.monotonic()
    request = CreateRequest(
        name=arguments.word("name"),
        python=arguments.text("python"),
        comfyui=arguments.text("comfyui"),
        repository=arguments.text("comfyui_repository"),
        torch_backend=arguments.word("torch_backend"),
        use=arguments.flag("use"),
        template=arguments.text("template"),
        keep_going=arguments.flag("keep_going"),
        as_of=arguments.text("as_of"),
    )
    workspace = workspace_of(context, arguments)
    with make_reporter(context) as reporter:
        take_mirror(workspace, arguments, reporter)
        if context.dry_run:
            plan = workspace.environments.plan_creation(request, reporter)
            missing = list(plan.missing_packs)
            return planned_change(plan.change, name=plan.name, commit=plan.comfyui.commit, missing_packs=missing)
        initiator = context.initiator()
        with workspace.exclusive(initiator, reporter):
            plan = workspace.environments.plan_creation(request, reporter)
            created = workspace.environments.create(plan, initiator, reporter)
    version = plan.comfyui
    data = {"name": plan.name, "path": created.directory, "comfyui": version.ref, "commit": version.commit,
            "python": plan.python, "torch_backend": plan.torch_backend, "active": plan.activate,
            "missing_packs": list(created.missing_packs)}  # fmt: skip
    text = f"created {plan.name}: ComfyUI {version} in {time.monotonic() - started:.1f} s\n"
    note = "" if plan.activate else f"`comfydock use {plan.name}` makes it the active environment"
    return Result(data, text, exit_code=3 if created.missing_packs else 0, note=note)


def delete(context: Context, arguments: Arguments) -> Result:
    """Take an environment away after asking; `undo` brings it back unless it is purged."""
    workspace, purge = context.workspace, arguments.flag("purge")
    name = workspace.environment(arguments.word("name")).name
    if not context.dry_run:
        refuse_unanswerable(context, f"delete the environment `{name}`?")  # Counting its files takes a while.
    plan = workspace.environments.plan_deletion(name, purge=purge)
    size, freed = amount(plan.bytes, "bytes"), amount(plan.freed, "bytes")
    facts = {"name": plan.name, "bytes": plan.bytes, "freed": plan.freed, "files": plan.files, "purge": purge}
    if context.dry_run:
        return planned_change(plan.change, **facts)
    for_good = " for good" if purge else ""
    if not confirm(context, f"delete the environment `{plan.name}` ({plan.files} files, {size}){for_good}?"):
        return Result({"name": plan.name, "deleted": False}, "nothing was deleted\n")
    with make_reporter(context) as reporter:
        initiator = context.initiator(while_running=arguments.flag("while_running"))
        identifier = workspace.environments.delete(plan, initiator, reporter)
    text = f"deleted {plan.name}: {plan.files} files, {size}\n"
    if purge:
        return Result({**facts, "deleted": True}, text, note=f"freed {freed}")
    note = f"`comfydock undo` brings it back; `comfydock operation prune` frees {freed}"
    return Result({**facts, "deleted": True, "operation": identifier}, text, note=note)


def clone(context: Context, arguments: Arguments) -> Result:
    """Copy an environment."""
    started = time.monotonic()
    source, name, use = arguments.word("source"), arguments.word("name"), arguments.flag("use")
    workspace = find_workspace(offline=context.offline)
    if context.dry_run:
        plan = workspace.environments.plan_cloning(source, name, activate=use)
        return planned_change(plan.change, source=source, name=name, venv=plan.venv)
    initiator = context.initiator()
    with make_reporter(context) as reporter, workspace.exclusive(initiator, reporter):
        plan = workspace.environments.plan_cloning(source, name, activate=use)
        path = workspace.environments.clone(plan, initiator, reporter)
    seen, said = models_seen(workspace, name)
    data = {"source": source, "name": name, "path": path, "venv": plan.venv, "active": use, "models_seen": seen}
    text = f"cloned {source} to {name} in {time.monotonic() - started:.1f} s\n"
    note = said if use else f"{said}; `comfydock use {name}` makes it the active environment"
    return Result(data, text, note=note)


def rename(context: Context, arguments: Arguments) -> Result:
    """Give an environment another name."""
    workspace = context.workspace
    plan = workspace.environments.plan_renaming(arguments.word("name"), arguments.word("new_name"))
    if context.dry_run:
        return planned_change(plan.change, name=plan.name, new_name=plan.new_name)
    with make_reporter(context) as reporter:
        initiator = context.initiator(while_running=arguments.flag("while_running"))
        workspace.environments.rename(plan, initiator, reporter)
    data = {"name": plan.name, "new_name": plan.new_name, "path": plan.path, "active": plan.active}
    return Result(data, f"renamed {plan.name} to {plan.new_name}\n")
