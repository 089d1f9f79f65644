"""Waiting for somebody else: told after some seconds, and never without an end.

Whoever runs a command hears of it, and decides how long other commands are waited for. Like the handlers of signals
that is a matter of the whole process, and what waits lies deep: it is reported here once, not through every call.
"""

import time
from collections.abc import Callable

TOLD_AFTER_SECONDS = 5.0
# A command that fetches a large repository over a slow line holds its place in a cache that long, and not much longer.
_PATIENCE_SECONDS = 900.0


class _Manners:
    """How this process waits."""

    hear: Callable[[str], None] | None = None
    patience: float | None = None
    told_after: float = TOLD_AFTER_SECONDS

    def __init__(self) -> None:
        self.told: set[str] = set()


_manners = _Manners()


def told_to(
    hear: Callable[[str], None] | None, *, patience: float | None = None, told_after: float = TOLD_AFTER_SECONDS
) -> None:
    """From now on `hear` gets a sentence about everything that is waited for longer than `told_after` seconds.

    It is called from the thread that waits. `patience` are the seconds that other commands are waited for where waiting
    is usual; `None` leaves the usual time.
    """
    _manners.hear, _manners.patience, _manners.told_after = hear, patience, told_after
    _manners.told.clear()


def patience() -> float:
    """How many seconds another command that uses the same cache is waited for."""
    return _PATIENCE_SECONDS if _manners.patience is None else _manners.patience


class Waiting:
    """One wait, from now on. `whom` tells in words what is waited for, once it has to be reported."""

    def __init__(self, whom: Callable[[], str]) -> None:
        self._whom = whom
        self._began = time.monotonic()
        self._told = _manners.hear is None

    @property
    def seconds(self) -> float:
        """How long it has lasted."""
        return time.monotonic() - self._began

    def look(self) -> float:
        """Tell of the wait when it is time to, once; the seconds until it is worth looking again."""
        left = _manners.told_after - self.seconds
        if left > 0:
            return left
        if not self._told and _manners.hear is not None:
            self._told = True
            self._tell(_manners.hear)
        return _manners.told_after

    def _tell(self, hear: Callable[[str], None]) -> None:
        """The same is reported once: many questions to one server are one matter for whoever waits."""
        words = f"waiting for {self._whom()}"
        if words not in _manners.told:
            _manners.told.add(words)
            hear(words)
