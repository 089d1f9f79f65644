"""Doubling directory trees: by hard links, or as real copies. Links are never followed."""

import contextlib
import errno
import os
import shutil
import stat
import sys
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from comfydock_core.utils.at_once import work_off

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

# How many directories are filled at once. The work is the kernel's, so more than the processors only wait for them; a
# single one can still do something while the other waits for the disk.
_AT_ONCE = min(max(os.cpu_count() or 1, 2), 8)

# Where the system can, names are given below open directories: walking down both long paths again for each of them is a
# fifth of the time.
_BELOW_DESCRIPTORS = {os.link, os.mkdir, os.symlink, os.readlink} <= os.supports_dir_fd and os.scandir in os.supports_fd

_Place = Callable[["_Pair", str], None]


def link_tree(source: str, target: str) -> None:
    """Make `target` a tree of the same files: directories anew, files as hard links, symbolic links as they are.

    A file that cannot be linked is copied. `target` must not exist. Raises `OSError`, and then a part may be left.
    """
    doubles = Doubles()
    doubles.link(source, target)
    doubles.make()


def link_file(source: str, target: str) -> None:
    """Make `target` the same file, or a copy where that cannot be, or a link like it. Raises `OSError`."""
    if os.path.islink(source):
        _copy_link(source, target)
    else:
        try:
            os.link(source, target)
        except OSError as error:
            _Copier().copy_instead(error, source, target)


def copy_tree(source: str, target: str, *, skip: Collection[str] = ()) -> None:
    """Make `target` a copy of its own, with modes and times; `skip` are names directly below `source` to leave out.

    File systems that can are asked to share the blocks. The objects of git repositories are linked: git replaces such
    files and never writes into them, it only renews their times. `target` must not exist. Raises `OSError`, and then a
    part may be left.
    """
    doubles = Doubles()
    doubles.copy(source, target, skip=skip)
    doubles.make()


class Doubles:
    """Several trees to be doubled at once: nearly all of the time is the file system's, so that they share it well."""

    def __init__(self) -> None:
        copier = _Copier()
        self._copy = copier.place
        self._link = _Linker(copier).place
        self._trees: list[_Branch] = []

    def link(self, source: str, target: str) -> None:
        """Wish for what `link_tree` does."""
        self._trees.append(_Branch(source, target, self._link, self._link))

    def copy(self, source: str, target: str, *, skip: Collection[str] = ()) -> None:
        """Wish for what `copy_tree` does."""
        self._trees.append(_Branch(source, target, self._copy, self._link, skip))

    def make(self) -> None:
        """Double everything that was wished for. Raises `OSError`, and then parts may be left."""
        for tree in self._trees:
            os.mkdir(tree.target, 0o700)
        work_off(self._trees, _Branch.fill, threads=_AT_ONCE)


class _Branch(NamedTuple):
    """A directory and its double, which is there and empty."""

    source: str
    target: str
    place: _Place
    place_object: _Place  # For what lies below the objects of a git repository.
    skip: Collection[str] = ()

    def fill(self) -> "list[_Branch]":
        """Double everything in it but for what lies deeper, which is returned."""
        deeper: list[_Branch] = []
        with _opened(self.source, self.target) as pair, os.scandir(pair.original) as entries:
            for entry in entries:
                name = entry.name
                if name in self.skip:
                    continue
                if entry.is_symlink():
                    pair.copy_link(name)
                elif entry.is_dir(follow_symlinks=False):
                    os.mkdir(pair.new(name), 0o700, dir_fd=pair.there)
                    deeper.append(self._below(name))
                else:
                    self.place(pair, name)
            pair.keep_directory()
        return deeper

    def _below(self, name: str) -> "_Branch":
        of_git = name == "objects" and self.place is not self.place_object and _is_git_directory(self.source)
        place = self.place_object if of_git else self.place
        return _Branch(f"{self.source}/{name}", f"{self.target}/{name}", place, self.place_object)


class _Pair:
    """A directory and its double, open where the system can name what is in them by that."""

    __slots__ = ("double", "here", "original", "source", "target", "there")

    def __init__(self, source: str, target: str, here: int | None = None, there: int | None = None) -> None:
        self.source = source
        self.target = target
        self.here = here
        self.there = there
        self.original: str | int = source if here is None else here
        self.double: str | int = target if there is None else there

    def old(self, name: str) -> str:
        """What is doubled, to be named together with `here`."""
        return f"{self.source}/{name}" if self.here is None else name

    def new(self, name: str) -> str:
        """Its double, to be named together with `there`."""
        return f"{self.target}/{name}" if self.there is None else name

    def copy_link(self, name: str) -> None:
        if sys.platform == "win32":
            _copy_link(f"{self.source}/{name}", f"{self.target}/{name}")
        else:
            os.symlink(os.readlink(self.old(name), dir_fd=self.here), self.new(name), dir_fd=self.there)

    def keep_directory(self) -> None:
        """Mode and times, set when it has all its names: it may be read-only, and every name changes its time."""
        known = os.stat(self.original)
        os.chmod(self.double, stat.S_IMODE(known.st_mode))
        os.utime(self.double, ns=(known.st_atime_ns, known.st_mtime_ns))


@contextlib.contextmanager
def _opened(source: str, target: str) -> Iterator[_Pair]:
    if not _BELOW_DESCRIPTORS:
        yield _Pair(source, target)
        return
    here = os.open(source, os.O_RDONLY | os.O_DIRECTORY)
    try:
        there = os.open(target, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield _Pair(source, target, here, there)
        finally:
            os.close(there)
    except OSError as error:
        # Whoever reads it knows nothing of open directories.
        if isinstance(error.filename, str):
            error.filename = os.path.join(target, error.filename)
        elif error.filename is not None:
            error.filename = target
        raise
    finally:
        os.close(here)


def _copy_link(source: str, target: str) -> None:
    directory = sys.platform == "win32" and os.path.isdir(source)
    os.symlink(os.readlink(source), target, target_is_directory=directory)


def _is_git_directory(path: str) -> bool:
    return os.path.isfile(f"{path}/HEAD") and os.path.isdir(f"{path}/refs")


class _Linker:
    """Links files, and copies those that cannot be linked."""

    def __init__(self, copier: "_Copier") -> None:
        self._copier = copier

    def place(self, pair: _Pair, name: str) -> None:
        try:
            os.link(pair.old(name), pair.new(name), src_dir_fd=pair.here, dst_dir_fd=pair.there)
        except OSError as error:
            self._copier.copy_instead(error, f"{pair.source}/{name}", f"{pair.target}/{name}")


class _Copier:
    """Copies files, sharing blocks on file systems that can; remembers the devices that cannot."""

    def __init__(self) -> None:
        self._without_clones: set[int] = set()

    def place(self, pair: _Pair, name: str) -> None:
        self.copy(f"{pair.source}/{name}", f"{pair.target}/{name}")

    def copy_instead(self, error: OSError, source: str, target: str) -> None:
        """Copy what could not be linked; raises the error where that would be no help."""
        if error.errno not in _NOT_LINKABLE:
            raise error
        self.copy(source, target)

    def copy(self, source: str, target: str) -> None:
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
