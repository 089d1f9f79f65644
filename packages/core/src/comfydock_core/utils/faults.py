"""Named points in the course of a change, where tests stop the program or let the disk fail.

`COMFYDOCK_FAULT=kill:17` acts at the seventeenth point that is passed; the actions are `kill` (SIGKILL, as a power cut
for this process), `stop` (SIGSTOP, so that others come first), `raise` (Ctrl-C), `enospc` and `eio`.
`COMFYDOCK_FAULT_LOG` names a file that gets one line a point, by which a dry pass counts them. Without either a point
costs a comparison.
"""

import errno
import os
import signal

_ERRORS = {"enospc": errno.ENOSPC, "eio": errno.EIO}
_SIGNALS = {"kill": "SIGKILL", "stop": "SIGSTOP"}


class _Faults:
    """What is to happen, and how many points were passed so far."""

    __slots__ = ("action", "at", "log", "passed")

    def __init__(self, wish: str = "", log: str = "") -> None:
        self.action, _, at = wish.partition(":")
        self.at = int(at) if at else 0
        self.log = log
        self.passed = 0


_faults = _Faults(os.environ.get("COMFYDOCK_FAULT", ""), os.environ.get("COMFYDOCK_FAULT_LOG", ""))


def arm(wish: str, log: str = "") -> None:
    """Count from now on, and act as `wish` says (`raise:3`); an empty wish acts never."""
    _faults.__init__(wish, log)  # type: ignore[misc]


def passed() -> int:
    """How many points were passed since `arm`."""
    return _faults.passed


def fault(name: str) -> None:
    """A point that a test may choose. Raises `KeyboardInterrupt` or `OSError` when it did, or ends the process."""
    _faults.passed += 1
    if _faults.log:
        with open(_faults.log, "a", encoding="utf-8") as file:
            file.write(f"{name}\n")
    if _faults.at != _faults.passed:
        return
    if _faults.action in _SIGNALS:
        os.kill(os.getpid(), signal.Signals[_SIGNALS[_faults.action]])
        return
    if _faults.action == "raise":
        raise KeyboardInterrupt(name)
    number = _ERRORS[_faults.action]
    raise OSError(number, os.strerror(number), name)
