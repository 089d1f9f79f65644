"""`sync`, `repair`, and the PyTorch back ends that are locked and used."""

import time

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.plan_formatter import planned_change
from comfydock_cli.formatters.sync_formatter import outcome_data, synced
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.packages.syncing import SyncPlan, SyncRequest


def sync(context: Context, arguments: Arguments) -> Result:
    """Make the environment what its definition says."""
    return _sync(context, arguments.flag("while_running"), SyncRequest(relock=arguments.flag("relock")))


def repair(context: Context, arguments: Arguments) -> Result:
    """The same, with the packages installed from scratch."""
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
        with make_reporter(context) as reporter:
            plan = workspace.definitions.plan_sync(name, request, reporter)
        return planned_change(plan.change, **_facts(plan))
    initiator = context.initiator(while_running=while_running)
    with make_reporter(context) as reporter, workspace.exclusive(initiator, reporter, name):
        plan = workspace.definitions.plan_sync(name, request, reporter)
        outcome = None if plan.nothing_to_do else workspace.definitions.sync(plan, initiator, reporter)
    return synced(plan, outcome, time.monotonic() - started, {**_facts(plan), **outcome_data(outcome)})


def _facts(plan: SyncPlan) -> dict[str, object]:
    return {
        "name": plan.name,
        "torch_backend": plan.backend,
        "venv": plan.venv,
        "reasons": list(plan.reasons),
        "locked": list(plan.parts),
        "packs": [wanted.pack.release.name for wanted in plan.packs],
        "unobtainable": list(plan.unobtainable),
        "held_back": list(plan.held_back),
        "comfyui": None if plan.comfyui is None else {"before": plan.comfyui.before, "after": plan.comfyui.after},
    }
