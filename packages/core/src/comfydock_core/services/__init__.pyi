from .comfyui_versions import ComfyUIVersions as ComfyUIVersions
from .stage import Stage as Stage
