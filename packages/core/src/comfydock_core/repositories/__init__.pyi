from . import model_index as model_index
from .extra_model_paths import parse_model_paths as parse_model_paths
from .extra_model_paths import read_model_paths as read_model_paths
from .extra_model_paths import section_text as section_text
from .workspace_config_repository import (
    WorkspaceConfigRepository as WorkspaceConfigRepository,
)
