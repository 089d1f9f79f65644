"""Git's own lock of its index: whoever holds it keeps every other git from changing what the next commit holds."""

import contextlib
import os
import time
from collections.abc import Iterator

from comfydock_core.models.exceptions import RepositoryBusy
from comfydock_core.utils.faults import fault
from comfydock_core.utils.files.renames import rename_to_new
from comfydock_core.utils.waiting import Waiting

OURS = b"comfydock "  # What a lock that we hold begins with.
_PATIENCE_SECONDS = 3.0  # What a person does with git in a definition takes hundredths.
_POLL_SECONDS = 0.05


def is_index(path: str) -> bool:
    """Whether this is the name of a repository's index."""
    return path.endswith("/.git/index")


def wait_for_index(index: str, seconds: float = _PATIENCE_SECONDS) -> None:
    """Return as soon as no git holds the lock. Raises `RepositoryBusy`, naming it."""
    lock = _lock(index)
    waiting = Waiting(lambda: f"git, which holds `{lock}`")
    while os.path.lexists(lock):
        if waiting.seconds > seconds:
            raise _busy(lock)
        time.sleep(min(_POLL_SECONDS, waiting.look()))


@contextlib.contextmanager
def index_locked(index: str, owner: str, scratch: str) -> Iterator[None]:
    """Hold the lock while inside. It says whose it is from its first moment: what a stopped `owner` left is taken over.

    `scratch` is a directory on the same file system. Raises `RepositoryBusy`, `OSError`.
    """
    lock, words = _lock(index), OURS + f"{owner}\n".encode()
    if not _is_of(lock, words):
        _take(lock, words, scratch)
    try:
        fault("index locked")
        yield
    finally:
        os.unlink(lock)
        fault("index unlocked")


def _take(lock: str, words: bytes, scratch: str) -> None:
    os.makedirs(scratch, exist_ok=True)
    made = f"{scratch}/index.lock"
    with open(made, "wb") as file:
        file.write(words)
    while True:
        wait_for_index(lock.removesuffix(".lock"))
        with contextlib.suppress(FileExistsError):
            rename_to_new(made, lock)
            return


def _is_of(lock: str, words: bytes) -> bool:
    try:
        with open(lock, "rb") as file:
            return file.read(len(words) + 1) == words
    except FileNotFoundError:
        return False


def _lock(index: str) -> str:
    return f"{index}.lock"


def _busy(lock: str) -> RepositoryBusy:
    return RepositoryBusy(
        f"git holds `{lock}`",
        hint="wait until it has finished; when no git is running there, it was killed: remove that file",
        context={"path": lock},
    )
