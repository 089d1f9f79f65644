from .workspace_config_repository import (
    WorkspaceConfigRepository as WorkspaceConfigRepository,
)
