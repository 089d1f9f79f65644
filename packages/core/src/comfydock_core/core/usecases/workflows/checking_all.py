"""Checking several workflows with what is read once for all."""

from collections.abc import Sequence
from functools import cache

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout

# Where missing models can be had is asked when one is missing.
from comfydock_core.core.usecases import workflows
from comfydock_core.core.usecases.workflows.checking import WorkflowChecker
from comfydock_core.core.usecases.workflows.knowledge import known_classes
from comfydock_core.core.usecases.workflows.local_models import model_matcher
from comfydock_core.core.usecases.workflows.opening import find_workflow, open_found
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.workflow.checks import WorkflowCheck
from comfydock_core.repositories.workflow_files import WorkflowFiles
from comfydock_core.utils.files.disk_errors import disk_errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.core.usecases.workflows.model_origins import ModelOrigins


def check_workflows(
    workspace: WorkspaceLayout, environment: EnvironmentLayout, words: Sequence[str], reporter: Reporter
) -> list[WorkflowCheck]:
    """Check the named workflows, or all of the environment.

    Raises `WorkflowNotFound`, `WorkflowUnreadable`, `ModelPathsInvalid`, `EnvironmentBroken`, `FileSystemError`.
    """
    found = [find_workflow(environment, word) for word in words or WorkflowFiles(environment.workflows).names()]
    known = known_classes(workspace, environment, reporter)
    checks: list[WorkflowCheck] = []

    @cache
    def origins() -> "ModelOrigins":
        return workflows.ModelOrigins(workspace, environment)

    with disk_errors("look at the directories of models"):
        checker = WorkflowChecker(environment, known, model_matcher(workspace, environment), origins)
        for at, one in enumerate(found):
            reporter.progress(one.name, at, len(found), "workflows")
            checks.append(checker.check(one.name, open_found(one)))
    return checks
