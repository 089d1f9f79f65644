"""Removing an environment: out of sight by one rename, then file by file."""

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core import finding
from comfydock_core.models.deletion import DeletionPlan
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.workspace_config_reader import read_config
from comfydock_core.repositories.workspace_config_repository import (
    WorkspaceConfigRepository,
)
from comfydock_core.services.stage import remove_leftovers, set_aside
from comfydock_core.utils import interruption
from comfydock_core.utils.disk_errors import disk_errors
from comfydock_core.utils.filesystem import measure_tree, remove_tree


def plan_deletion(layout: WorkspaceLayout, name: str) -> DeletionPlan:
    """What `delete_environment` will remove. Raises `EnvironmentNotFound`, `EnvironmentIncomplete`."""
    environment = finding.find_environment(layout, name)
    size, files = measure_tree(environment.root)
    active = read_config(layout.config_file).active_environment == name
    return DeletionPlan(name=name, path=environment.root, bytes=size, files=files, active=active)


def delete_environment(layout: WorkspaceLayout, plan: DeletionPlan, reporter: Reporter) -> None:
    """Execute the plan. The name is free at once; what is interrupted after that is finished by the next command."""
    finding.find_environment(layout, plan.name)
    reporter.phase(f"Deleting {plan.name}")
    with interruption.termination_raises(), disk_errors(f"delete the environment {plan.name}"):
        with interruption.deferred():
            aside = set_aside(plan.path)
            _forget_active(layout, plan.name)
        remove_tree(aside)
        remove_leftovers(layout.environments, reporter)


def _forget_active(layout: WorkspaceLayout, name: str) -> None:
    config = WorkspaceConfigRepository(layout.config_file)
    if config.read().active_environment == name:
        config.set_active_environment(None)
