from . import program as program
from . import transaction as transaction
from .comfyui_versions import ComfyUIVersions as ComfyUIVersions
from .node_lookup_service import NodeLookupService as NodeLookupService
from .pack_contents import PackContents as PackContents
from .registry_data_manager import RegistryDataManager as RegistryDataManager
from .registry_lookup import RegistryLookup as RegistryLookup
from .repository_lookup import RepositoryLookup as RepositoryLookup
