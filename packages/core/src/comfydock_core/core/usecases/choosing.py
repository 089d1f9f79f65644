"""The active environment as a part of a change: a swap of the workspace's settings."""

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.models.operation import Swap
from comfydock_core.repositories.workspace_config_reader import read_config
from comfydock_core.repositories.workspace_config_repository import (
    WorkspaceConfigRepository,
)
from comfydock_core.repositories.workspace_place import note_place
from comfydock_core.services.transaction.execution import Operation
from comfydock_core.services.transaction.planning import swap

SETTINGS = "../.metadata/workspace.json"


def is_active(layout: WorkspaceLayout, name: str) -> bool:
    return read_config(layout.config_file).active_environment == name


def swap_of_settings(layout: WorkspaceLayout, name: str | None) -> Swap:
    """The step that makes `name` active, or none. Raises `WorkspaceDamaged`, before anything is staged."""
    read_config(layout.config_file)
    detail = f"{name} becomes the active environment" if name else "no environment is active afterwards"
    return swap(layout.environments, SETTINGS, has_new=True, detail=detail)


def stage_active(layout: WorkspaceLayout, under_way: Operation, name: str | None) -> None:
    """Build what that step puts in place."""
    WorkspaceConfigRepository(layout.config_file).write_copy_with_active(under_way.place(SETTINGS), name)
    note_place(layout, read_config(layout.config_file).models_directory)
