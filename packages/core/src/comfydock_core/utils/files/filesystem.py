"""Measuring, linking and removing trees. Links are never followed."""

import contextlib
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Iterator

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
    """Remove a directory and all in it, read-only files too, or one file; links vanish, their targets stay.

    Raises `OSError`.
    """
    if os.path.islink(path) or os.path.isfile(path):
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


def freed_by_removing(*paths: str) -> int:
    """The bytes on disk that removing some trees would free: a file that has another name elsewhere frees nothing."""
    freed = 0
    linked: dict[tuple[int, int], list[int]] = {}  # How many of a file's names are still elsewhere, and its bytes.
    for found in _everything_in(paths):
        if stat.S_ISDIR(found.st_mode) or found.st_nlink == 1:
            freed += _on_disk(found)
            continue
        names = linked.setdefault((found.st_dev, found.st_ino), [found.st_nlink, _on_disk(found)])
        names[0] -= 1
    return freed + sum(size for elsewhere, size in linked.values() if elsewhere <= 0)


def taken_on_disk(path: str, counted: set[tuple[int, int]]) -> tuple[int, int]:
    """The bytes on disk and the number of files of a tree.

    A file that has several names counts once, and not at all when it is among those `counted`, to which it is added.
    """
    size = number = 0
    for found in _everything_in([path]):
        one = (found.st_dev, found.st_ino)
        if one not in counted:
            counted.add(one)
            size += _on_disk(found)
            number += not stat.S_ISDIR(found.st_mode)
    return size, number


def _everything_in(paths: Iterable[str]) -> Iterator[os.stat_result]:
    """The trees' directories, files and links. What vanishes meanwhile or cannot be read is left out."""
    for path in paths:
        with contextlib.suppress(OSError):
            yield os.lstat(path)
        for directory, directories, files in os.walk(path):
            for name in (*directories, *files):
                with contextlib.suppress(OSError):
                    yield os.lstat(os.path.join(directory, name))


def _on_disk(found: os.stat_result) -> int:
    if sys.platform == "win32":  # It does not tell.
        return found.st_size
    return found.st_blocks * 512
