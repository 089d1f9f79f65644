"""Letting other programs go first at the disk."""

import contextlib
import ctypes
import platform
import sys
from collections.abc import Iterator

# `ioprio_set` has no function in C libraries; these are its numbers as a system call (linux/syscall tables).
_SET = {"x86_64": 251, "aarch64": 30, "riscv64": 30, "ppc64le": 273}
_GET = {"x86_64": 252, "aarch64": 31, "riscv64": 31, "ppc64le": 274}
_THIS_THREAD = 1  # IOPRIO_WHO_PROCESS, with 0 as who.
_IDLE = 3 << 13


@contextlib.contextmanager
def last_at_the_disk() -> Iterator[bool]:
    """While inside, this thread reads only when nobody else wants to; says whether the system offers that.

    How much comes of it is up to the disk's scheduler.
    """
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _SET:
        yield False
        return
    call = ctypes.CDLL(None, use_errno=True).syscall
    before = call(_GET[machine], _THIS_THREAD, 0)
    offered = before >= 0 and call(_SET[machine], _THIS_THREAD, 0, _IDLE) == 0
    try:
        yield offered
    finally:
        if offered:
            call(_SET[machine], _THIS_THREAD, 0, before)
