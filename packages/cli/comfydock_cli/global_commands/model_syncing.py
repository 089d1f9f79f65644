"""`model index sync` and `model index dir`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.model_formatter import problems_of, sync_text
from comfydock_cli.formatters.plan_formatter import planned, planned_change
from comfydock_cli.table.parser import Arguments
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.core.usecases.models.indexing import ModelSync
from comfydock_core.models.plan import PlanStep
from comfydock_core.utils.text import counted

_NOT_ALL_READ = 8


def sync(context: Context, arguments: Arguments) -> Result:
    """Bring the index up to date."""
    models, hash_files = context.workspace.models, arguments.flag("hash")
    with make_reporter(context) as reporter:
        if context.dry_run:
            sync = models.plan_sync(reporter)
            return planned(_steps(sync, hash_files=hash_files), **sync.as_dict())
        sync = models.sync(reporter, hash_files=hash_files, eager=arguments.flag("eager"))
        for problem in problems_of(sync):
            reporter.warn(problem)
    note = ""
    if sync.unhashed and not hash_files:
        note = f"{counted(sync.unhashed, 'file')} without digests; `comfydock model index sync --hash` reads them"
    return Result(sync.as_dict(), sync_text(sync), exit_code=_NOT_ALL_READ if sync.failed else 0, note=note)


def choose_directory(context: Context, arguments: Arguments) -> Result:
    """Use another models directory, in all environments."""
    models = context.workspace.models
    plan = models.plan_directory(arguments.word("path"))
    facts = {"directory": plan.directory, "environments": list(plan.environments)}
    if context.dry_run:
        return planned_change(plan.change, **facts)
    with make_reporter(context) as reporter:
        models.use_directory(plan, context.initiator(), reporter)
        sync = models.sync(reporter)
    text = f"models directory: {plan.directory}\n{sync_text(sync)}"
    return Result({**facts, "sync": sync.as_dict()}, text)


def _steps(sync: ModelSync, *, hash_files: bool) -> list[PlanStep]:
    steps: list[PlanStep] = []
    for change in sync.changes:
        steps += [PlanStep("add", f"{change.root}/{path}") for path in change.added]
        steps += [PlanStep("note the change of", f"{change.root}/{path}") for path in change.changed]
        steps += [PlanStep("note the move of", f"{change.root}/{old}", f"to {new}") for old, new in change.moved]
        steps += [PlanStep("forget", f"{change.root}/{path}") for path in change.gone]
    if hash_files and sync.unhashed:
        steps.append(PlanStep("read", counted(sync.unhashed, "file"), "for their digests"))
    return steps
