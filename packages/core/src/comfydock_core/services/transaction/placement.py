"""Whether names can be swapped where they lie: on one file system, in directories that can be written to."""

import errno
import os
from collections.abc import Sequence

from comfydock_core.models.exceptions import AcrossFileSystems
from comfydock_core.models.operation import Swap
from comfydock_core.repositories import operation_log
from comfydock_core.utils.files import mounts


def refuse_other_file_systems(scope: str, swaps: Sequence[Swap]) -> None:
    """Raise `AcrossFileSystems` for a name that no rename within the scope's file system reaches.

    The system also refuses renames between two mounts of the same file system; and what is mounted inside a directory
    would go along with it, into the trash in the end.
    """
    points = mounts.mount_points()
    own = _system_of(existing(scope), points)
    operations = operation_log.operations_directory(scope)
    if _system_of(existing(operations), points) != own:
        raise _refusal(scope, operations, f"`{operations}` lies on another file system than `{scope}`")
    for path in [os.path.normpath(os.path.join(scope, name)) for step in swaps for name in _names(step)]:
        inside = mounts.mounted_in(path, points)
        if inside:
            raise _refusal(scope, inside[0], f"something is mounted at `{inside[0]}`")
        if {_system_of(existing(os.path.dirname(path)), points), _own_system(path, points)} != {own}:
            raise _refusal(scope, path, f"`{path}` lies on another file system than `{scope}`")


def refuse_immovable(path: str) -> None:
    """Raise `OSError` when `path` could not be renamed, or nothing be put there."""
    parent = os.path.dirname(path)
    os.stat(parent)
    is_directory = os.path.isdir(path) and not os.path.islink(path)
    for place in (parent, path) if is_directory else (parent,):  # A directory's own `..` is written as well.
        if not os.access(place, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), place)


def existing(path: str) -> str:
    """The nearest directory that exists."""
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    return path


def _names(step: Swap) -> tuple[str, ...]:
    return (step.path,) if step.source is None else (step.path, step.source)


def _own_system(path: str, points: list[str]) -> tuple[int, str]:
    """The file system that a name is on, itself and not what it leads to; of one that is free, where it will be."""
    if os.path.islink(path) or os.path.isfile(path):
        return os.lstat(path).st_dev, mounts.mount_of(os.path.dirname(path), points)
    return _system_of(existing(path), points)


def _system_of(directory: str, points: list[str]) -> tuple[int, str]:
    """The device and the mount that a directory is on."""
    return os.stat(directory).st_dev, mounts.mount_of(directory, points)


def _refusal(scope: str, path: str, message: str) -> AcrossFileSystems:
    return AcrossFileSystems(
        message,
        hint="keep an environment and the workspace's settings on one file system, with nothing mounted inside;"
        " models may lie anywhere, behind the `models` link",
        context={"path": path, "scope": scope},
    )
