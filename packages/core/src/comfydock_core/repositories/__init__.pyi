from . import model_index as model_index
from .workspace_config_repository import (
    WorkspaceConfigRepository as WorkspaceConfigRepository,
)
