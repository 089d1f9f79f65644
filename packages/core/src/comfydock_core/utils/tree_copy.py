"""Doubling directory trees: by hard links, or as real copies. Links are never followed."""

import errno
import os
import shutil
import stat
import sys
from collections.abc import Callable, Collection

from comfydock_core.utils.at_once import for_each

if sys.platform != "win32":
    import fcntl

# Why a file cannot be linked although both places are there: another device, too many links, or not allowed (files of
# others, file systems without hard links).
_NOT_LINKABLE = frozenset(
    {errno.EXDEV, errno.EMLINK, errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
)
_FICLONE = 0x40049409
# A file system that offers clones fails with these as it would for any write.
_REAL_TROUBLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})

# How many branches are linked at once, and where the trunk ends: below `lib/python3.11/site-packages/<package>`.
_AT_ONCE = 4
_TRUNK_DEPTH = 4

_Place = Callable[[str, str], None]


def link_tree(source: str, target: str) -> None:
    """Make `target` a tree of the same files: directories anew, files as hard links, symbolic links as they are.

    A file that cannot be linked is copied. `target` must not exist. Raises `OSError`, and then a part may be left.
    Nearly all of the time is the file system's, so several branches are done at once.
    """
    place = _Linker(_Copier()).place
    branches: list[tuple[str, str]] = []
    trunk = _double_trunk(source, target, place, _TRUNK_DEPTH, branches)
    for_each(branches, lambda branch: _double(*branch, place), threads=_AT_ONCE)
    for directory, copy in reversed(trunk):
        _keep_directory(directory, copy)


def link_file(source: str, target: str) -> None:
    """Make `target` the same file, or a copy where that cannot be, or a link like it. Raises `OSError`."""
    if os.path.islink(source):
        _copy_link(source, target)
    else:
        _Linker(_Copier()).place(source, target)


def copy_tree(source: str, target: str, *, skip: Collection[str] = ()) -> None:
    """Make `target` a copy of its own, with modes and times; `skip` are names directly below `source` to leave out.

    File systems that can are asked to share the blocks. The objects of git repositories are linked: git replaces such
    files and never writes into them, it only renews their times. `target` must not exist. Raises `OSError`, and then a
    part may be left.
    """
    copier = _Copier()
    _double(source, target, copier.place, linked=_Linker(copier).place, skip=skip)


def _double_trunk(
    source: str, target: str, place: _Place, depth: int, branches: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Double the upper levels and note what is below; returns their directories, whose modes are still to be set."""
    os.mkdir(target, 0o700)
    trunk = [(source, target)]
    with os.scandir(source) as entries:
        for entry in entries:
            copy = f"{target}/{entry.name}"
            if entry.is_symlink():
                _copy_link(entry.path, copy)
            elif not entry.is_dir(follow_symlinks=False):
                place(entry.path, copy)
            elif depth > 0:
                trunk += _double_trunk(entry.path, copy, place, depth - 1, branches)
            else:
                branches.append((entry.path, copy))
    return trunk


def _double(source: str, target: str, place: _Place, linked: _Place | None = None, skip: Collection[str] = ()) -> None:
    """Fill a new directory, using `linked` for what is below the objects of a git repository."""
    os.mkdir(target, 0o700)
    with os.scandir(source) as entries:
        for entry in entries:
            if entry.name in skip:
                continue
            copy = f"{target}/{entry.name}"
            if entry.is_symlink():
                _copy_link(entry.path, copy)
            elif not entry.is_dir(follow_symlinks=False):
                place(entry.path, copy)
            elif linked is not None and entry.name == "objects" and _is_git_directory(source):
                _double(entry.path, copy, linked)
            else:
                _double(entry.path, copy, place, linked)
    _keep_directory(source, target)


def _copy_link(source: str, target: str) -> None:
    directory = sys.platform == "win32" and os.path.isdir(source)
    os.symlink(os.readlink(source), target, target_is_directory=directory)


def _keep_directory(source: str, target: str) -> None:
    """Mode and times, set last: a directory may be read-only, and filling it changes its time."""
    known = os.stat(source)
    os.chmod(target, stat.S_IMODE(known.st_mode))
    os.utime(target, ns=(known.st_atime_ns, known.st_mtime_ns))


def _is_git_directory(path: str) -> bool:
    return os.path.isfile(f"{path}/HEAD") and os.path.isdir(f"{path}/refs")


class _Linker:
    """Links files, and copies those that cannot be linked."""

    def __init__(self, copier: "_Copier") -> None:
        self._copier = copier

    def place(self, source: str, target: str) -> None:
        try:
            os.link(source, target)
        except OSError as error:
            if error.errno not in _NOT_LINKABLE:
                raise
            self._copier.place(source, target)


class _Copier:
    """Copies files, sharing blocks on file systems that can; remembers the devices that cannot."""

    def __init__(self) -> None:
        self._without_clones: set[int] = set()

    def place(self, source: str, target: str) -> None:
        known = os.lstat(source)
        if not stat.S_ISREG(known.st_mode):
            os.link(source, target)  # Sockets, pipes and devices have no content of their own to copy.
            return
        if not self._clone(source, target, known.st_dev):
            shutil.copyfile(source, target)
        shutil.copystat(source, target)

    def _clone(self, source: str, target: str, device: int) -> bool:
        if sys.platform != "linux" or device in self._without_clones:
            return False
        with open(source, "rb") as original, open(target, "xb") as copy:
            try:
                fcntl.ioctl(copy.fileno(), _FICLONE, original.fileno())
            except OSError as error:
                if error.errno in _REAL_TROUBLE:
                    raise
                self._without_clones.add(device)
                return False
        return True
