from . import transaction as transaction
from .comfyui_versions import ComfyUIVersions as ComfyUIVersions
from .node_lookup import NodeLookup as NodeLookup
from .pack_contents import PackContents as PackContents
from .registry_lookup import RegistryLookup as RegistryLookup
from .repository_lookup import RepositoryLookup as RepositoryLookup
