"""Measuring, linking and removing trees. Links are never followed."""

import contextlib
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Callable

if sys.platform == "win32":
    import _winapi


def measure_tree(path: str) -> tuple[int, int]:
    """The bytes and the number of files below `path`. What vanishes meanwhile or cannot be read counts nothing."""
    size = files = 0
    for directory, _, names in os.walk(path):
        for name in names:
            with contextlib.suppress(OSError):
                size += os.lstat(os.path.join(directory, name)).st_size
                files += 1
    return size, files


def remove_tree(path: str) -> None:
    """Remove a directory and all in it, read-only files too; links vanish, their targets stay. Raises `OSError`."""
    if os.path.islink(path):
        os.unlink(path)
        return

    def retry(function: Callable[..., object], place: str, error: BaseException) -> None:
        if isinstance(error, FileNotFoundError):
            return  # Somebody else removed it.
        if not isinstance(error, PermissionError):
            raise error
        _make_writable(place, path)
        if os.path.isdir(place) and not os.path.islink(place):
            os.listdir(place)  # Fails when it still cannot be read; otherwise this would go on for ever.
            remove_tree(place)
        else:
            os.unlink(place)

    if sys.version_info >= (3, 12):
        shutil.rmtree(path, onexc=retry)
    else:
        shutil.rmtree(path, onerror=lambda function, place, info: retry(function, place, info[1]))


def _make_writable(place: str, root: str) -> None:
    """Let the owner change `place` and the directory it is in, as far as that is inside `root`."""
    for path in (os.path.dirname(place), place):
        inside = path == root or path.startswith(root + os.sep)
        if inside and os.path.isdir(path) and not os.path.islink(path):
            os.chmod(path, os.stat(path).st_mode | stat.S_IRWXU)


def make_directory_link(link: str, target: str) -> None:
    """Make `link` lead to the directory `target`, replacing a link that is there. Raises `OSError`.

    On Windows it is a junction, which needs no privilege.
    """
    if sys.platform == "win32":
        if os.path.lexists(link):
            os.unlink(link)
        _winapi.CreateJunction(target, link)
        return
    temporary = f"{link}.{secrets.token_hex(4)}"
    os.symlink(target, temporary)
    os.replace(temporary, link)


def freed_by_removing(path: str) -> int:
    """The bytes that removing a tree would free: files with other names elsewhere free nothing."""
    size = 0
    for directory, _, names in os.walk(path):
        for name in names:
            with contextlib.suppress(OSError):
                found = os.lstat(os.path.join(directory, name))
                size += found.st_size if found.st_nlink == 1 else 0
    return size
