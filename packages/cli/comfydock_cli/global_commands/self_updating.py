"""`self update` and `self uninstall`."""

from comfydock_cli._version import VERSION
from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.plan_formatter import planned
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.progress import make_reporter
from comfydock_cli.ui.prompts import confirm
from comfydock_core.core.program import Program, plan_uninstall, plan_update
from comfydock_core.factories.program_factory import find_program
from comfydock_core.utils.versions import version_key


def update(context: Context, arguments: Arguments) -> Result:
    """Look for a release, or put one in place."""
    version, program = arguments.text("to"), find_program(offline=context.offline)
    if sum((arguments.flag("check"), arguments.flag("back"), version is not None)) > 1:
        raise UsageError("`--check`, `--to` and `--back` cannot be combined", hint="give one of them")
    if arguments.flag("check"):
        return _check(program)
    if arguments.flag("back"):
        return _go_back(context, program)
    return _update(context, program, None if version is None else version.removeprefix("v"))


def uninstall(context: Context, arguments: Arguments) -> Result:
    """Remove the program after asking."""
    program = find_program()
    installed = program.installed()
    if context.dry_run:
        return planned(plan_uninstall(installed), prefix=installed.prefix)
    facts = {"prefix": installed.prefix, "version": installed.version}
    if not confirm(context, f"remove ComfyDock {installed.version} from {installed.prefix}?"):
        return Result({**facts, "removed": False}, "nothing was removed\n")
    program.uninstall()
    text = f"removed ComfyDock from {installed.prefix}; workspaces stay where they are\n"
    return Result({**facts, "removed": True}, text)


def _check(program: Program) -> Result:
    """Any ComfyDock can look, however it was installed."""
    offered = program.offered().version
    newer = version_key(offered) > version_key(VERSION)
    text = f"ComfyDock {offered} is available, this is {VERSION}\n" if newer else f"{VERSION} is the newest release\n"
    note = "`comfydock self update` installs it" if newer else ""
    return Result({"version": VERSION, "available": offered, "newer": newer}, text, note=note)


def _update(context: Context, program: Program, version: str | None) -> Result:
    installed = program.installed()
    release = program.offered(version)
    facts = {"prefix": installed.prefix, "before": installed.version, "version": release.version}
    is_newer = version_key(release.version) > version_key(installed.version)
    if release.version == installed.version or (version is None and not is_newer):
        text = f"ComfyDock {installed.version} is installed; there is nothing newer\n" if version is None else (
            f"ComfyDock {installed.version} is installed already\n"
        )  # fmt: skip
        return Result({**facts, "version": installed.version, "updated": False}, text)
    if context.dry_run:
        return planned(plan_update(installed, release), **facts)
    with make_reporter(context) as reporter:
        program.update(release, reporter)
    text = f"ComfyDock {release.version} is installed, in place of {installed.version}\n"
    return Result({**facts, "updated": True}, text, note="`comfydock self update --back` goes back")


def _go_back(context: Context, program: Program) -> Result:
    installed = program.installed()
    facts = {"prefix": installed.prefix, "before": installed.version, "version": installed.previous}
    if context.dry_run and installed.previous is not None:
        return Result({**facts, "updated": False}, f"would go back from {installed.version} to {installed.previous}\n")
    now = program.go_back()
    text = f"ComfyDock {now.version} is in use again, in place of {installed.version}\n"
    return Result({**facts, "version": now.version, "updated": True}, text)
