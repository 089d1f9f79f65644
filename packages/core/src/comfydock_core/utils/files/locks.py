"""Locks of scopes, between processes.

`acquire` waits if wanted, leaves a note of who holds the lock for the others' message, and works on file systems that
have no locks by an exclusively made file instead.
"""

import contextlib
import errno
import json
import os
import secrets
import socket
import sys
import time
from collections.abc import Iterator
from datetime import datetime

from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.exceptions import ScopeBusy
from comfydock_core.records import record
from comfydock_core.utils import processes
from comfydock_core.utils.faults import fault
from comfydock_core.utils.files import file_locks
from comfydock_core.utils.waiting import Waiting

_POLL_SECONDS = 0.05
_OWNER = ".owner"  # The end of the name of an exclusively made file.
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
_NOTE_BYTES = 64 * 1024  # More is not a note of ours.
_PID_LIMIT = 2**31
_WORDS_SHOWN = 200


_ours: set[int] = set()  # Descriptors of the locks that `acquire` holds.


def _close_in_child() -> None:
    """A forked child has its parent's descriptors, and a lock lasts until all copies are closed: let go of them."""
    while _ours:
        os.close(_ours.pop())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)


@record
class Owner:
    """Who holds a lock, as it noted it itself. `start` is the start of that process in the system's own ticks."""

    pid: int
    host: str
    boot: str
    start: str
    since: str
    words: str
    namespace: str = ""

    @classmethod
    def this_process(cls, words: str) -> "Owner":
        pid = os.getpid()
        return cls(
            pid=pid,
            host=socket.gethostname(),
            boot=processes.boot_id(),
            start=processes.start_of(pid) or "",
            since=datetime.now().isoformat(timespec="seconds"),
            words=words,
            namespace=processes.pid_namespace(),
        )

    @classmethod
    def read(cls, path: str) -> "Owner | None":
        """The note in a lock file; `None` when there is none that can be understood."""
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                noted = json.loads(file.read(_NOTE_BYTES) or "null")
            owner = cls(**noted) if isinstance(noted, dict) else None
        except (OSError, ValueError, TypeError, RecursionError):
            return None
        return owner if owner is not None and owner._is_sound else None

    def note(self) -> bytes:
        return json.dumps({name: getattr(self, name) for name in self.__match_args__}).encode() + b"\n"

    @property
    def is_gone(self) -> bool:
        """Whether that process certainly lives no more: only to be known of this machine and this view of it."""
        if self.host != socket.gethostname():
            return False
        if self.boot != processes.boot_id():
            return True
        return self.namespace == processes.pid_namespace() and not processes.is_alive(self.pid, self.start)

    @property
    def _is_sound(self) -> bool:
        texts = [getattr(self, name) for name in self.__match_args__ if name != "pid"]
        return type(self.pid) is int and 0 < self.pid < _PID_LIMIT and all(isinstance(text, str) for text in texts)

    def __str__(self) -> str:
        return f"`{self.words}` (process {self.pid} on {self.host}, since {self.since})"


@contextlib.contextmanager
def acquire(path: str, what: str, words: str, *, wait: float = 0.0, state: str = "being changed") -> Iterator[None]:
    """Hold the lock `path` while inside. `what` names what is locked, `words` the command for others' messages.

    Who is waited for is reported after a while. Raises `ScopeBusy` with the owner when it is not free within `wait`
    seconds, and `OSError`.
    """
    waiting = Waiting(lambda: f"{holder(path) or 'another command'}: {what} is {state}")
    with contextlib.ExitStack() as held:
        while not _try(held, path, words):
            left = wait - waiting.seconds
            if left <= 0:
                raise _busy(path, f"{what} is {state}")
            time.sleep(min(_POLL_SECONDS, left))
            waiting.look()
        yield


def is_free(path: str) -> bool:
    """Whether nobody holds the lock `path`, as far as that is seen without trying to. Raises `OSError`."""
    owner = Owner.read(f"{path}{_OWNER}")
    return file_locks.is_free(path) and (owner is None or owner.is_gone)


def words_of_this_process() -> str:
    """The command line of this process for others' messages, without logins."""
    program, *words = sys.argv or [""]
    return " ".join([os.path.basename(program), *map(without_credentials, words)])


def _try(held: contextlib.ExitStack, path: str, words: str) -> bool:
    """One attempt; the stack lets the lock go when it is closed."""
    fault("lock")
    try:
        descriptor = file_locks.take(path)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return _try_exclusive_file(held, f"{path}{_OWNER}", words)
    if descriptor is None:
        return False
    _ours.add(descriptor)
    if not file_locks.is_at(descriptor, path):  # The directory was renamed or removed while we opened the file.
        _let_go(descriptor)
        return _try(held, path, words)
    held.callback(_let_go, descriptor)
    held.callback(_forget_note, descriptor)
    _leave_note(descriptor, words)
    return True


def _leave_note(descriptor: int, words: str) -> None:
    with contextlib.suppress(OSError):  # The note is for messages only: a full disk must not keep from locking.
        os.ftruncate(descriptor, 0)
        os.write(descriptor, Owner.this_process(words).note())


def _forget_note(descriptor: int) -> None:
    """Or whoever finds the lock held by somebody without a note would name us."""
    if descriptor in _ours:
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)


def _let_go(descriptor: int) -> None:
    if descriptor in _ours:  # Otherwise this is a forked child, and has none.
        _ours.discard(descriptor)
        os.close(descriptor)


def _try_exclusive_file(held: contextlib.ExitStack, path: str, words: str) -> bool:
    """For file systems without locks: a file that only one can make, removed when done."""
    _remove_abandoned(path)
    if not _make_exclusively(path, words):
        return False
    held.callback(_unlink_own, path, os.getpid())
    return True


def _remove_abandoned(path: str) -> None:
    """Remove the file of an owner that is certainly gone; one process at a time, or two could both come to own it.

    Who does that holds a second file meanwhile, which is abandoned in its turn by a death in between.
    """
    owner = Owner.read(path)
    if owner is None or not owner.is_gone:
        return
    second = f"{path}.taking-over"
    _remove_abandoned(second)
    if not _make_exclusively(second, owner.words):
        return
    try:
        if Owner.read(path) == owner:
            fault("take over")
            _unlink_if_there(path)
    finally:
        _unlink_if_there(second)


def _make_exclusively(path: str, words: str) -> bool:
    """Make the file with its note in it, so that nobody ever sees it without; `False` when there is one."""
    temporary = f"{path}.{secrets.token_hex(8)}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        with open(descriptor, "wb") as file:
            file.write(Owner.this_process(words).note())
        return _link(temporary, path)
    finally:
        _unlink_if_there(temporary)


def _link(temporary: str, path: str) -> bool:
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _copy_exclusively(temporary, path)
    return True


def _copy_exclusively(source: str, path: str) -> bool:
    """Where there are no hard links either: a moment without a note remains, and who dies in it has to be removed."""
    with open(source, "rb") as file:
        note = file.read()
    try:
        with open(path, "xb") as file:
            file.write(note)
    except FileExistsError:
        return False
    return True


def _unlink_own(path: str, pid: int) -> None:
    if os.getpid() == pid:  # Not in a forked child.
        _unlink_if_there(path)


def _unlink_if_there(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def holder(path: str) -> str | None:
    """Who holds a lock, in words: who left the note, or else whoever the system says has the file locked."""
    owner = Owner.read(f"{path}{_OWNER}") or _noted(path)
    if owner is not None:
        return str(owner)
    for pid in processes.lock_holders(path):
        words = " ".join(map(without_credentials, processes.command_of(pid)))
        return f"process {pid} (`{words[:_WORDS_SHOWN]}`)" if words else f"process {pid}"
    return None


def _busy(path: str, what: str) -> ScopeBusy:
    owner = Owner.read(f"{path}{_OWNER}") or _noted(path)
    hint = "run the command again when that is done, or wait for it with `--wait SECONDS`"
    if os.path.lexists(f"{path}{_OWNER}"):  # A file outlives its maker, who cannot be asked from here.
        hint += f"; if that process no longer exists, remove `{path}{_OWNER}`"
    noted = None if owner is None else {name: getattr(owner, name) for name in ("pid", "host", "words", "since")}
    by = holder(path)
    return ScopeBusy(f"{what}{f' by {by}' if by else ''}", hint=hint, context={"lock": path, "owner": noted})


def _noted(path: str) -> Owner | None:
    """Who left a note, unless that was an earlier holder, who died without taking it away."""
    owner = Owner.read(path)
    return None if owner is None or owner.is_gone else owner
