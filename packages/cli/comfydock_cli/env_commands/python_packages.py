"""`py add`, `remove` and `remove-group`, `constraint add` and `remove`."""

import os
import time

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.python_formatter import changed_packages, planned_packages
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.python_packages import PackageRequest

_DEV = "dev"


def add(context: Context, arguments: Arguments) -> Result:
    """Ask for packages."""
    words, file = tuple(arguments.words("package")), arguments.text("requirements")
    if bool(words) == (file is not None):
        raise UsageError(
            "`comfydock py add` takes PACKAGE or `-r FILE`, not both" if words else "`comfydock py add` needs PACKAGE",
            hint="for example `comfydock py add einops`, or `comfydock py add -r requirements.txt`",
        )
    if arguments.flag("editable") and file is not None:
        raise UsageError("`--editable` is for folders that are named", hint="leave `-r` or `--editable` out")
    if arguments.flag("no_test") and (arguments.text("bounds") or arguments.flag("upgrade")):
        raise UsageError(
            "versions are chosen by resolving, which `--no-test` leaves out",
            hint="leave `--no-test` out, or `--bounds` and `--upgrade`",
        )
    request = PackageRequest(
        "add",
        words,
        file=file,
        group=_group(arguments),
        directory=os.getcwd(),
        bounds=arguments.text("bounds"),
        editable=arguments.flag("editable"),
        upgrade=arguments.flag("upgrade"),
        test=not arguments.flag("no_test"),
        strict=arguments.flag("strict"),
    )
    return _change(context, arguments, request)


def remove(context: Context, arguments: Arguments) -> Result:
    """Ask for packages no longer."""
    words = tuple(arguments.words("package"))
    request = PackageRequest(
        "remove",
        words,
        group=arguments.text("group"),
        force=arguments.flag("force"),
        test=not arguments.flag("no_test"),
        strict=arguments.flag("strict"),
    )
    return _change(context, arguments, request)


def remove_group(context: Context, arguments: Arguments) -> Result:
    """Remove a group with its packages."""
    return _simple(context, arguments, "remove-group", (arguments.word("group"),))


def constrain(context: Context, arguments: Arguments) -> Result:
    """Limit versions."""
    return _simple(context, arguments, "constrain", tuple(arguments.words("constraint")))


def unconstrain(context: Context, arguments: Arguments) -> Result:
    """Limit versions no longer."""
    return _simple(context, arguments, "unconstrain", tuple(arguments.words("package")))


def _simple(context: Context, arguments: Arguments, action: str, words: tuple[str, ...]) -> Result:
    request = PackageRequest(
        action, words, test=not arguments.flag("no_test"), strict=arguments.flag("strict")
    )  # fmt: skip
    return _change(context, arguments, request)


def _change(context: Context, arguments: Arguments, request: PackageRequest) -> Result:
    started = time.monotonic()
    workspace = find_workspace(offline=context.offline)
    name = workspace.environment(context.environment_name).name
    with make_reporter(context) as reporter:
        if context.dry_run:
            return planned_packages(workspace.plan_packages(name, request, reporter))
        initiator = context.initiator(while_running=arguments.flag("while_running"))
        with workspace.exclusive(initiator, reporter, name):
            plan = workspace.plan_packages(name, request, reporter)
            for note in plan.notes:
                reporter.warn(note)
            outcome = None if plan.nothing_to_do else workspace.change_packages(plan, initiator, reporter)
    return changed_packages(plan, outcome, time.monotonic() - started)


def _group(arguments: Arguments) -> str | None:
    group = arguments.text("group")
    if not arguments.flag("dev"):
        return group
    if group is not None:
        raise UsageError("`--dev` is the same as `--group dev`", hint="leave one of them out")
    return _DEV
