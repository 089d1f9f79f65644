"""`workflow show`: the prompt view of one workflow, or the prompt that a server takes."""

from comfydock_core.analyzers.workflows.api_prompt import prompt_of_view
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.usecases.workflows.finding import FoundWorkflow, find_workflow
from comfydock_core.core.usecases.workflows.opening import open_found
from comfydock_core.models.workflow.prompt_view import PromptView
from comfydock_core.records import record
from comfydock_core.resolvers.environment_classes import EnvironmentClasses


@record
class ShownWorkflow:
    """A workflow with its prompt view. `unread` are classes of nodes that run of which nothing is known here."""

    found: FoundWorkflow
    view: PromptView
    carrier: str | None
    unread: tuple[str, ...]

    def prompt(self) -> dict[str, object]:
        """What `POST /prompt` takes under `prompt`."""
        return prompt_of_view(self.view)


def show_workflow(environment: EnvironmentLayout | None, what: str, known: EnvironmentClasses) -> ShownWorkflow:
    """Read one workflow. Raises `WorkflowNotFound`, `WorkflowUnreadable`, `FileSystemError`."""
    found = find_workflow(environment, what)
    opened = open_found(found)
    view = opened.view(known.classes, known.editor_only)
    unread = dict.fromkeys(node.type for node in view.running if node.type not in known.classes)
    return ShownWorkflow(found, view, opened.carrier, tuple(unread) if view.format == "graph" else ())
