"""`import`: an environment from what somebody else made."""

import time
from dataclasses import replace

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.bundle_formatter import ImportedModels, imported, planned_import
from comfydock_cli.formatters.workflow_resolution_formatter import Fetched, state_words
from comfydock_cli.global_commands.download_options import limits_of
from comfydock_cli.mirror_first import is_offline, source_in, take_mirror, workspace_of
from comfydock_cli.model_fetching import SKIP, fetch_models, is_lacking, of_level
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError, refuse_beside
from comfydock_cli.ui.progress import PlainReporter, make_reporter
from comfydock_cli.ui.prompts import ask, can_ask
from comfydock_cli.workspace_importing import WorkspaceImport
from comfydock_core.core.workspace import Workspace
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.exceptions import ComfyDockError
from comfydock_core.models.model_files.downloads import DownloadLimits
from comfydock_core.models.operation import Initiator
from comfydock_core.models.sharing import ImportRequest
from comfydock_core.models.workflow.plans import Decisions, WorkflowResolution


def import_(context: Context, arguments: Arguments) -> Result:
    """Inspect, plan, build; then get the models. `--preview` and `--dry-run` show the plan."""
    started = time.monotonic()
    if arguments.text("workspace") is not None:
        return _import_workspace(context, arguments)
    request = ImportRequest(
        _source(arguments),
        _name(context, arguments),
        ref=arguments.text("ref"),
        repository=arguments.text("comfyui_repository"),
        torch_backend=arguments.word("torch_backend"),
        use=arguments.flag("use"),
        require_signed=arguments.flag("require_signed"),
        signers=arguments.text("signers"),
        keep_going=arguments.flag("keep_going"),
    )
    level, limits = arguments.word("models"), limits_of(arguments)
    workspace, offline = workspace_of(context, arguments), is_offline(context, arguments)
    bundles, initiator = workspace.bundles, context.initiator()
    with make_reporter(context) as reporter, bundles.scratch() as scratch:
        mirrored = take_mirror(workspace, arguments, reporter)
        request = replace(request, source=source_in(mirrored, request.source))
        if context.dry_run or arguments.flag("preview"):
            return planned_import(bundles.plan_import(request, scratch, reporter, offline=offline), level)
        with workspace.exclusive(initiator, reporter):
            plan = bundles.plan_import(request, scratch, reporter, offline=offline)
            outcome = bundles.carry_out_import(plan, initiator, reporter, _Callbacks(reporter))
        models = _Models(workspace, request.name, level, limits, initiator, reporter).get()
    return imported(plan, outcome, models, time.monotonic() - started)


def _import_workspace(context: Context, arguments: Arguments) -> Result:
    """Every environment of another workspace under its own name."""
    refuse_beside(
        "--workspace",
        {
            "SOURCE": arguments.text("source"),
            "--name": arguments.text("name"),
            "--ref": arguments.text("ref"),
            "--use": arguments.flag("use"),
            "--require-signed": arguments.flag("require_signed"),
            "--signers": arguments.text("signers"),
            "--offline-from": arguments.text("offline_from"),
        },
    )
    request = ImportRequest(
        "",
        "",
        repository=arguments.text("comfyui_repository"),
        torch_backend=arguments.word("torch_backend"),
        keep_going=arguments.flag("keep_going"),
    )
    level, limits = arguments.word("models"), limits_of(arguments)
    workspace, initiator = find_workspace(offline=context.offline), context.initiator()
    found = workspace.bundles.find_older_workspace(arguments.word("workspace"))
    with make_reporter(context) as reporter:

        def get_models(name: str) -> ImportedModels:
            return _Models(workspace, name, level, limits, initiator, reporter).get()

        importing = WorkspaceImport(
            workspace, found, request, level, get_models, initiator, reporter, _Callbacks(reporter)
        )
        is_rehearsal = context.dry_run or arguments.flag("preview")
        return importing.preview() if is_rehearsal else importing.carry_out()


def _source(arguments: Arguments) -> str:
    source = arguments.text("source")
    if not source:
        raise UsageError(
            "nothing is named to import",
            hint="name a bundle, a snapshot, a directory or a repository, or a workspace with `--workspace DIR`",
        )
    return source


class _Callbacks:
    """Tells of what is put in place."""

    def __init__(self, reporter: PlainReporter) -> None:
        self._reporter = reporter

    def on_pack(self, pack: str, error: str | None) -> None:
        self._reporter.line(f"{pack}: {error or 'in place'}")

    def on_model(self, path: str, error: str | None) -> None:
        self._reporter.line(f"{path}: {error or 'in place'}")


class _Models:
    """Gets what the workflows of a new environment lack, as `workflow resolve --auto` does."""

    def __init__(
        self,
        workspace: Workspace,
        environment: str,
        level: str,
        limits: DownloadLimits,
        initiator: Initiator,
        reporter: PlainReporter,
    ) -> None:
        self._workspace = workspace
        self._environment = environment
        self._level = level
        self._limits = limits
        self._initiator = initiator
        self._reporter = reporter

    def get(self) -> ImportedModels:
        """Each workflow for itself: what is wrong with one keeps no other from its models."""
        found = ImportedModels([], [])
        if self._level == SKIP:
            return found
        for one in self._workspace.workflows.all(self._environment):
            try:
                self._get_for(one.name, found)
            except ComfyDockError as error:
                found.incomplete.append((one.name, error.message))
        return found

    def _get_for(self, workflow: str, found: ImportedModels) -> None:
        plan = self._plan(workflow)
        wanted = of_level(plan, self._level)
        fetched: list[Fetched] = []
        if wanted:
            fetched = fetch_models(self._workspace, wanted, self._reporter, self._limits)
            found.fetched.extend(fetched)
        if any(one.error is None for one in fetched):
            with self._workspace.exclusive(self._initiator, self._reporter, self._environment):
                plan = self._plan(workflow)
                if plan.writes:
                    self._workspace.workflows.note_resolution(plan, self._initiator, self._reporter)
        if is_lacking(plan, self._level):
            found.incomplete.append((workflow, state_words(plan)))

    def _plan(self, workflow: str) -> WorkflowResolution:
        return self._workspace.workflows.plan_resolution(self._environment, workflow, Decisions(), self._reporter)


def _name(context: Context, arguments: Arguments) -> str:
    """The name of the new environment, which is asked for where it is not given."""
    name = arguments.text("name")
    if name is None and can_ask(context):
        name = ask("name of the new environment:")
    if not name:
        raise UsageError("the new environment has no name", hint="give it one with `--name NAME`")
    return name
