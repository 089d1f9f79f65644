"""Finding a workflow by what somebody calls it, and opening it."""

from __future__ import annotations

import os
from dataclasses import dataclass

# The errors are loaded when one is raised.
import comfydock_core
from comfydock_core.analyzers.workflows.json_reading import LARGEST
from comfydock_core.analyzers.workflows.opening import OpenedWorkflow, open_workflow
from comfydock_core.analyzers.workflows.refusals import NoWorkflow
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.repositories.workflow_files import WorkflowFiles
from comfydock_core.utils.files.disk_errors import disk_errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.models.exceptions import WorkflowUnreadable


@dataclass(frozen=True, slots=True)
class FoundWorkflow:
    """A workflow on disk: its name among those of an environment, or the path that was given."""

    name: str
    path: str
    in_environment: bool


def find_workflow(environment: EnvironmentLayout | None, what: str) -> FoundWorkflow:
    """The workflow of that name in an environment, or else the file. Raises `WorkflowNotFound`.

    What begins with `.`, `/` or `~`, as a path does, is a file in any case.
    """
    files = None if environment is None else WorkflowFiles(environment.workflows)
    path = os.path.expanduser(what)
    if files is not None and not what.startswith((".", "/", "~")) and files.has(what):
        return FoundWorkflow(what.removesuffix(".json"), files.path(what), True)
    if os.path.exists(path):
        return FoundWorkflow(what, path, False)
    if files is not None:
        files.path(what)
    raise comfydock_core.models.WorkflowNotFound(
        f"there is no file `{what}`",
        hint="name a file, or choose an environment with `-e NAME` to name one of its workflows",
        context={"workflow": what},
    )


def open_found(found: FoundWorkflow) -> OpenedWorkflow:
    """The content. Raises `WorkflowUnreadable`, `FileSystemError`."""
    with disk_errors(f"read `{found.path}`"):
        try:
            return open_workflow(found.path)
        except NoWorkflow as error:
            raise unreadable(found.name, error) from error


def read_workflow(path: str) -> bytes:
    """The text of a workflow that the editor saved, as far as one may be long. Raises `FileSystemError`."""
    with disk_errors(f"read `{path}`"), open(path, "rb") as file:
        return file.read(LARGEST + 1)


def unreadable(name: str, error: NoWorkflow) -> WorkflowUnreadable:
    """The error for what is no workflow."""
    return comfydock_core.models.WorkflowUnreadable(
        f"`{name}` cannot be read as a workflow: {error}",
        hint="give a file that the editor saved or exported, or a picture or video that ComfyUI made",
        context={"workflow": name, "reason": str(error)},
    )
