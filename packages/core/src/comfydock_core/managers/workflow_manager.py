"""`WorkflowManager`: the workflows of one environment. `states` is on the startup path."""

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.models.workflow.status import DetailedWorkflowStatus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.models.operation import Swap
    from comfydock_core.services.transaction import Operation


class WorkflowManager:
    """Names, files and states of the workflows of one environment, and writing them within an operation.

    A name is the path below the directory where the editor saves them, with `/` and without `.json`.
    """

    __slots__ = ("environment", "workspace")

    def __init__(self, environment: EnvironmentLayout, workspace: WorkspaceLayout) -> None:
        self.environment = environment
        self.workspace = workspace

    @property
    def note(self) -> str:
        """Where it is noted what was found in them."""
        return self.workspace.workflow_note(self.environment.name)

    def states(self) -> DetailedWorkflowStatus:
        """How all of them are, against their committed copies and by their last check. None is checked.

        What was found earlier is taken for granted while sizes and times of files stand still, so that a workflow costs
        one look at its file, and one at its committed copy. Only those that were written since are read.
        """
        from comfydock_core.analyzers.workflow_states import WorkflowLook

        try:
            look = WorkflowLook(self.environment, self.note)
        except OSError as error:
            return DetailedWorkflowStatus([], f"the workflows cannot be listed: {error}")
        if look.open_questions:
            from comfydock_core.analyzers.workflow_contents import answer_questions

            answer_questions(look)
        return look.status()

    def names(self) -> list[str]:
        """All names, sorted. Raises `FileSystemError`."""
        from comfydock_core.repositories.workflow_files import WorkflowFiles

        return WorkflowFiles(self.environment.workflows).names()

    def path(self, name: str) -> str:
        """The file of a workflow; its name may have its `.json`. Raises `WorkflowNotFound`."""
        from comfydock_core.repositories.workflow_files import WorkflowFiles

        return WorkflowFiles(self.environment.workflows).path(name)

    def swap(self, path: str, detail: str) -> "Swap":
        """The step of a plan that puts another content in place of a workflow. Raises `OSError`."""
        from comfydock_core.services.transaction.planning import swap

        return swap(self.environment.root, self._place(path), has_new=True, detail=detail)

    def write(self, under_way: "Operation", path: str, content: bytes) -> None:
        """Stage the other content in an operation whose plan has the step. Raises `OSError`."""
        import shutil

        place = under_way.place(self._place(path))
        with open(place, "xb") as file:
            file.write(content)
        shutil.copymode(path, place)

    def _place(self, path: str) -> str:
        """A path as plans have it: relative to the environment."""
        import os

        return os.path.relpath(path, self.environment.root).replace(os.sep, "/")
