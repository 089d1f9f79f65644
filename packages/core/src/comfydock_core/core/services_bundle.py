"""The collaborators that use cases work with, by what they are for; factories make them when they are first used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from comfydock_core.caching.comfyui_cache import ComfyUICacheManager
    from comfydock_core.caching.repository_mirrors import RepositoryMirrors
    from comfydock_core.configs.environment_layout import EnvironmentLayout
    from comfydock_core.configs.workspace_layout import WorkspaceLayout
    from comfydock_core.managers.export_import_manager import ExportImportManager
    from comfydock_core.managers.git_manager import GitManager
    from comfydock_core.managers.model_download_manager import ModelDownloadManager
    from comfydock_core.managers.model_symlink_manager import ModelSymlinkManager
    from comfydock_core.managers.node_manager import NodeManager
    from comfydock_core.managers.pyproject_manager import PyprojectManager
    from comfydock_core.managers.uv_project_manager import UVProjectManager
    from comfydock_core.models.model_files.downloads import DownloadLimits
    from comfydock_core.services.comfyui_versions import ComfyUIVersions
    from comfydock_core.services.model_downloads.model_sources import ModelSources
    from comfydock_core.services.pack_sources import PackSources
    from comfydock_core.services.registry_data_manager import RegistryDataManager
    from comfydock_core.services.wheel_fetching import WheelFetcher


class EnvironmentServices(Protocol):
    """Who changes which aspect of one environment."""

    @property
    def pyproject(self) -> PyprojectManager: ...
    @property
    def uv_project(self) -> UVProjectManager:
        """Raises `ToolMissing` without uv."""
        ...

    @property
    def git(self) -> GitManager: ...
    @property
    def models_link(self) -> ModelSymlinkManager: ...
    @property
    def mirrors(self) -> RepositoryMirrors: ...
    @property
    def comfyui(self) -> ComfyUICacheManager: ...
    @property
    def packs(self) -> PackSources: ...
    @property
    def nodes(self) -> NodeManager: ...
    @property
    def bundles(self) -> ExportImportManager: ...


class WorkspaceServices(Protocol):
    """What needs no environment, and how to get the services of one."""

    @property
    def versions(self) -> ComfyUIVersions: ...
    @property
    def registry(self) -> RegistryDataManager: ...
    @property
    def packs(self) -> PackSources: ...
    def packs_with_answers_in(self, directory: str) -> PackSources:
        """The same, keeping what the registry says in another directory, where nothing is yet."""
        ...

    @property
    def wheels(self) -> WheelFetcher: ...
    @property
    def mirrors(self) -> RepositoryMirrors: ...
    @property
    def model_sources(self) -> ModelSources: ...
    def model_downloads(self, limits: DownloadLimits | None = None) -> ModelDownloadManager: ...
    def environment(self, layout: EnvironmentLayout) -> EnvironmentServices:
        """The services of one environment, finished or under construction."""
        ...


class WorkspaceAccess(Protocol):
    """What the subjects of a workspace need of its door."""

    layout: WorkspaceLayout

    def environment(self, name: str | None) -> EnvironmentLayout:
        """The environment `name`, or the active one. Raises `EnvironmentNotFound`, `NoActiveEnvironment`."""
        ...

    def environment_names(self) -> list[str]: ...
    def services(self) -> WorkspaceServices: ...
