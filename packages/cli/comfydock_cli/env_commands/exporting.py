"""`export`: the last commit of an environment as one file for others."""

import sys
from collections.abc import Sequence

from comfydock_cli import system
from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.bundle_formatter import exported, planned_export
from comfydock_cli.formatters.container_formatter import exported_container
from comfydock_cli.formatters.snapshot_formatter import exported_snapshot
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError, refuse_beside
from comfydock_cli.ui.progress import PlainReporter, make_reporter
from comfydock_cli.ui.prompts import can_ask, confirm
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.containers import ContainerRequest
from comfydock_core.models.sharing import ExportRequest, NeededModel
from comfydock_core.utils.text import counted, some

_STANDARD_OUTPUT = "-"
_SHOWN = 10
# What makes a bundle heavier.
_CARRYING = {
    "--with-models": "with_models",
    "--with-packs": "with_packs",
    "--with-wheels": "with_wheels",
    "--with-history": "with_history",
}


def export(context: Context, arguments: Arguments) -> Result:
    """Check and ask everything, then write the bundle; `--dry-run` shows what would be in it."""
    if arguments.flag("manager_snapshot"):
        return _export_snapshot(context, arguments)
    if arguments.text("container") is not None:
        return _export_container(context, arguments)
    if arguments.flag("kubernetes") or arguments.text("torch_backend") is not None:
        option = "--kubernetes" if arguments.flag("kubernetes") else "--torch-backend"
        raise UsageError(f"`{option}` is about a container", hint="`--container DIR` exports one")
    target = arguments.text("path")
    _refuse_terminal(context, target)
    workspace = find_workspace(offline=context.offline)
    name = workspace.environment(context.environment_name).name
    request = ExportRequest(
        target,
        with_models=arguments.flag("with_models"),
        with_packs=arguments.flag("with_packs"),
        with_wheels=arguments.flag("with_wheels"),
        with_history=arguments.flag("with_history"),
        sign=arguments.text("sign"),
        allow_issues=arguments.flag("allow_issues"),
    )
    bundles = workspace.bundles
    with make_reporter(context) as reporter, bundles.scratch() as scratch:
        callbacks = _Callbacks(context, reporter)
        plan = bundles.plan_export(name, request, scratch, callbacks, reporter)
        if context.dry_run:
            return planned_export(plan)
        stream = sys.stdout.buffer if plan.target is None else None
        written = bundles.export(plan, scratch, callbacks, reporter, stream)
    return exported(plan, written)


def _export_snapshot(context: Context, arguments: Arguments) -> Result:
    refuse_beside(
        "--manager-snapshot",
        {
            "--container": arguments.text("container"),
            "--kubernetes": arguments.flag("kubernetes"),
            "--torch-backend": arguments.text("torch_backend"),
            "--sign": arguments.text("sign"),
            **{option: arguments.flag(name) for option, name in _CARRYING.items()},
            "--allow-issues": arguments.flag("allow_issues"),
        },
    )
    bundles = find_workspace(offline=context.offline).bundles
    target = arguments.text("path")
    return exported_snapshot(bundles.export_snapshot(context.environment_name, target, rehearsal=context.dry_run))


def _export_container(context: Context, arguments: Arguments) -> Result:
    refuse_beside(
        "--container",
        {
            "PATH": arguments.text("path"),
            "--sign": arguments.text("sign"),
            **{option: arguments.flag(name) for option, name in _CARRYING.items()},
            "--allow-issues": arguments.flag("allow_issues"),
        },
    )
    request = ContainerRequest(
        arguments.word("container"),
        backend=arguments.text("torch_backend"),
        kubernetes=arguments.flag("kubernetes"),
        rehearsal=context.dry_run,
    )
    workspace = find_workspace(offline=context.offline)
    with make_reporter(context) as reporter:
        return exported_container(
            workspace.bundles.export_container(context.environment_name, request, reporter), request
        )


class _Callbacks:
    """Asks the user, and shows how far the bundle is."""

    def __init__(self, context: Context, reporter: PlainReporter) -> None:
        self._context = context
        self._reporter = reporter

    def on_models_without_sources(self, models: Sequence[NeededModel]) -> bool:
        if self._context.dry_run or self._context.options["yes"]:
            return True
        if not can_ask(self._context):
            return False
        self._reporter.end()  # What is drawn would be drawn over the question.
        told = some([f"{one.place} (for {', '.join(one.workflows)})" for one in models], _SHOWN)
        return confirm(
            self._context, f"nobody else can get {counted(len(models), 'model')} without a source: {told}. Export?"
        )

    def on_member(self, path: str, number: int, total: int) -> None:
        self._reporter.progress("Writing the bundle", number, total, "files")


def _refuse_terminal(context: Context, target: str | None) -> None:
    if target != _STANDARD_OUTPUT or context.dry_run:
        return
    if context.json:
        raise UsageError(
            "a bundle and JSON cannot both go to standard output", hint="name a file, or leave `--json` out"
        )
    if sys.stdout is None:
        raise UsageError("standard output is closed", hint="name a file")
    if system.is_terminal(1):
        raise UsageError("a bundle is not for a terminal", hint="name a file, or send standard output to one")
