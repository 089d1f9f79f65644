"""What is known of node classes where a workflow is looked at."""

from __future__ import annotations

from comfydock_core.caching.answer_cache import AnswerCache
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.resolvers.environment_classes import EnvironmentClasses, environment_classes
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.listed_once import ListedOnce

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.models.protocols import Reporter


def known_classes(
    workspace: WorkspaceLayout | None,
    environment: EnvironmentLayout | None,
    reporter: Reporter,
    listed: ListedOnce | None = None,
) -> EnvironmentClasses:
    """The classes of an environment; without one nothing is known. `listed` is what others look at, too.

    Raises `FileSystemError`.
    """
    if workspace is None or environment is None:
        return EnvironmentClasses()
    with disk_errors("read the node classes"):
        return environment_classes(environment, AnswerCache(workspace.answers), reporter, listed)
