from . import foreign_definitions as foreign_definitions
from . import model_index as model_index
from .extra_model_paths import parse_model_paths as parse_model_paths
from .extra_model_paths import read_model_paths as read_model_paths
from .model_paths_editing import says_nothing as says_nothing
from .model_paths_editing import with_section as with_section
from .model_paths_editing import without_section as without_section
from .workspace_config_repository import (
    WorkspaceConfigRepository as WorkspaceConfigRepository,
)
