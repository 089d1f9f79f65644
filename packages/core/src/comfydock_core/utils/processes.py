"""What the system tells of processes: whether the one that left a note is the one that has its number now.

Linux tells it in `/proc`; elsewhere only whether a process of that number exists.
"""

import os


def boot_id() -> str:
    """A text that changes with every start of the machine; empty where the system has none."""
    return _text("/proc/sys/kernel/random/boot_id") or ""


def start_of(pid: int) -> str | None:
    """When the process was started, in the system's own ticks; `None` when there is no such process."""
    stat = _text(f"/proc/{pid}/stat")
    if stat is not None:
        return stat.rpartition(")")[2].split()[19]
    if os.path.isdir("/proc/self"):
        return None
    return "" if _exists(pid) else None


def pid_namespace() -> str:
    """The view of processes that this process has: containers on one machine number theirs apart."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _exists(pid: int) -> bool:
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
