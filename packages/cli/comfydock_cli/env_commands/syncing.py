"""`sync`, `repair`, and the PyTorch back ends that are locked and used."""

import time

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.plan_formatter import planned_change
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.syncing import SyncPlan, SyncRequest


def sync(context: Context, arguments: Arguments) -> Result:
    """Make the environment what its definition says."""
    return _sync(context, arguments.flag("while_running"), SyncRequest(relock=arguments.flag("relock")))


def repair(context: Context, arguments: Arguments) -> Result:
    """The same, with the packages installed from the ground."""
    return _sync(context, arguments.flag("while_running"), SyncRequest("repair", fresh=True))


def use_backend(context: Context, arguments: Arguments) -> Result:
    """Use another PyTorch back end on this machine."""
    request = SyncRequest("backend use", backend=arguments.word("backend"))
    return _sync(context, arguments.flag("while_running"), request)


def lock_backends(context: Context, arguments: Arguments) -> Result:
    """Lock PyTorch for back ends, and install nothing."""
    backends = tuple(dict.fromkeys(arguments.words("backend")))
    if not backends:
        raise UsageError("`comfydock backend lock` needs BACKEND", hint="for example `comfydock backend lock cpu`")
    return _sync(context, True, SyncRequest("backend lock", lock_backends=backends, install=False))


def _sync(context: Context, while_running: bool, request: SyncRequest) -> Result:
    started = time.monotonic()
    workspace = find_workspace(offline=context.offline)
    name = workspace.environment(context.environment_name).name
    if context.dry_run:
        plan = workspace.plan_sync(name, request)
        return planned_change(plan.change, **_facts(plan))
    initiator = context.initiator(while_running=while_running)
    with make_reporter(context) as reporter, workspace.exclusive(initiator, reporter, name):
        plan = workspace.plan_sync(name, request)
        identifier = None if plan.nothing_to_do else workspace.sync_environment(plan, initiator, reporter)
    return _told(plan, identifier, time.monotonic() - started)


def _told(plan: SyncPlan, identifier: str | None, seconds: float) -> Result:
    lines = [f"{line.action} {line.target}" + (f" ({line.detail})" if line.detail else "") for line in plan.change.work]
    count = f"{len(lines)} change" + ("s" if len(lines) != 1 else "")
    head = f"{plan.name}: {count} in {seconds:.1f} s" if identifier else f"{plan.name} is up to date"
    notes = [f"! left as it is: {line}" for line in plan.held_back]
    if plan.unobtainable:
        notes.append(f"! not installed, and not to be had from git: {', '.join(plan.unobtainable)}")
    text = "".join(f"{line}\n" for line in (head, *(f"  ~ {line}" for line in lines)))
    code = 3 if plan.unobtainable else 4 if plan.held_back else 0
    return Result({**_facts(plan), "operation": identifier}, text, exit_code=code, note="\n".join(notes))


def _facts(plan: SyncPlan) -> dict[str, object]:
    return {
        "name": plan.name,
        "torch_backend": plan.backend,
        "venv": plan.venv,
        "reasons": list(plan.reasons),
        "locked": list(plan.parts),
        "packs": [pack.name for pack in plan.packs],
        "unobtainable": list(plan.unobtainable),
        "held_back": list(plan.held_back),
    }
