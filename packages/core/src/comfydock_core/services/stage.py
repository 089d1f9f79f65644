"""Building a directory aside and putting it in place by one rename.

A stage is `.create-<name>-<hex>` beside the final place. Its lock file is held by the process that builds and by every
child of it; a stage whose lock is free belongs to nobody alive, and the next `create` or `delete` removes it.
"""

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator

from comfydock_core.integrations import process
from comfydock_core.models.exceptions import EnvironmentExists
from comfydock_core.models.protocols import Reporter
from comfydock_core.utils import atomic, interruption, locks
from comfydock_core.utils.filesystem import remove_tree

_CREATE = ".create-"
_DELETED = ".deleted-"
_LOCK = "lock"
_CONTENT = "environment"
_ATTEMPTS = 10


class Stage:
    """One directory under construction."""

    def __init__(self, directory: str, lock: int) -> None:
        self._directory = directory
        self._lock = lock

    @property
    def content(self) -> str:
        """Where the new directory is built; it exists."""
        return f"{self._directory}/{_CONTENT}"

    @property
    def lock(self) -> int:
        """The descriptor of the held lock."""
        return self._lock

    def publish(self, place: str) -> None:
        """Put the finished directory at `place`, all at once. Raises `EnvironmentExists` when something is there."""
        try:
            os.rename(self.content, place)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                raise
            raise EnvironmentExists(f"`{place}` came into being meanwhile", context={"path": place}) from error
        atomic.sync_directory(os.path.dirname(place))

    def withdraw(self, place: str) -> None:
        """Take a published directory back."""
        os.rename(place, self.content)

    def discard(self) -> OSError | None:
        """Remove the stage and what is in it; returns what hindered that. The next command tries again."""
        try:
            remove_tree(self._directory)
        except OSError as error:
            return error
        finally:
            os.close(self._lock)
        return None


@contextlib.contextmanager
def stage(parent: str, name: str) -> Iterator[Stage]:
    """A stage that is gone when the block ends, however it ends."""
    staged = None
    try:
        with interruption.deferred():
            staged = _open(parent, name)
        with process.inherited(staged.lock):
            yield staged
    except BaseException as error:
        hindrance = staged.discard() if staged is not None else None
        if hindrance is not None:
            error.add_note(f"what was built is left in `{parent}` until the next `create`: {hindrance}")
        raise
    else:
        staged.discard()  # Only an empty shell: if it cannot be removed now, it will be next time.


def remove_leftovers(parent: str, reporter: Reporter) -> None:
    """Remove stages whose builder died and deleted environments that could not be removed at once."""
    for name in sorted(os.listdir(parent)):
        path = f"{parent}/{name}"
        if name.startswith((_CREATE, _DELETED)) and not os.path.islink(path) and os.path.isdir(path):
            _remove_leftover(path, reporter)


def set_aside(path: str) -> str:
    """Rename a directory so that its name is free at once; returns where it is now. Raises `OSError`."""
    parent, _, name = path.rpartition("/")
    aside = f"{parent}/{_DELETED}{name}-{secrets.token_hex(4)}"
    os.rename(path, aside)
    atomic.sync_directory(parent)
    return aside


def _open(parent: str, name: str) -> Stage:
    """Make the directory and take its lock; another process that tidies up may be faster, then once more."""
    for _ in range(_ATTEMPTS):
        directory = f"{parent}/{_CREATE}{name}-{secrets.token_hex(4)}"
        os.mkdir(directory)
        with contextlib.suppress(FileNotFoundError):
            lock = locks.take(f"{directory}/{_LOCK}")
            if lock is not None and _is_at(lock, f"{directory}/{_LOCK}"):
                os.mkdir(f"{directory}/{_CONTENT}")
                return Stage(directory, lock)
    raise OSError(errno.EBUSY, "cannot lock a new directory", parent)


def _is_at(descriptor: int, path: str) -> bool:
    return os.path.samestat(os.fstat(descriptor), os.stat(path))


def _remove_leftover(path: str, reporter: Reporter) -> None:
    try:
        lock = locks.take(f"{path}/{_LOCK}") if os.path.basename(path).startswith(_CREATE) else -1
        if lock is None:
            return  # Its builder is alive.
        remove_tree(path)
        if lock >= 0:
            os.close(lock)
    except OSError as error:
        reporter.warn(f"cannot remove what an earlier command left at {path}: {error}")
