"""`py add`, `remove` and `remove-group`, `constraint add` and `remove`."""

import os

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.python_formatter import changed_packages, planned_packages
from comfydock_cli.planned_change import Views, plan_and_change
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_core.models.packages.python_packages import PackagePlan, PackageRequest

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
    views = Views(planned_packages, _notes, changed_packages)
    return plan_and_change(context, arguments, lambda workspace: workspace.packages, request, views)


def _notes(plan: PackagePlan) -> tuple[str, ...]:
    return plan.notes


def _group(arguments: Arguments) -> str | None:
    group = arguments.text("group")
    if not arguments.flag("dev"):
        return group
    if group is not None:
        raise UsageError("`--dev` is the same as `--group dev`", hint="leave one of them out")
    return _DEV
