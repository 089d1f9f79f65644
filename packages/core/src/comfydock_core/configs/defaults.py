"""Addresses, names and times that the whole library agrees on."""

COMFYUI_REPOSITORY = "https://github.com/comfyanonymous/ComfyUI.git"
GITHUB_API = "https://api.github.com"
PYTORCH_INDEX = "https://download.pytorch.org/whl"
NODE_DATA = "https://raw.githubusercontent.com/ComfyDock/ComfyDock-Registry-Data/main/data/node_mappings.json"
MANAGER_DATA = "https://raw.githubusercontent.com/Comfy-Org/ComfyUI-Manager/main"

PROJECT_PREFIX = "comfydock-env-"
MANIFEST_SCHEMA = 2
FIRST_COMMIT = "Initial environment setup"

TORCH_PACKAGES = ("torch", "torchvision", "torchaudio")
