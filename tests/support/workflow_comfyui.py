"""A ComfyUI of a few lines with one model folder and one input that takes pictures, for what is about workflows."""

import json
from pathlib import Path

from comfydock_core.configs.environment_layout import EnvironmentLayout

_FILES = {
    "folder_paths.py": """
import os
base_path = os.path.dirname(os.path.realpath(__file__))
models_dir = os.path.join(base_path, "models")
supported_pt_extensions = {".ckpt", ".safetensors"}
folder_names_and_paths = {
    "checkpoints": ([os.path.join(models_dir, "checkpoints")], supported_pt_extensions),
    "custom_nodes": ([os.path.join(base_path, "custom_nodes")], set()),
}
""",
    "main.py": "import folder_paths\n",
    "nodes.py": """
import folder_paths
class Loader:
    RETURN_TYPES = ("MODEL",)
    @classmethod
    def INPUT_TYPES(s):
        return {"required": {"ckpt_name": (folder_paths.get_filename_list("checkpoints"),)}}
class LoadImage:
    RETURN_TYPES = ("IMAGE",)
    @classmethod
    def INPUT_TYPES(s):
        return {"required": {"image": (["a.png"], {"image_upload": True})}}
class Save:
    RETURN_TYPES = ()
    OUTPUT_NODE = True
    @classmethod
    def INPUT_TYPES(s):
        return {"required": {"model": ("MODEL",)}, "optional": {"image": ("IMAGE",), "extra": ("FANCY",)}}
NODE_CLASS_MAPPINGS = {"Loader": Loader, "LoadImage": LoadImage, "Save": Save}
""",
}
PACK = """
class Fancy:
    RETURN_TYPES = ("FANCY",)
    @classmethod
    def INPUT_TYPES(s):
        return {"required": {}}
NODE_CLASS_MAPPINGS = {"Fancy": Fancy}
"""


def build(root: Path) -> EnvironmentLayout:
    """An environment's directory with that ComfyUI, without models, packs or workflows."""
    layout = EnvironmentLayout(str(root))
    write_code(layout)
    for place in (layout.custom_nodes, f"{layout.comfyui}/models/checkpoints", f"{layout.comfyui}/input"):
        Path(place).mkdir(parents=True)
    put(Path(layout.manifest), '[tool.comfydock]\ncomfyui_version = "v1.0.0"\n')
    return layout


def write_code(layout: EnvironmentLayout) -> None:
    """Write the files of that ComfyUI, again where they were changed."""
    for name, content in _FILES.items():
        put(Path(layout.comfyui, name), content)


def put(path: Path, content: str) -> None:
    """Write a file, with the directories that it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def prompt(model: str = "base.safetensors", *, image: str | None = None, fancy: bool = False) -> str:
    """A prompt that asks for a model, and perhaps for a picture and a class of a pack."""
    save: dict[str, object] = {"model": ["1", 0]}
    nodes: dict[str, object] = {
        "1": {"class_type": "Loader", "inputs": {"ckpt_name": model}},
        "2": {"class_type": "Save", "inputs": save},
    }
    if image is not None:
        nodes["3"] = {"class_type": "LoadImage", "inputs": {"image": image}}
        save["image"] = ["3", 0]
    if fancy:
        nodes["4"] = {"class_type": "Fancy", "inputs": {}}
        save["extra"] = ["4", 0]
    return json.dumps(nodes)
