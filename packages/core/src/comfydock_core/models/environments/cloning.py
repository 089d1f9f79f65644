"""What `clone` is going to do."""

from dataclasses import dataclass

from comfydock_core.models.operation import ChangePlan


@dataclass(frozen=True, slots=True)
class CloningPlan:
    """A second environment from a first. `venv` is `link` (its files are shared) or `fresh` (built from the lock)."""

    source: str
    name: str
    directory: str
    backend: str
    python: str
    venv: str
    activate: bool
    change: ChangePlan
