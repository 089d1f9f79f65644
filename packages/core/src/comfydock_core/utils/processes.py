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


def _exists(pid: int) -> bool:
    if sys.platform == "win32":  # Signal 0 is Ctrl-C there.
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
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
