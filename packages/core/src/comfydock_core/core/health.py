"""`Health`: what is right and wrong, and putting it right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from comfydock_core.core import finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from comfydock_core.core.services_bundle import WorkspaceAccess
    from comfydock_core.models.doctor import Finding
    from comfydock_core.models.operation import Initiator
    from comfydock_core.models.plan import PlanStep
    from comfydock_core.models.protocols import Reporter


class Health:
    """The health of a workspace, its environments and the tools they need."""

    def __init__(self, workspace: WorkspaceAccess) -> None:
        self._workspace = workspace

    def examine(self, name: str | None, reporter: Reporter, *, deep: bool = False) -> list[Finding]:
        """What is right and wrong with the tools, the workspace, and one environment or all of them.

        Nothing is changed. Raises `EnvironmentNotFound`.
        """
        from comfydock_core.core.environment import Environment
        from comfydock_core.core.usecases.workspace.examining import examine

        names = self._workspace.environment_names() if name is None else [name]
        environments = [
            Environment(finding.find_environment(self._workspace.layout, one), self._workspace.layout) for one in names
        ]
        return examine(self._workspace.layout, environments, deep=deep, reporter=reporter)

    @staticmethod
    def plan_mending(findings: Sequence[Finding]) -> list[PlanStep]:
        """What `mend` will do about the findings."""
        from comfydock_core.core.usecases.workspace.examining import plan_mending

        return plan_mending(findings)

    def mend(self, findings: Sequence[Finding], initiator: Initiator, reporter: Reporter) -> None:
        """Put right what the findings say can be put right at once. Raises `ScopeBusy`, `FileSystemError`."""
        from comfydock_core.core.usecases.workspace.examining import mend

        mend(self._workspace.layout, findings, initiator, reporter)
