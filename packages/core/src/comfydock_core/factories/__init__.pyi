from .environment_factory import environment_services as environment_services
from .workspace_factory import find_workspace as find_workspace
from .workspace_factory import open_workspace as open_workspace
