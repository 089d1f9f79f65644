"""`download list`, `pause`, `resume` and `cancel`."""

import time

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.download_formatter import changed_downloads, downloaded, kept_downloads
from comfydock_cli.global_commands.download_options import limits_of
from comfydock_cli.table.parser import Arguments
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.core.workspace import Workspace
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.model_files.downloads import KeptDownload


def list_downloads(context: Context, arguments: Arguments) -> Result:
    """Show what is under way and what is paused."""
    return kept_downloads(find_workspace(offline=context.offline).downloads.kept())


def pause(context: Context, arguments: Arguments) -> Result:
    """Stop the commands that are at work."""
    workspace = find_workspace(offline=context.offline)
    names = arguments.words("download")
    if context.dry_run:
        return _planned("pause", [one for one in _named(workspace, names) if one.state == "running"])
    return changed_downloads("paused", workspace.downloads.pause(names))


def resume(context: Context, arguments: Arguments) -> Result:
    """Go on with what was stopped."""
    started = time.monotonic()
    workspace, names, limits = (
        find_workspace(offline=context.offline),
        arguments.words("download"),
        limits_of(arguments),
    )
    if context.dry_run:
        return _planned("resume", [one for one in _named(workspace, names) if one.state == "paused"])
    with make_reporter(context) as reporter:
        outcomes = workspace.downloads.resume(names, reporter, limits)
    if not outcomes:
        return Result({"downloads": [], "failed": []}, note="there is nothing to resume")
    return downloaded(outcomes, time.monotonic() - started)


def cancel(context: Context, arguments: Arguments) -> Result:
    """Remove what came of downloads."""
    workspace = find_workspace(offline=context.offline)
    names = arguments.words("download")
    if context.dry_run:
        return _planned("cancel", _named(workspace, names))
    return changed_downloads("cancelled", workspace.downloads.cancel(names))


def _named(workspace: Workspace, names: list[str]) -> list[KeptDownload]:
    """Those that are named, or all. Raises `DownloadNotFound`."""
    return workspace.downloads.find(names) if names else workspace.downloads.kept()


def _planned(action: str, kept: list[KeptDownload]) -> Result:
    plan = [{"action": action, "target": one.request.path, "detail": one.request.urls[0]} for one in kept]
    text = "".join(f"would {action} {one.request.name} ({one.identifier})\n" for one in kept)
    return Result({"plan": plan}, text, note="" if kept else "there is nothing to do")
