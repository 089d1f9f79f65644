"""The collaborators that use cases work with; factories fill them in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from comfydock_core.configs.environment_layout import EnvironmentLayout

if TYPE_CHECKING:
    from comfydock_core.managers.git_manager import GitManager
    from comfydock_core.managers.model_symlink_manager import ModelSymlinkManager
    from comfydock_core.managers.pyproject_manager import PyprojectManager
    from comfydock_core.managers.uv_project_manager import UVProjectManager
    from comfydock_core.services.comfyui_versions import ComfyUIVersions
    from comfydock_core.services.pack_sources import PackSources
    from comfydock_core.services.registry_data import RegistryData
    from comfydock_core.services.repository_mirrors import RepositoryMirrors


@dataclass(frozen=True, slots=True)
class EnvironmentServices:
    """Who changes which aspect of one environment."""

    pyproject: PyprojectManager
    uv_project: UVProjectManager
    git: GitManager
    models_link: ModelSymlinkManager
    mirrors: RepositoryMirrors
    packs: PackSources


@dataclass(frozen=True, slots=True)
class WorkspaceServices:
    """What needs no environment, and how to get the services of one."""

    versions: ComfyUIVersions
    registry: RegistryData
    packs: PackSources
    environment: Callable[[EnvironmentLayout], EnvironmentServices]
