"""`adopt`."""

import time

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.adoption_formatter import account_data, account_text
from comfydock_cli.formatters.plan_formatter import planned_change
from comfydock_cli.models_seen import models_seen
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.environments.adoption import AdoptionAccount, AdoptionPlan, AdoptRequest
from comfydock_core.utils.text import counted


def adopt(context: Context, arguments: Arguments) -> Result:
    """Build an environment from an installation, and tell what becomes of everything in it."""
    started = time.monotonic()
    name = arguments.text("name")
    if name is None:
        raise UsageError("`comfydock adopt` needs a name", hint="give it one with `--name NAME`")
    path, backend = arguments.word("path"), arguments.word("torch_backend")
    request = AdoptRequest(path, name, backend, arguments.flag("use"), arguments.text("python"))
    workspace = find_workspace(offline=context.offline)
    with make_reporter(context) as reporter:
        if context.dry_run:
            plan = workspace.environments.plan_adoption(request, reporter)
            planned = planned_change(plan.change, **_facts(plan, plan.account, plan.notes))
            return _with_account(planned, plan.account, plan.notes)
        initiator = context.initiator()
        with workspace.exclusive(initiator, reporter):
            plan = workspace.environments.plan_adoption(request, reporter)
            adopted = workspace.environments.adopt(plan, initiator, reporter)
    packs = counted(sum(fate.pack is not None for fate in adopted.account.packs), "node pack")
    text = f"adopted {plan.installation.path} as {name}: ComfyUI {plan.comfyui}, {packs}"
    text += f" in {time.monotonic() - started:.1f} s\n"
    seen, said = models_seen(workspace, name)
    facts = {**_facts(plan, adopted.account, adopted.notes), "active": plan.activate, "models_seen": seen}
    done = Result(facts, text, note=said)
    return _with_account(done, adopted.account, adopted.notes)


def _with_account(result: Result, account: AdoptionAccount, notes: tuple[str, ...]) -> Result:
    result.text += account_text(account) + "".join(f"  ! {note}\n" for note in notes)
    return result


def _facts(plan: AdoptionPlan, account: AdoptionAccount, notes: tuple[str, ...]) -> dict[str, object]:
    found = plan.installation
    return {
        "name": plan.name,
        "path": plan.directory,
        "source": found.path,
        "comfyui": plan.comfyui.ref,
        "commit": plan.comfyui.commit,
        "python": plan.python,
        "torch_backend": plan.torch_backend,
        **account_data(account, found),
        "workflows": list(found.workflows),
        "unidentified": [{"name": each.name, "reason": each.reason} for each in found.unidentified],
        "notes": list(notes),
    }
