"""`.metadata/model_scopes`: directories of models in which files were deleted, linked or renamed, one a line.

Each keeps operations of its own, beside the files, because what is taken away stays on its disk. The list leads `undo`
to them.
"""

import os

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.utils import native
from comfydock_core.utils.files import atomic


def model_scopes(layout: WorkspaceLayout) -> list[str]:
    """The directories that are there and hold operations. Raises `OSError`."""
    return [scope for scope in _noted(layout) if native.is_directory(f"{scope}/.ops")]


def note_model_scope(layout: WorkspaceLayout, scope: str) -> None:
    """Add a directory. Raises `OSError`."""
    noted = _noted(layout)
    if scope not in noted:
        text = "".join(f"{one}\n" for one in (*noted, scope))
        atomic.write_bytes(layout.model_scopes, os.fsencode(text))


def _noted(layout: WorkspaceLayout) -> list[str]:
    return os.fsdecode(native.read_bytes(layout.model_scopes) or b"").splitlines()
