"""The nodes that come with ComfyUI, and importing those of packs."""

import importlib.util
import os
import sys
import time

import folder_paths

DIRECTORY = folder_paths.folder_names_and_paths["custom_nodes"][0][0]


class CheckpointLoaderSimple:
    RETURN_TYPES = ("MODEL", "CLIP", "VAE")
    FUNCTION = "load_checkpoint"
    CATEGORY = "loaders"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"ckpt_name": (folder_paths.get_filename_list("checkpoints"),)}}


class ModelSave:
    RETURN_TYPES = ()
    FUNCTION = "save"
    OUTPUT_NODE = True
    CATEGORY = "model"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"model": ("MODEL",)}}


class VAELoader:
    RETURN_TYPES = ("VAE",)
    FUNCTION = "load_vae"
    CATEGORY = "loaders"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"vae_name": (folder_paths.get_filename_list("vae"),)}}


class KSampler:
    RETURN_TYPES = ("LATENT",)
    FUNCTION = "sample"
    CATEGORY = "sampling"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"model": ("MODEL",), "seed": ("INT", {"default": 0})}}


NODE_CLASS_MAPPINGS = {
    "CheckpointLoaderSimple": CheckpointLoaderSimple,
    "KSampler": KSampler,
    "ModelSave": ModelSave,
    "VAELoader": VAELoader,
}
NODE_DISPLAY_NAME_MAPPINGS = {"CheckpointLoaderSimple": "Load Checkpoint"}


def import_custom_node(path):
    """The reason why it cannot be imported, as ComfyUI words it, or nothing."""
    name = os.path.basename(path).removesuffix(".py")
    file = path if os.path.isfile(path) else os.path.join(path, "__init__.py")
    try:
        spec = importlib.util.spec_from_file_location(name.replace(".", "_x_"), file)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    except Exception as error:  # noqa: BLE001 - as ComfyUI does: a pack that fails is reported
        return f"Cannot import {path} module for custom nodes: {error}"
    if getattr(module, "NODE_CLASS_MAPPINGS", None) is None:
        return f"Skip {path} module for custom nodes due to the lack of NODE_CLASS_MAPPINGS."
    NODE_CLASS_MAPPINGS.update(module.NODE_CLASS_MAPPINGS)
    return None


def import_custom_nodes():
    """Import everything among the custom nodes, and report it in the words of ComfyUI."""
    times = []
    for name in sorted(os.listdir(DIRECTORY)):
        path = os.path.join(DIRECTORY, name)
        if name in ("__pycache__",) or name.endswith(".disabled") or not (os.path.isdir(path) or name.endswith(".py")):
            continue
        began = time.perf_counter()
        reason = import_custom_node(path)
        if reason is not None:
            print(reason, file=sys.stderr, flush=True)
        times.append((time.perf_counter() - began, path, reason is None))
    if not times:
        return
    print("\nImport times for custom nodes:", file=sys.stderr)
    for seconds, path, imported in sorted(times):
        print(f"{seconds:6.1f} seconds{'' if imported else ' (IMPORT FAILED)'}: {path}", file=sys.stderr)
    print(file=sys.stderr, flush=True)
