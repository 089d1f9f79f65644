"""What is being deleted: out of sight by one rename first, removed then, or by whoever comes next."""

import os
import secrets

from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories import operation_log
from comfydock_core.utils.faults import fault
from comfydock_core.utils.files import mounts
from comfydock_core.utils.files.filesystem import remove_tree


def put_away(scope: str, path: str) -> None:
    """Take a directory out of sight by one rename. Raises `OSError`."""
    trash = _trash(scope)
    os.makedirs(trash, exist_ok=True)
    fault("before trash")
    os.rename(path, f"{trash}/{os.path.basename(path)}-{secrets.token_hex(4)}")
    fault("after trash")


def discard(scope: str, path: str, reporter: Reporter) -> None:
    """Put a directory away and remove it; what cannot be removed now is removed later. Raises `OSError`."""
    put_away(scope, path)
    empty_trash(scope, reporter)


def empty_trash(scope: str, reporter: Reporter) -> None:
    """Remove what was put away. An orphan may still write there; then a later command has the rest."""
    trash = _trash(scope)
    try:
        names = os.listdir(trash)
    except FileNotFoundError:
        return
    for name in names:
        _remove(f"{trash}/{name}", reporter)


def _remove(path: str, reporter: Reporter) -> None:
    """Remove one thing; never what is mounted in it, which belongs to somebody else."""
    try:
        mounted = mounts.mounted_in(path, mounts.mount_points())
        if not mounted:
            remove_tree(path)
            return
        reason = f"something is mounted at `{mounted[0]}`"
    except OSError as error:
        reason = error.strerror or str(error)
    reporter.warn(f"cannot remove `{path}` now, the next command tries again: {reason}")


def _trash(scope: str) -> str:
    return f"{operation_log.operations_directory(scope)}/{operation_log.TRASH}"
