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
    shutil.rmtree(path, onerror=_make_writable_and_retry)


def _make_writable_and_retry(function: Callable[[str], object], path: str, info: object) -> None:
    if not os.path.lexists(path):
        return
    parent = os.path.dirname(path)
    for place in (parent, path):
        if not os.path.islink(place):
            os.chmod(place, os.stat(place).st_mode | stat.S_IRWXU)
    if function in (os.open, os.scandir, os.listdir):
        shutil.rmtree(path)
    else:
        function(path)


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
