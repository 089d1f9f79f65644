"""What `rename` is going to do."""

from dataclasses import dataclass

from comfydock_core.models.operation import ChangePlan


@dataclass(frozen=True, slots=True)
class RenamingPlan:
    """One environment and its new name."""

    name: str
    new_name: str
    path: str
    active: bool
    change: ChangePlan
