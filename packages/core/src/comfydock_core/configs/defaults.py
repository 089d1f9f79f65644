"""Addresses, names and times that the whole library agrees on."""

COMFYUI_REPOSITORY = "https://github.com/comfyanonymous/ComfyUI.git"
GITHUB_API = "https://api.github.com"
COMFY_REGISTRY = "https://api.comfy.org"
PYTORCH_INDEX = "https://download.pytorch.org/whl"

PROJECT_PREFIX = "comfydock-env-"
MANIFEST_SCHEMA = 2
FIRST_COMMIT = "Initial environment setup"

TORCH_PACKAGES = ("torch", "torchvision", "torchaudio")
