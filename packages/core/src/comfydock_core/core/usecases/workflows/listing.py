"""`workflow list`: the workflows of an environment."""

import os
from dataclasses import dataclass

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.repositories.workflow_files import WorkflowFiles
from comfydock_core.utils.files.disk_errors import disk_errors


@dataclass(frozen=True, slots=True)
class ListedWorkflow:
    """A workflow of an environment. `changed` is the time of its file, in seconds since 1970."""

    name: str
    path: str
    size: int
    changed: float


def list_workflows(environment: EnvironmentLayout) -> list[ListedWorkflow]:
    """All workflows by name; none is read. Raises `FileSystemError`."""
    files = WorkflowFiles(environment.workflows)
    listed: list[ListedWorkflow] = []
    with disk_errors("list the workflows"):
        for name in files.names():
            path = f"{files.directory}/{name}.json"
            found = os.stat(path)
            listed.append(ListedWorkflow(name, path, found.st_size, found.st_mtime))
    return listed
