"""`--offline-from DIR`: what a mirror has comes into the workspace first, then nobody is asked for anything."""

import os
from collections.abc import Mapping

from comfydock_cli.cli_utils import Context
from comfydock_cli.table.parser import Arguments
from comfydock_core.core.workspace import Workspace
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.protocols import Reporter


def is_offline(context: Context, arguments: Arguments) -> bool:
    """Whether the network is off: by `--offline`, or because a mirror stands in for it."""
    return context.offline or arguments.text("offline_from") is not None


def workspace_of(context: Context, arguments: Arguments) -> Workspace:
    """The workspace, without the network where a mirror stands in for it. Raises `WorkspaceNotFound`."""
    return find_workspace(offline=is_offline(context, arguments))


def take_mirror(workspace: Workspace, arguments: Arguments, reporter: Reporter) -> Mapping[str, str]:
    """Fill the caches of the workspace; the bundles of the mirror by the names of their environments.

    Nothing is done without `--offline-from`. Raises what `Mirrors.take_in` raises.
    """
    directory = arguments.text("offline_from")
    if directory is None:
        return {}
    taken = workspace.mirrors.take_in(directory, reporter)
    for note in taken.notes:
        reporter.warn(note)
    return taken.bundles


def source_in(bundles: Mapping[str, str], source: str) -> str:
    """The bundle of a mirror where its name is given, unless a file or directory here is called like that."""
    return source if os.path.lexists(source) else bundles.get(source, source)
