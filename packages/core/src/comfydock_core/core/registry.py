"""`Registry`: what is known of node packs, one short method for each use case."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from comfydock_core.core.services_bundle import WorkspaceAccess
    from comfydock_core.models.operation import Initiator
    from comfydock_core.models.packs.node_data import DataState, PackHit, SourceOutcome
    from comfydock_core.models.plan import PlanStep
    from comfydock_core.models.protocols import Reporter


class Registry:
    """The lists of known node packs: their state, updating and searching them."""

    def __init__(self, workspace: WorkspaceAccess) -> None:
        self._workspace = workspace

    def state(self) -> DataState:
        """How the lists of known node packs are. Raises `FileSystemError`."""
        from comfydock_core.services.registry_state import registry_state

        return registry_state(self._workspace.layout.node_data)

    def plan_update(self) -> list[PlanStep]:
        """What `update` will ask for."""
        from comfydock_core.services.registry_state import plan_update

        return plan_update()

    def update(self, initiator: Initiator, reporter: Reporter) -> tuple[SourceOutcome, ...]:
        """Fetch the lists of known node packs that changed. What fails is reported by its outcome.

        Raises `ScopeBusy`, `FileSystemError`.
        """
        return self._workspace.services().registry.update(initiator, reporter)

    def search(self, words: str, *, limit: int, environment: str | None = None) -> list[PackHit]:
        """The known packs that fit the words best, those of `environment` marked. Raises `NodeDataMissing`."""
        from comfydock_core.core.usecases.nodes.known_packs import search

        layout = None if environment is None else self._workspace.environment(environment)
        return search(self._workspace.layout, words, limit=limit, environment=layout)
