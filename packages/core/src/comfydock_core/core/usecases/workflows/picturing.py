"""`workflow draw`: a picture of a workflow as the editor lays it out, with what is missing marked."""

from collections.abc import Iterable

from comfydock_core.analyzers.workflows.drawing import draw_workflow
from comfydock_core.analyzers.workflows.refusals import NoWorkflow
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.workflows.checking import WorkflowChecker
from comfydock_core.core.usecases.workflows.finding import find_workflow
from comfydock_core.core.usecases.workflows.knowledge import known_classes
from comfydock_core.core.usecases.workflows.local_models import model_matcher
from comfydock_core.core.usecases.workflows.opening import open_found, unreadable
from comfydock_core.models.exceptions import WorkflowUnreadable
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.workflow.checks import WorkflowIssue
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.listed_once import ListedOnce


def draw(
    workspace: WorkspaceLayout | None, environment: EnvironmentLayout | None, what: str, reporter: Reporter
) -> str:
    """The SVG of a saved graph; with an environment the nodes that keep it from running there are marked.

    Raises `WorkflowNotFound`, `WorkflowUnreadable`, also for a prompt of the API, which has no places;
    `ModelPathsInvalid`, `EnvironmentBroken`, `FileSystemError`.
    """
    found = find_workflow(environment, what)
    opened = open_found(found)
    if not opened.is_graph:
        raise WorkflowUnreadable(
            f"`{found.name}` is a prompt for the API, in which nodes have no place to be drawn at",
            hint="draw what the editor saves",
            context={"workflow": found.name},
        )
    marks: dict[str, str] = {}
    if workspace is not None and environment is not None:
        listed = ListedOnce()
        known = known_classes(workspace, environment, reporter, listed)
        with disk_errors("look at the directories of models"):
            checker = WorkflowChecker(environment, known, model_matcher(workspace, environment, listed))
            marks = _marks(checker.check(found.name, opened).issues)
    try:
        return draw_workflow(opened.raw, marks)
    except NoWorkflow as error:
        raise unreadable(found.name, error) from error


def _marks(issues: Iterable[WorkflowIssue]) -> dict[str, str]:
    """What is in the way by the node of the outermost graph that it is in; the first words of each count."""
    marks: dict[str, str] = {}
    for issue in issues:
        for node in issue.nodes or ((issue.node,) if issue.node is not None else ()):
            marks.setdefault(node.partition(":")[0], issue.message)
    return marks
