"""Directories in the cache to work in, on the disk of the workspace, where large files can be renamed into place."""

import contextlib
import os
import secrets
from collections.abc import Iterator

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.filesystem import remove_tree


@contextlib.contextmanager
def scratch_directory(workspace: WorkspaceLayout) -> Iterator[str]:
    """An empty directory while inside. What a killed command left is removed. Raises `FileSystemError`."""
    place = workspace.scratch
    own = f"{place}/{os.getpid()}-{secrets.token_hex(4)}"
    with disk_errors("make a directory to work in"):
        os.makedirs(place, exist_ok=True)
        for left in left_scratch(workspace):
            remove_tree(left)
        os.mkdir(own, 0o700)
    try:
        yield own
    finally:
        with disk_errors("remove the directory that was worked in"):
            remove_tree(own)
        with contextlib.suppress(OSError):  # Another command works in one, too.
            os.rmdir(place)


def left_scratch(workspace: WorkspaceLayout) -> list[str]:
    """The directories of commands that are no more. Raises `OSError`."""
    place = workspace.scratch
    names = sorted(os.listdir(place)) if os.path.isdir(place) else []
    return [f"{place}/{name}" for name in names if not _is_in_use(name)]


def _is_in_use(name: str) -> bool:
    number = name.partition("-")[0]
    return number.isdecimal() and os.path.exists(f"/proc/{number}") and int(number) != os.getpid()
