"""`.metadata/place`: where the workspace lies, noted so that a move of it can be told from a disk that is not mounted.

ComfyDock 1.x has no such note; it is made when a workspace is changed for the first time.
"""

import os

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.utils import native
from comfydock_core.utils.files import atomic


def read_place(layout: WorkspaceLayout) -> str | None:
    """The place that was noted, `None` when none was. Raises `OSError`."""
    content = native.read_bytes(layout.place_file)
    return None if content is None else content.decode("utf-8", "surrogateescape").strip() or None


def write_place(path: str, root: str) -> None:
    """Note a place in a file. Raises `OSError`."""
    atomic.write_text(path, f"{root}\n")


def note_place(layout: WorkspaceLayout, models_directory: str | None) -> None:
    """Note where the workspace lies, once, while its own models directory shows that it lies where it was made."""
    if models_directory == layout.models and os.path.isdir(layout.models) and read_place(layout) is None:
        write_place(layout.place_file, layout.root)
