"""What `rename` is going to do."""

from comfydock_core.models.operation import ChangePlan
from comfydock_core.records import record


@record
class RenamingPlan:
    """One environment and its new name."""

    name: str
    new_name: str
    path: str
    active: bool
    change: ChangePlan
