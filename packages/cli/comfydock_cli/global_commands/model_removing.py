"""`model delete` and `model dedupe`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.plan_formatter import planned, planned_change
from comfydock_cli.table.parser import Arguments
from comfydock_cli.ui.progress import amount, make_reporter
from comfydock_cli.ui.prompts import confirm
from comfydock_core.core.usecases.models.deduplicating import Deduplication
from comfydock_core.utils.text import counted

_BRINGS_BACK = "`comfydock undo` brings it back; `comfydock operation prune` frees the space"


def delete(context: Context, arguments: Arguments) -> Result:
    """Delete one file of a model; the last one only after asking."""
    models = context.workspace.models
    with make_reporter(context) as reporter:
        plan = models.plan_deletion(arguments.word("model"), reporter)
        facts = {"path": plan.path, "bytes": plan.size, "blake3": plan.blake3, "others": list(plan.others)}
        if context.dry_run:
            return planned_change(plan.change, **facts)
        reporter.end()
        size = amount(plan.size, "bytes")
        question = f"delete `{plan.path}` ({size}), the only file known with the digest {(plan.blake3 or '-')[:12]}?"
        if plan.is_last and not confirm(context, question):
            return Result({**facts, "deleted": False}, "nothing was deleted\n")
        identifier = models.delete(plan, context.initiator(), reporter)
    text = f"deleted {plan.path} ({size})\n"
    text += f"kept {counted(len(plan.others), 'other file')} of this model\n" if plan.others else ""
    return Result({**facts, "deleted": True, "operation": identifier}, text, note=_BRINGS_BACK)


def dedupe(context: Context, arguments: Arguments) -> Result:
    """Let files of equal content share their bytes."""
    models, eager = context.workspace.models, arguments.flag("eager")
    made: dict[str, int] = {}
    with make_reporter(context) as reporter:
        plans = models.plan_deduplication(arguments.text("folder"), reporter, eager=eager)
        skipped = [f"left as it is: `{path}`: {reason}" for plan in plans for path, reason in plan.skipped]
        wasted = sum(plan.wasted for plan in plans)
        facts: dict[str, object] = {"wasted": wasted, "twins": _twins(plans), "skipped": _skipped(plans)}
        for line in skipped:
            reporter.warn(line)
        if context.dry_run:
            work = [line for plan in plans if plan.change for line in plan.change.work]
            found = planned(work, **facts)
            return found if work else Result(found.data, _nothing(skipped, "would be"), note=_unread(context))
        for plan in plans:
            for how, number in models.deduplicate(plan, context.initiator(), reporter).items():
                made[how] = made.get(how, 0) + number
    if not made:
        return Result({**facts, "made": made}, _nothing(skipped, "was"), note=_unread(context))
    said = " and ".join(counted(number, how) for how, number in made.items())
    note = f"`comfydock undo` splits them again; `comfydock operation prune` frees {amount(wasted, 'bytes')}"
    return Result({**facts, "made": made}, f"made {said}\n", note=note)


def _nothing(skipped: list[str], verb: str) -> str:
    return f"nothing {verb} changed\n" if skipped else "no two files hold the same\n"


def _unread(context: Context) -> str:
    unread = sum(root.files - root.hashed for root in context.workspace.models.state().roots if root.present)
    return f"{counted(unread, 'file')} not compared: `comfydock model index sync --hash` reads them" if unread else ""


def _twins(plans: list[Deduplication]) -> list[dict[str, object]]:
    return [{"path": twin.path, "kept": twin.kept, "bytes": twin.size} for plan in plans for twin in plan.twins]


def _skipped(plans: list[Deduplication]) -> list[dict[str, str]]:
    return [{"path": path, "reason": reason} for plan in plans for path, reason in plan.skipped]
