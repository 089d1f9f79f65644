"""Choosing the active environment."""

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core import finding
from comfydock_core.repositories.workspace_config_repository import (
    WorkspaceConfigRepository,
)
from comfydock_core.utils.disk_errors import disk_errors


def use_environment(layout: WorkspaceLayout, name: str) -> None:
    """Make `name` active. Raises `EnvironmentNotFound`, `EnvironmentIncomplete`, `FileSystemError`."""
    finding.find_environment(layout, name)
    with disk_errors("choose the active environment", layout.config_file):
        WorkspaceConfigRepository(layout.config_file).set_active_environment(name)
