from .comfyui_versions import ComfyUIVersions as ComfyUIVersions
