"""What locking workflows is going to do."""

from comfydock_core.models.operation import ChangePlan
from comfydock_core.models.workflow.lock import WorkflowLock
from comfydock_core.records import record

NEW, CHANGED, SAME = "new", "changed", "same"


@record
class PlannedLock:
    """The lock of one workflow: whether its file is `new`, `changed` or the `same`, and what could not be locked.

    `unread` are files whose digests are not known, because nothing was to be read. `embeds` says that the workflow's
    own file gets it, too.
    """

    lock: WorkflowLock
    path: str
    state: str
    embeds: bool = False
    unread: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[tuple[str, str, str], ...]:
        return tuple(self.lock.problems())

    @property
    def writes(self) -> bool:
        return self.state != SAME or self.embeds


@record
class LockPlan:
    """Several locks that are written together. `contents` are the new files by their path below the environment.

    `change` is `None` when everything is as it was.
    """

    environment: str
    locks: tuple[PlannedLock, ...]
    contents: dict[str, bytes]
    change: ChangePlan | None

    @property
    def is_complete(self) -> bool:
        return not any(one.problems for one in self.locks)
