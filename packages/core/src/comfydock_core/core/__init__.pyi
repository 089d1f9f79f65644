from .environment import Environment as Environment
from .workspace import Workspace as Workspace
