from . import usecases as usecases
from .environment import Environment as Environment
from .workspace import Workspace as Workspace
