"""What `delete` is going to take away."""

from comfydock_core.models.operation import ChangePlan
from comfydock_core.records import record


@record
class DeletionPlan:
    """One environment and all that goes with it. Links inside it go too, never what they lead to.

    `bytes` is what it takes on the disk, `freed` what removing it for good would free: hard-linked files, as most
    packages are, belong to others too.
    """

    name: str
    path: str
    bytes: int
    freed: int
    files: int
    active: bool
    purge: bool
    change: ChangePlan
