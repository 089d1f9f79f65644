"""Which repository ComfyUI comes from."""

import os

from comfydock_core.configs.defaults import COMFYUI_REPOSITORY
from comfydock_core.utils.git_urls import local_path


def chosen_repository(named: str | None) -> str:
    """The repository named, that of `COMFYDOCK_COMFYUI_REPOSITORY`, or the default. Paths become absolute."""
    chosen = named or os.environ.get("COMFYDOCK_COMFYUI_REPOSITORY") or COMFYUI_REPOSITORY
    path = None if chosen.startswith("file://") else local_path(chosen)
    return path or chosen
