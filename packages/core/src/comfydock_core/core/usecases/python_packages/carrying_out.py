"""Carrying out a plan about Python packages: all of it or nothing."""

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.definition.redefining import put_redefinition, stage_redefinition
from comfydock_core.models.operation import Initiator
from comfydock_core.models.packages.python_packages import PackagePlan
from comfydock_core.models.packages.syncing import SyncOutcome
from comfydock_core.models.protocols import Reporter
from comfydock_core.services.transaction import operation
from comfydock_core.utils import interruption
from comfydock_core.utils.files.disk_errors import disk_errors


def change_packages(
    layout: EnvironmentLayout, services: WorkspaceServices, plan: PackagePlan, initiator: Initiator, reporter: Reporter
) -> SyncOutcome:
    """Execute the plan.

    Raises `ScopeBusy`, `ChangedMeanwhile`, `EnvironmentInUse`, `VenvIncomplete`, and what installing raises; then
    nothing is changed.
    """
    with (
        interruption.termination_raises(),
        disk_errors(f"change the Python packages of {layout.name}"),
        operation(plan.change, initiator, reporter) as under_way,
    ):
        staged = stage_redefinition(layout, services, plan.redefinition, under_way.work, reporter)
        packages = put_redefinition(layout, staged, plan.redefinition, under_way)
        under_way.commit()
    return SyncOutcome(under_way.id, packages)
