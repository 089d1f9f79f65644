"""Whether files lie there as a patch makes them."""

import os
from collections.abc import Iterable, Sequence

from comfydock_core.integrations.git.trees import EXECUTABLE, PLAIN
from comfydock_core.models.file_moves import PatchedFiles, TreeFile
from comfydock_core.utils.files.git_index import object_name


def lies_there(path: str, file: TreeFile | None) -> bool:
    """Whether a file is that of a commit, `None` for none. Raises `OSError`."""
    if file is None:
        return not os.path.lexists(path)
    if file.mode not in (PLAIN, EXECUTABLE) or os.path.islink(path) or not os.path.isfile(path):
        return False
    with open(path, "rb") as opened:
        is_executable = bool(os.fstat(opened.fileno()).st_mode & 0o100)
        return (
            is_executable == (file.mode == EXECUTABLE) and object_name(opened.read(), len(file.object)) == file.object
        )


def is_patched(directory: str, path: str, patches: Iterable[PatchedFiles]) -> bool:
    """Whether a file is as one of the patches makes it. Raises `OSError`."""
    return any(path in one.files and lies_there(f"{directory}/{path}", one.files[path].after) for one in patches)


def beyond(directory: str, changed: Iterable[str], patches: Sequence[PatchedFiles]) -> list[str]:
    """Which of the changed files none of the patches makes as they are. Raises `OSError`."""
    return [path for path in changed if not is_patched(directory, path, patches)]


def lacking(directory: str, patch: PatchedFiles) -> list[str]:
    """Which of its files are not as a patch makes them. Raises `OSError`."""
    return [path for path, one in patch.files.items() if not lies_there(f"{directory}/{path}", one.after)]
