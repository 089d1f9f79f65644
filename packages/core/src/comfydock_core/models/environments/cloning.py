"""What `clone` is going to do."""

from comfydock_core.models.operation import ChangePlan
from comfydock_core.records import record


@record
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
