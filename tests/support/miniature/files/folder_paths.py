"""Where ComfyUI's directories are."""

import os

base_path = os.path.dirname(os.path.realpath(__file__))
models_dir = os.path.join(base_path, "models")
supported_pt_extensions = {".ckpt", ".pt", ".bin", ".pth", ".safetensors"}
folder_names_and_paths = {
    "checkpoints": ([os.path.join(models_dir, "checkpoints")], supported_pt_extensions),
    "vae": ([os.path.join(models_dir, "vae")], supported_pt_extensions),
    "custom_nodes": ([os.path.join(base_path, "custom_nodes")], set()),
}


def get_filename_list(folder_name):
    """The files in a folder's directories that have one of its extensions, as ComfyUI lists them."""
    directories, extensions = folder_names_and_paths[folder_name]
    found = set()
    for directory in directories:
        for place, _, names in os.walk(directory, followlinks=True):
            wanted = [name for name in names if os.path.splitext(name)[1].lower() in extensions]
            found.update(os.path.relpath(os.path.join(place, name), directory) for name in wanted)
    return sorted(found)
