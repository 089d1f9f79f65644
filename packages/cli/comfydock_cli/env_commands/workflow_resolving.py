"""`workflow resolve`: get what a workflow needs, and write down what it is."""

from collections.abc import Sequence

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.workflow_resolution_formatter import planned_resolution, resolved
from comfydock_cli.global_commands.download_options import limits_of
from comfydock_cli.strategies.asking import AskingModelStrategy, AskingNodeStrategy
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.progress import PlainReporter, make_reporter
from comfydock_cli.ui.prompts import can_ask, confirm
from comfydock_core.core.workspace import Workspace
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.model_files.downloads import DownloadOutcome
from comfydock_core.models.packs.pack_changes import PackRequest
from comfydock_core.models.workflow.entries import REQUIRED
from comfydock_core.models.workflow.plans import Decisions, WantedModel, WorkflowResolution
from comfydock_core.utils.text import counted, some

_ALL, _REQUIRED, _SKIP = "all", "required", "skip"


def resolve(context: Context, arguments: Arguments) -> Result:
    """Decide, add packs, fetch models, and note what the workflow needs."""
    install = _install(arguments)
    name, why = arguments.word("workflow"), arguments.flag("why")
    asks = can_ask(context) and not arguments.flag("auto") and not context.options["yes"] and not context.dry_run
    decisions = Decisions(remembers=asks)
    workspace = find_workspace(offline=context.offline)
    environment = workspace.environment(context.environment_name).name
    with make_reporter(context) as reporter:
        nodes = AskingNodeStrategy(reporter.end) if asks else None
        models = AskingModelStrategy(reporter.end) if asks else None
        plan = workspace.workflows.plan_resolution(environment, name, decisions, reporter, nodes, models)
        if context.dry_run:
            return planned_resolution(plan, _fetched(plan, arguments), why=why)
        if plan.add and install is not False:
            _add_packs(context, workspace, plan, reporter, asked=install is None)
        outcomes = _fetch(context, workspace, plan, arguments, reporter)
        initiator = context.initiator()
        with workspace.exclusive(initiator, reporter, environment):
            plan = workspace.workflows.plan_resolution(environment, name, decisions, reporter)
            if plan.writes:
                workspace.workflows.note_resolution(plan, initiator, reporter)
        workspace.workflows.check(environment, [name], reporter)  # So that `status` knows how it is now.
    return resolved(plan, outcomes, why=why)


def _install(arguments: Arguments) -> bool | None:
    wanted, refused = arguments.flag("install"), arguments.flag("no_install")
    if wanted and refused:
        raise UsageError("`--install` and `--no-install` cannot be combined", hint="give one of them")
    return True if wanted else False if refused else None


def _add_packs(
    context: Context, workspace: Workspace, plan: WorkflowResolution, reporter: PlainReporter, *, asked: bool
) -> None:
    """Add the packs, all or none, as `node add` does."""
    words = tuple(one.identifier for one in plan.add)
    if asked:
        reporter.end()
        listed = some([f"`{word}`" for word in words], 8)
        if not confirm(context, f"add {counted(len(words), 'node pack')}: {listed}?"):
            return
    initiator = context.initiator()
    with workspace.exclusive(initiator, reporter, plan.environment):
        workspace.refuse_while_running(plan.environment, initiator)
        packs = workspace.packs.plan(plan.environment, PackRequest("add", words), reporter)
        if not packs.nothing_to_do:
            workspace.packs.change(packs, initiator, reporter)


def _fetch(
    context: Context, workspace: Workspace, plan: WorkflowResolution, arguments: Arguments, reporter: PlainReporter
) -> list[DownloadOutcome]:
    """Fetch what is missing and has a source; one that fails does not keep the others."""
    wanted = _fetched(plan, arguments)
    if not wanted:
        return []
    if arguments.text("models") is None:
        reporter.end()
        listed = some([f"`{one.to}`" for one in wanted], 5)
        if not confirm(context, f"fetch {counted(len(wanted), 'model')}: {listed}?"):
            return []
    plans = [
        each
        for one in wanted
        for each in workspace.downloads.plan(list(one.urls[:1]), reporter, to=one.to, sha256=one.sha256)
    ]
    return workspace.downloads.download(plans, reporter, limits_of(arguments))


def _fetched(plan: WorkflowResolution, arguments: Arguments) -> Sequence[WantedModel]:
    level = arguments.text("models") or _ALL
    if level == _SKIP:
        return ()
    unique = {one.to: one for one in reversed(plan.fetch)}
    return [one for one in reversed(unique.values()) if level == _ALL or one.importance == REQUIRED]
