"""`workflow resolve`: get what a workflow needs, and write down what it is."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.workflow_resolution_formatter import Fetched, planned_resolution, resolved
from comfydock_cli.global_commands.download_options import limits_of
from comfydock_cli.model_fetching import ALL, SKIP, fetch_models, of_level
from comfydock_cli.strategies.asking import AskingModelStrategy, AskingNodeStrategy, Questions
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.progress import PlainReporter, make_reporter
from comfydock_cli.ui.prompts import can_ask
from comfydock_core.core.workspace import Workspace
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.exceptions import NodeDataMissing
from comfydock_core.models.model_files.downloads import DownloadLimits
from comfydock_core.models.operation import Initiator
from comfydock_core.models.packs.pack_changes import PackRequest
from comfydock_core.models.workflow.plans import Decisions, WantedModel, WorkflowResolution
from comfydock_core.records import record
from comfydock_core.utils.text import counted, some

_HITS = 20
_LONGEST = 100


@record
class _Wishes:
    """What the options say. `None` where the user is to be asked."""

    install: bool | None
    models: str | None
    asks: bool
    limits: DownloadLimits


def resolve(context: Context, arguments: Arguments) -> Result:
    """Decide, add packs, fetch models, and note what the workflow needs."""
    wishes, why = _wishes(context, arguments), arguments.flag("why")
    workspace = find_workspace(offline=context.offline)
    environment = workspace.environment(context.environment_name).name
    initiator = context.initiator(while_running=arguments.flag("while_running"))
    with make_reporter(context) as reporter:
        run = _Run(workspace, environment, arguments.word("workflow"), wishes, initiator, reporter)
        if context.dry_run:
            plan = run.plan()
            return planned_resolution(plan, of_level(plan, wishes.models or ALL), why=why)
        workspace.refuse_while_running(environment, initiator)
        plan = run.carried_out()
        workspace.workflows.check(environment, [plan.name], reporter)  # So that `status` knows how it is now.
        return resolved(plan, run.fetched, why=why)


def _wishes(context: Context, arguments: Arguments) -> _Wishes:
    """With `--yes` and `--auto` nobody is asked; `--yes` wants everything, `--auto` only what is named."""
    wanted, refused = arguments.flag("install"), arguments.flag("no_install")
    if wanted and refused:
        raise UsageError("`--install` and `--no-install` cannot be combined", hint="give one of them")
    install: bool | None = True if wanted else False if refused else None
    models, auto, yes = arguments.text("models"), arguments.flag("auto"), context.options["yes"]
    if auto or yes:
        install = bool(yes) if install is None else install
        models = models or (ALL if yes else SKIP)
    asks = can_ask(context) and not auto and not yes and not context.dry_run
    return _Wishes(install, models, asks, limits_of(arguments))


@dataclass(slots=True)
class _Run:
    """One run of the command."""

    workspace: Workspace
    environment: str
    workflow: str
    wishes: _Wishes
    initiator: Initiator
    reporter: PlainReporter
    decisions: Decisions = field(init=False)
    questions: Questions = field(init=False)
    fetched: list[Fetched] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.decisions = Decisions(remembers=self.wishes.asks)
        self.questions = Questions(self.reporter.end)

    def plan(self) -> WorkflowResolution:
        """What is so now; what is open is asked, once."""
        nodes = AskingNodeStrategy(self.questions, self.search) if self.wishes.asks else None
        models = AskingModelStrategy(self.questions) if self.wishes.asks else None
        return self.workspace.workflows.plan_resolution(
            self.environment, self.workflow, self.decisions, self.reporter, nodes, models
        )

    def search(self, words: str) -> list[tuple[str, str]]:
        """Packs that fit some words; none without lists of packs."""
        try:
            hits = self.workspace.registry.search(words, limit=_HITS, environment=self.environment)
        except NodeDataMissing:
            return []
        return [(hit.pack.identifier, f"{hit.pack.identifier}: {hit.pack.description or hit.pack.name}"[:_LONGEST])
                for hit in hits]  # fmt: skip

    def carried_out(self) -> WorkflowResolution:
        """Do everything, and return what is so then. What was answered is noted before anything that may fail."""
        plan = self.plan()
        self._refuse_unanswerable(plan)
        if self.decisions.are_there:
            plan = self._noted()
        if plan.add and self._is_wished(self.wishes.install, _packs_question(plan)):
            self._add_packs(plan)
            plan = self.plan()  # Of packs that are here more is known, such as which inputs take models.
        self._fetch(plan)
        return self._noted()

    def _noted(self) -> WorkflowResolution:
        with self.workspace.exclusive(self.initiator, self.reporter, self.environment):
            plan = self.plan()
            if plan.writes:
                self.workspace.workflows.note_resolution(plan, self.initiator, self.reporter)
        return plan

    def _refuse_unanswerable(self, plan: WorkflowResolution) -> None:
        """Where nobody can be asked, nothing is begun that would end in a question."""
        if self.wishes.asks:
            return
        missing = ["`--install` or `--no-install`"] if plan.add and self.wishes.install is None else []
        if plan.fetch and self.wishes.models is None:
            missing.append("`--models all`, `required` or `skip`")
        has_choices = any(one.candidates for one in plan.open) or plan.unclear
        if has_choices and self.wishes.install is None and self.wishes.models is None:
            missing.append("`--auto` to leave open what is not clear")
        if missing:
            raise UsageError(
                f"there is no terminal to ask what becomes of `{plan.name}`",
                hint=f"add {' and '.join(missing)}, or `--yes` for everything",
            )

    def _is_wished(self, wish: bool | None, question: str) -> bool:
        if wish is not None or not self.wishes.asks or self.questions.have_ended:
            return bool(wish)
        return self.questions.confirm(question)

    def _add_packs(self, plan: WorkflowResolution) -> None:
        """Add the packs, all or none, as `node add` does."""
        words = tuple(one.identifier for one in plan.add)
        with self.workspace.exclusive(self.initiator, self.reporter, self.environment):
            self.workspace.refuse_while_running(self.environment, self.initiator)
            packs = self.workspace.packs.plan(self.environment, PackRequest("add", words), self.reporter)
            if not packs.nothing_to_do:
                self.workspace.packs.change(packs, self.initiator, self.reporter)

    def _fetch(self, plan: WorkflowResolution) -> None:
        """Fetch what is missing and has a source; one that fails does not keep the others."""
        wanted = of_level(plan, self.wishes.models or ALL)
        wish = None if self.wishes.models is None else True
        if not wanted or not self._is_wished(wish, _models_question(wanted)):
            return
        self.fetched += fetch_models(self.workspace, wanted, self.reporter, self.wishes.limits)


def _packs_question(plan: WorkflowResolution) -> str:
    listed = some([f"`{one.identifier}`" for one in plan.add], 8)
    return f"add {counted(len(plan.add), 'node pack')}: {listed}?"


def _models_question(wanted: Sequence[WantedModel]) -> str:
    listed = some([f"`{one.to}` from {one.urls[0]}" for one in wanted], 5)
    return f"fetch {counted(len(wanted), 'model')}: {listed}?"
