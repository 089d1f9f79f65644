"""Telling how an environment is. Fast path: git is already at work when this module is loaded."""

from comfydock_core.analyzers.git_probes import GitProbes
from comfydock_core.analyzers.status_scanner import StatusScanner
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.models.environment import EnvironmentStatus
from comfydock_core.repositories.workspace_config_reader import read_config


def environment_status(
    layout: EnvironmentLayout, workspace: WorkspaceLayout, manifest: dict[str, object], probes: GitProbes
) -> EnvironmentStatus:
    """Everything that can be told without asking uv. Raises `ManifestDamaged`, `WorkspaceDamaged`."""
    models_directory = read_config(workspace.config_file).models_directory
    return StatusScanner(layout, manifest, models_directory, probes).scan()
