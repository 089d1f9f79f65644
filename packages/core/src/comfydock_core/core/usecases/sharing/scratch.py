"""Directories in the cache to work in, on the disk of the workspace, where large files can be renamed into place."""

import contextlib
import os
import secrets
from collections.abc import Iterator

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.filesystem import remove_tree

# Those of this process: one may be inside another, and its number may be that of one that was killed.
_OWN: set[str] = set()


@contextlib.contextmanager
def scratch_directory(workspace: WorkspaceLayout) -> Iterator[str]:
    """An empty directory while inside. What a killed command left is removed. Raises `FileSystemError`."""
    place = workspace.scratch
    name = f"{os.getpid()}-{secrets.token_hex(4)}"
    own = f"{place}/{name}"
    with disk_errors("make a directory to work in"):
        os.makedirs(place, exist_ok=True)
        for left in left_scratch(workspace):
            remove_tree(left)
        os.mkdir(own, 0o700)
    _OWN.add(name)
    try:
        yield own
    finally:
        _OWN.discard(name)
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
    if number == str(os.getpid()):
        return name in _OWN
    return number.isdecimal() and os.path.exists(f"/proc/{number}")
