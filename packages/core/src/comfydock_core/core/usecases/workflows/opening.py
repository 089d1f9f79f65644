"""Opening a workflow that was found."""

from __future__ import annotations

# The errors are loaded when one is raised.
import comfydock_core
from comfydock_core.analyzers.workflows.json_reading import LARGEST
from comfydock_core.analyzers.workflows.opening import OpenedWorkflow, open_workflow
from comfydock_core.analyzers.workflows.refusals import NoWorkflow
from comfydock_core.core.usecases.workflows.finding import FoundWorkflow
from comfydock_core.utils.files.disk_errors import disk_errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.models.exceptions import WorkflowUnreadable


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
