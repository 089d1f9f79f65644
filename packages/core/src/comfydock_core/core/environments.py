"""`Environments`: making, choosing, moving and removing environments, one short method for each use case."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from comfydock_core.core.services_bundle import WorkspaceAccess
    from comfydock_core.models.environments.adoption import AdoptedEnvironment, AdoptionPlan, AdoptRequest
    from comfydock_core.models.environments.cloning import CloningPlan
    from comfydock_core.models.environments.creation import CreatedEnvironment, CreateRequest, CreationPlan
    from comfydock_core.models.environments.deletion import DeletionPlan
    from comfydock_core.models.environments.renaming import RenamingPlan
    from comfydock_core.models.operation import ChangePlan, Initiator
    from comfydock_core.models.protocols import Reporter


class Environments:
    """The environments of one workspace: making, choosing, moving and removing them."""

    def __init__(self, workspace: WorkspaceAccess) -> None:
        self._workspace = workspace

    def plan_use(self, name: str) -> ChangePlan:
        """What making `name` active takes. Raises `EnvironmentNotFound`, `WorkspaceDamaged`."""
        from comfydock_core.core.usecases.environments.using import plan_use

        return plan_use(self._workspace.layout, name)

    def use(self, name: str, plan: ChangePlan, initiator: Initiator, reporter: Reporter) -> None:
        """Make the environment `name` the active one. Raises `ChangedMeanwhile`, `ScopeBusy`, `FileSystemError`."""
        from comfydock_core.core.usecases.environments.using import use_environment

        use_environment(self._workspace.layout, name, plan, initiator, reporter)

    def plan_creation(self, request: CreateRequest, reporter: Reporter) -> CreationPlan:
        """Everything `create` will do, resolved; nothing is written."""
        from comfydock_core.core.usecases.environments.creating import plan_creation

        return plan_creation(self._workspace.layout, self._workspace.services(), request, reporter)

    def create(self, plan: CreationPlan, initiator: Initiator, reporter: Reporter) -> CreatedEnvironment:
        """Make the planned environment. Whatever stops it, nothing has its name then."""
        from comfydock_core.core.usecases.environments.creating import create_environment

        return create_environment(self._workspace.layout, self._workspace.services(), plan, initiator, reporter)

    def plan_cloning(self, source: str, name: str, *, activate: bool = False) -> CloningPlan:
        """What `clone` will do. Raises `EnvironmentNotFound`, `InvalidName`, `EnvironmentExists`."""
        from comfydock_core.core.usecases.environments.cloning import plan_cloning

        return plan_cloning(self._workspace.layout, self._workspace.services(), source, name, activate=activate)

    def clone(self, plan: CloningPlan, initiator: Initiator, reporter: Reporter) -> str:
        """Make the planned second environment and return its directory. The original is only read."""
        from comfydock_core.core.usecases.environments.cloning import clone_environment

        return clone_environment(self._workspace.layout, self._workspace.services(), plan, initiator, reporter)

    def plan_adoption(self, request: AdoptRequest, reporter: Reporter) -> AdoptionPlan:
        """What `adopt` will take over. Raises `InstallationNotFound`, `EnvironmentExists`."""
        from comfydock_core.core.usecases.environments.adopting import plan_adoption

        return plan_adoption(self._workspace.layout, self._workspace.services(), request, reporter)

    def adopt(self, plan: AdoptionPlan, initiator: Initiator, reporter: Reporter) -> AdoptedEnvironment:
        """Build the planned environment, and say what became of everything. The installation is only read."""
        from comfydock_core.core.usecases.environments.adopting import adopt_installation

        return adopt_installation(self._workspace.layout, self._workspace.services(), plan, initiator, reporter)

    def plan_renaming(self, name: str, new_name: str) -> RenamingPlan:
        """What `rename` will do. Raises `EnvironmentNotFound`, `InvalidName`, `EnvironmentExists`."""
        from comfydock_core.core.usecases.environments.renaming import plan_renaming

        return plan_renaming(self._workspace.layout, name, new_name)

    def rename(self, plan: RenamingPlan, initiator: Initiator, reporter: Reporter) -> None:
        """Give the environment its new name. Raises `ScopeBusy`, `ChangedMeanwhile`, `FileSystemError`."""
        from comfydock_core.core.usecases.environments.renaming import rename_environment

        rename_environment(self._workspace.layout, plan, initiator, reporter)

    def plan_deletion(self, name: str, *, purge: bool = False) -> DeletionPlan:
        """What `delete` will take away. Raises `EnvironmentNotFound`, `EnvironmentIncomplete`."""
        from comfydock_core.core.usecases.environments.deleting import plan_deletion

        return plan_deletion(self._workspace.layout, name, purge=purge)

    def delete(self, plan: DeletionPlan, initiator: Initiator, reporter: Reporter) -> str:
        """Take the planned environment away and return the operation that can bring it back. No link is followed."""
        from comfydock_core.core.usecases.environments.deleting import delete_environment

        return delete_environment(self._workspace.layout, plan, initiator, reporter)
