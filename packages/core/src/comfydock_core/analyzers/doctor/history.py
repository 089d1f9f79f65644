"""The history of an environment's definition: what keeps it from being committed, and the locks of its workflows."""

import os
import shlex
import time
from collections.abc import Iterator

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.integrations.git.index_lock import OURS
from comfydock_core.integrations.git.unfinished import unfinished
from comfydock_core.models.doctor import PROBLEM, Finding
from comfydock_core.models.exceptions import WorkflowLockDamaged
from comfydock_core.repositories.workflow_files import WorkflowFiles
from comfydock_core.repositories.workflow_locks import DIRECTORY, WorkflowLocks

_LONG_AGO = 60.0  # Seconds; what git does in a definition takes hundredths.


def check_history(layout: EnvironmentLayout) -> Iterator[Finding]:
    """Whether the definition can be committed, as far as that is seen without git. Raises `OSError`."""
    name, definition = layout.name, layout.definition
    under_way = unfinished(definition)
    if under_way is not None:
        message = f"{under_way[0]} is not finished in its definition, which cannot be committed"
        fix = f"finish or abort it with `git -C {shlex.quote(definition)}`"
        yield Finding("history-unfinished", PROBLEM, message, name, fix, (under_way[1],))
    lock = f"{definition}/.git/index.lock"
    if _is_left(lock):
        message = "git's lock of its definition was left, and keeps it from being committed"
        yield Finding(
            "history-locked", PROBLEM, message, name, "when no git is running there, remove that file", (lock,)
        )


def check_workflow_locks(layout: EnvironmentLayout) -> Iterator[Finding]:
    """Whether every lock of a workflow can be read. Raises `FileSystemError`."""
    locks = WorkflowLocks(layout)
    damaged: list[str] = []
    for workflow in WorkflowFiles(f"{layout.root}/{DIRECTORY}").names():
        try:
            locks.read(workflow)
        except WorkflowLockDamaged as error:
            damaged.append(error.message)
    if damaged:
        message = f"{len(damaged)} of the locks of its workflows cannot be used"
        fix = f"`comfydock workflow lock NAME -e {layout.name}` after removing the file, or restore it from the history"
        yield Finding("workflow-lock-damaged", PROBLEM, message, layout.name, fix, tuple(damaged))


def _is_left(lock: str) -> bool:
    """Whether it is older than anything git does; the one that a stopped operation of ours left is told as that."""
    try:
        age = time.time() - os.lstat(lock).st_mtime
        with open(lock, "rb") as file:
            is_ours = file.read(len(OURS)) == OURS
    except FileNotFoundError:
        return False
    return age > _LONG_AGO and not is_ours
