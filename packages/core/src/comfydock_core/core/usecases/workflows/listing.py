"""`workflow list`: the workflows of an environment."""

import os

from comfydock_core.managers.workflow_manager import WorkflowManager
from comfydock_core.models.exceptions import FileSystemError
from comfydock_core.models.workflow.status import WorkflowState
from comfydock_core.records import record


@record
class ListedWorkflow:
    """A workflow of an environment. `changed` is the time of its file, in seconds since 1970.

    Of one that was deleted only the committed copy is there: `path` and what follows are `None`.
    """

    name: str
    state: WorkflowState
    path: str | None = None
    size: int | None = None
    changed: float | None = None


def list_workflows(manager: WorkflowManager) -> list[ListedWorkflow]:
    """All workflows by name, with what is known of them; those that stand still are not read.

    Raises `FileSystemError`.
    """
    status = manager.states()
    if status.unknown is not None:
        raise FileSystemError(status.unknown)
    return [_listed(manager.environment.workflows, state) for state in status.workflows]


def _listed(directory: str, state: WorkflowState) -> ListedWorkflow:
    path = f"{directory}/{state.name}.json"
    try:
        found = os.stat(path)
    except OSError:  # There is a committed copy alone, or it went this very moment.
        return ListedWorkflow(state.name, state)
    return ListedWorkflow(state.name, state, path, found.st_size, found.st_mtime)
