"""The files among the workflows that a commit takes: everything the user keeps there, whatever it is."""

import os
import stat
from collections.abc import Iterator

from comfydock_core.records import record
from comfydock_core.utils.text import size_text

LARGEST = 32 * 1024 * 1024
_MOST = 50_000
_DEEPEST = 32


@record
class LiveWorkflows:
    """`files` are paths below the folder, sorted; `left_out` are others, each with the reason.

    Hidden names are left out, and links, because they lead elsewhere; so are files that are too large for a history.
    """

    files: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]


def look_at_workflows(folder: str) -> LiveWorkflows | None:
    """What lies in a folder of workflows, `None` when there is no such folder. Raises `OSError`."""
    if not os.path.isdir(folder):
        return None
    files: list[str] = []
    left_out: list[tuple[str, str]] = []
    for path, reason in _below(folder, "", 0):
        if reason is None and len(files) >= _MOST:
            reason = f"more than {_MOST:,} files"
        if reason is None:
            files.append(path)
        else:
            left_out.append((path, reason))
    return LiveWorkflows(tuple(sorted(files)), tuple(sorted(left_out)))


def hidden_below(folder: str) -> Iterator[str]:
    """Hidden names in a folder and in those below, which are nobody's workflows. Raises `OSError`."""
    waiting = [""] if os.path.isdir(folder) and not os.path.islink(folder) else []
    while waiting:
        place = waiting.pop()
        with os.scandir(f"{folder}/{place}") as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    yield place + entry.name
                elif entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{place}{entry.name}/")


def _below(folder: str, place: str, deep: int) -> Iterator[tuple[str, str | None]]:
    with os.scandir(f"{folder}/{place}") as found:
        entries = list(found)
    for entry in entries:
        path = place + entry.name
        if entry.is_symlink():
            yield path, "a link"
        elif entry.name.startswith("."):
            yield path, "hidden"
        elif entry.is_dir(follow_symlinks=False):
            if deep < _DEEPEST:
                yield from _below(folder, f"{path}/", deep + 1)
            else:
                yield path, f"folders nested more than {_DEEPEST} deep"
        else:
            yield path, _reason(entry.stat(follow_symlinks=False))


def _reason(found: os.stat_result) -> str | None:
    """Why a file is left out."""
    if not stat.S_ISREG(found.st_mode):
        return "no file"
    if found.st_size > LARGEST:
        return f"larger than {size_text(LARGEST)}"
    return None
