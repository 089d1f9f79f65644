"""Lock files that git leaves when it is killed or the power is cut: every later change of the reference fails then."""

import contextlib
import os
import time

from comfydock_core.integrations.git import runner

_MOMENT = 1.0  # Seconds; moving a reference takes a few thousandths.
_LONG_AGO = 60.0
_POLL_SECONDS = 0.05


def remove_left_locks(worktree: str, name: str, new: str | None) -> None:
    """Remove what a stopped move of the reference `name` to `new` left; the caller knows that one was stopped.

    A lock that may be a living git's is waited for a moment, and left alone. Raises `OSError`.
    """
    for path in _lock_files(worktree, name):
        if _is_left(path, new):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)


def _lock_files(worktree: str, name: str) -> list[str]:
    """The locks of the reference, of `HEAD`, which git takes too when `HEAD` leads there, and of packed references."""
    asked = ["rev-parse"]
    for lock in dict.fromkeys((f"{name}.lock", "HEAD.lock", "packed-refs.lock")):
        asked += ["--git-path", lock]
    answer = runner.ask(asked, cwd=worktree)
    places = answer.output.splitlines() if answer.returncode == 0 else []
    return [os.path.join(worktree, place) for place in places]


def _is_left(path: str, new: str | None) -> bool:
    try:
        found = os.lstat(path)
        if _vanishes(path, found.st_mtime):
            return False
        with open(path, "rb") as file:
            content = file.read(100).strip()
    except FileNotFoundError:
        return False
    return content in (b"", (new or "").encode()) or time.time() - found.st_mtime > _LONG_AGO


def _vanishes(path: str, made: float) -> bool:
    """Whether the lock goes away by itself, within a moment after it was made."""
    left = min(_MOMENT, made + _MOMENT - time.time())
    while os.path.lexists(path):
        if left <= 0:
            return False
        time.sleep(_POLL_SECONDS)
        left -= _POLL_SECONDS
    return True
