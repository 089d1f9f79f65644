"""`ModelRoots`: which directories ComfyUI of environments reads models from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from comfydock_core.core.services_bundle import WorkspaceAccess
    from comfydock_core.models.model_files.model_paths import PathsSection
    from comfydock_core.models.model_files.roots import ModelRootsOverview, RootPlan
    from comfydock_core.models.operation import Initiator
    from comfydock_core.models.protocols import Reporter


class ModelRoots:
    """The directories that environments read models from. Models themselves are only counted."""

    def __init__(self, workspace: WorkspaceAccess) -> None:
        self._workspace = workspace

    def overview(self, name: str | None) -> ModelRootsOverview:
        """Every root of an environment, with what ComfyUI would list of it.

        Raises `ModelPathsInvalid`, `EnvironmentBroken`, `FileSystemError`.
        """
        from comfydock_core.core.usecases.models.roots import list_roots

        return list_roots(self._workspace.environment(name))

    def sections(self, name: str | None) -> list[PathsSection]:
        """The sections of an environment's `extra_model_paths.yaml`. Raises `ModelPathsInvalid`, `OSError`."""
        from comfydock_core.core.usecases.models.roots import root_sections

        return root_sections(self._workspace.environment(name))

    def plan_addition(
        self, name: str | None, path: str, *, section: str | None = None, is_default: bool = False
    ) -> RootPlan:
        """What adding a directory takes. Raises `ModelRootRefused`, `ModelPathsInvalid`, `FileSystemError`."""
        from comfydock_core.core.usecases.models.roots import plan_addition

        return plan_addition(self._workspace.environment(name), path, section, is_default=is_default)

    def plan_removal(self, name: str | None, what: str) -> RootPlan:
        """What removing a section takes, by its name or its directory. Raises `ModelRootNotFound` and the above."""
        from comfydock_core.core.usecases.models.roots import plan_removal

        return plan_removal(self._workspace.environment(name), what)

    def change(self, plan: RootPlan, initiator: Initiator, reporter: Reporter) -> str:
        """Carry the plan out and return the operation. Raises `ScopeBusy`, `ChangedMeanwhile`, `FileSystemError`."""
        from comfydock_core.core.usecases.models.roots import change_roots

        return change_roots(self._workspace.environment(plan.name), plan, initiator, reporter)
