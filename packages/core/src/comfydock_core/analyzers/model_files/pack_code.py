"""The code of node packs that may add folders of models: what is read, and by what it counts as unchanged."""

import os

from comfydock_core.utils import native

_NO_PACK = ("__pycache__",)
_NO_CODE = ("__pycache__", "node_modules", "tests")


def packs_in(directory: str) -> list[str]:
    """What ComfyUI imports from a directory of node packs: directories, and single files."""
    names = native.list_names(directory)
    return sorted(
        name for name in names
        if not name.endswith(".disabled") and name not in _NO_PACK
        and (name.endswith(".py") or os.path.isdir(f"{directory}/{name}"))
    )  # fmt: skip


def is_entered(name: str) -> bool:
    """Whether a directory of a pack is looked into."""
    return name not in _NO_CODE and not name.startswith(".")
