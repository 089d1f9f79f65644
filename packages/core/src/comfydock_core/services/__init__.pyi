from . import transaction as transaction
from .comfyui_versions import ComfyUIVersions as ComfyUIVersions
