"""What `delete` is going to remove."""

from dataclasses import dataclass

from comfydock_core.models.plan import PlanStep


@dataclass(frozen=True, slots=True)
class DeletionPlan:
    """One environment and all that goes with it. Links inside it are removed, never what they lead to."""

    name: str
    path: str
    bytes: int
    files: int
    active: bool

    def steps(self) -> list[PlanStep]:
        """What will be done, in order."""
        remove = PlanStep("delete", self.path, f"{self.files} files")
        return (
            [remove, PlanStep("unuse", self.name, "no environment is active afterwards")] if self.active else [remove]
        )
