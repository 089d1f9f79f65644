"""The locks of workflows in an environment's definition: `.cec/workflow-locks/NAME.json`, sub-folders kept."""

import json
import os

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.exceptions import WorkflowLockDamaged
from comfydock_core.models.workflow.lock import WorkflowLock
from comfydock_core.models.workflow.lock_text import LockInvalid, LockNewer, lock_of
from comfydock_core.utils.files.disk_errors import disk_errors

DIRECTORY = ".cec/workflow-locks"
_LARGEST = 64 * 1024 * 1024


class WorkflowLocks:
    """The locks of one environment."""

    def __init__(self, environment: EnvironmentLayout) -> None:
        self._root = environment.root

    def place(self, name: str) -> str:
        """Where the lock of a workflow lies, below the environment."""
        return f"{DIRECTORY}/{name}.json"

    def path(self, name: str) -> str:
        return f"{self._root}/{self.place(name)}"

    def has(self, name: str) -> bool:
        """Whether a workflow has a lock, one that can be used or not. Raises `FileSystemError`."""
        path = self.path(name)
        with disk_errors(f"look at `{path}`"):
            try:
                os.stat(path)
            except (FileNotFoundError, NotADirectoryError):
                return False
        return True

    def content(self, name: str) -> bytes | None:
        """The lock as it is, `None` when there is none. Raises `WorkflowLockDamaged`, `FileSystemError`."""
        path = self.path(name)
        with disk_errors(f"read `{path}`"):
            try:
                with open(path, "rb") as file:
                    size = os.fstat(file.fileno()).st_size
                    content = file.read(_LARGEST + 1)
            except (FileNotFoundError, NotADirectoryError):
                return None
        if max(size, len(content)) > _LARGEST:
            raise _damaged(path, "it is too large")
        return content

    def read(self, name: str) -> WorkflowLock | None:
        """The lock of a workflow. Raises `WorkflowLockDamaged`, also for one of a newer ComfyDock."""
        content = self.content(name)
        if content is None:
            return None
        try:
            return lock_of(json.loads(content.decode("utf-8")))
        except LockNewer as error:
            raise _newer(self.path(name), error) from error
        except LockInvalid as error:
            raise _damaged(self.path(name), str(error)) from error
        except (ValueError, RecursionError) as error:
            raise _damaged(self.path(name), f"it is not JSON: {error}") from error


def _damaged(path: str, reason: str) -> WorkflowLockDamaged:
    return WorkflowLockDamaged(
        f"the lock `{path}` cannot be used: {reason}",
        hint="restore the file from the environment's history, or remove it and lock the workflow again",
        context={"path": path, "reason": reason},
    )


def _newer(path: str, error: LockNewer) -> WorkflowLockDamaged:
    return WorkflowLockDamaged(
        f"the lock `{path}` cannot be used: {error}",
        hint="use that version, or `comfydock self update`",
        context={"path": path, "reason": str(error)},
    )
