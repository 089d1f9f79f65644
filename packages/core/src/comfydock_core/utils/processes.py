"""What the system tells of processes: whether the one that left a note is the one that has its number now.

Linux tells it in `/proc`; elsewhere only whether a process of that number exists.
"""

import os
import sys

_ENDED = "ZX"


def boot_id() -> str:
    """A text that changes with every start of the machine; empty where the system has none."""
    return _text("/proc/sys/kernel/random/boot_id") or ""


def start_of(pid: int) -> str | None:
    """When the process was started, in the system's own ticks.

    `None` when there is no such process, or one that ended and waits for its parent; empty where it cannot be known.
    """
    stat = _text(f"/proc/{pid}/stat")
    if stat is None:  # No `/proc`, or one that hides the processes of others.
        return "" if _exists(pid) else None
    state, *values = stat.rpartition(")")[2].split()
    return None if state in _ENDED else values[18]


def is_alive(pid: int, start: str) -> bool:
    """Whether the process of that number and that start lives; where the start is not known the number has to do."""
    found = start_of(pid)
    return found is not None and (found == start or not found or not start)


def pid_namespace() -> str:
    """The view of processes that this process has: containers on one machine number theirs apart."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def lock_holders(path: str) -> list[int]:
    """The processes that hold a lock on a file, which may have it from a parent that is gone; as far as we may see."""
    try:
        wanted = os.stat(path)
        numbers = [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    except OSError:
        return []
    return [pid for pid in sorted(numbers) if pid != os.getpid() and _holds(pid, wanted)]


def _holds(pid: int, wanted: os.stat_result) -> bool:
    try:
        opened = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return False
    return any(_locks(pid, name, wanted) for name in opened)


def _locks(pid: int, descriptor: str, wanted: os.stat_result) -> bool:
    """Whether an open file is the wanted one, with a lock. Who waits for one has the file open as well, without."""
    try:
        is_wanted = os.path.samestat(os.stat(f"/proc/{pid}/fd/{descriptor}"), wanted)
    except OSError:
        return False
    return is_wanted and "\nlock:" in (_text(f"/proc/{pid}/fdinfo/{descriptor}") or "")


def command_of(pid: int) -> list[str]:
    """The words that a process was started with; none where they cannot be known."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read().split(b"\0")
    except OSError:
        return []
    return [word.decode("utf-8", "replace") for word in words if word]


def _exists(pid: int) -> bool:
    if sys.platform == "win32":  # Signal 0 is Ctrl-C there.
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):  # A number that is too large for any.
        return False
    except PermissionError:
        return True
    return True


def _text(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return None
