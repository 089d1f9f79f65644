"""What `init` is going to make."""

from comfydock_core.models.plan import PlanStep
from comfydock_core.records import record


@record
class InitialisationPlan:
    """A new workspace: its resolved root, its directories, and the models directory it will use."""

    root: str
    directories: tuple[str, ...]
    config_file: str
    models_directory: str

    def steps(self) -> list[PlanStep]:
        """What will be done, in order."""
        directories = [PlanStep("create", path) for path in self.directories]
        return [*directories, PlanStep("write", self.config_file, f"models in {self.models_directory}")]
