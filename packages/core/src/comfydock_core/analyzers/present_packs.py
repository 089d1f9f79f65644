"""The node packs that lie among the custom nodes."""

import os

from comfydock_core.analyzers.code.class_files import STOCK_FILE
from comfydock_core.repositories.pack_release import pack_directories


def present_packs(custom_nodes: str) -> dict[str, str]:
    """Directories and single files among the custom nodes that are turned on, by name; ComfyUI's own file is none."""
    found = {name: f"{custom_nodes}/{name}" for name in pack_directories(custom_nodes)}
    for name in sorted(os.listdir(custom_nodes)) if os.path.isdir(custom_nodes) else ():
        if name.endswith(".py") and name != STOCK_FILE and not name.startswith((".", "__")):
            found[name] = f"{custom_nodes}/{name}"
    return found
