from .environment_layout import EnvironmentLayout as EnvironmentLayout
from .workspace_layout import WorkspaceLayout as WorkspaceLayout
