"""Addresses, names and times that the whole library agrees on."""

COMFYUI_REPOSITORY = "https://github.com/comfyanonymous/ComfyUI.git"
GITHUB_API = "https://api.github.com"
COMFY_REGISTRY = "https://api.comfy.org"
PYTORCH_INDEX = "https://download.pytorch.org/whl"
NODE_DATA = "https://raw.githubusercontent.com/ComfyDock/ComfyDock-Registry-Data/main/data/node_mappings.json"
MANAGER_DATA = "https://raw.githubusercontent.com/Comfy-Org/ComfyUI-Manager/main"

PROJECT_PREFIX = "comfydock-env-"
MANIFEST_SCHEMA = 2
FIRST_COMMIT = "Initial environment setup"

# Packages that hold the same files, so that only one of them may be installed: what node packs ask for of the first is
# taken from the second, which holds all that the others hold.
SUBSTITUTES = dict.fromkeys(
    ("opencv-python", "opencv-python-headless", "opencv-contrib-python"), "opencv-contrib-python-headless"
)

TORCH_PACKAGES = ("torch", "torchvision", "torchaudio")
# What no node pack may bring a build of its own of, beside the PyTorch family of the manifest. ComfyUI pins its own
# packages, such as its web interface, itself: a pack that wants another version of them is a conflict to be told.
PROTECTED_PACKAGES = (*TORCH_PACKAGES, "torchsde", "uv")
