"""`Workspace`: what can be done with a workspace, one short method for each use case."""

from comfydock_core.core import finding
from comfydock_core.models.workspace_config import WorkspaceConfig
from comfydock_core.models.workspace_layout import EnvironmentLayout, WorkspaceLayout
from comfydock_core.repositories.workspace_config_reader import read_config


class Workspace:
    """One workspace on disk. Cheap to make; each method loads what it needs."""

    def __init__(self, layout: WorkspaceLayout) -> None:
        self.layout = layout

    @classmethod
    def find(cls) -> "Workspace":
        """The workspace of `COMFYDOCK_HOME` or `~/comfydock`. Raises `WorkspaceNotFound`."""
        return cls(finding.find_workspace())

    def config(self) -> WorkspaceConfig:
        """The settings, read anew. Raises `WorkspaceDamaged`."""
        return read_config(self.layout.config_file)

    def environment_names(self) -> list[str]:
        """Every finished environment, sorted by name."""
        return finding.environment_names(self.layout)

    def environment(self, name: str | None) -> EnvironmentLayout:
        """The environment `name`, or the active one. Raises `EnvironmentNotFound`, `NoActiveEnvironment`."""
        active = None if name else self.config().active_environment
        return finding.choose_environment(self.layout, name, active)
