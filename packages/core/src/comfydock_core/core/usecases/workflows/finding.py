"""Finding a workflow by what somebody calls it."""

from __future__ import annotations

import os

# The errors are loaded when one is raised.
import comfydock_core
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.records import record
from comfydock_core.repositories.workflow_files import WorkflowFiles


@record
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
