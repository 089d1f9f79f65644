"""A workspace with everything it needs to make environments. Each part is loaded when it is first used."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

from comfydock_core.core.finding import find_workspace as find_layout
from comfydock_core.core.services_bundle import EnvironmentServices, WorkspaceServices
from comfydock_core.core.workspace import Workspace
from comfydock_core.factories.environment_factory import environment_services

if TYPE_CHECKING:
    from comfydock_core.caching.repository_mirrors import RepositoryMirrors
    from comfydock_core.configs.environment_layout import EnvironmentLayout
    from comfydock_core.configs.workspace_layout import WorkspaceLayout
    from comfydock_core.managers.model_download_manager import ModelDownloadManager
    from comfydock_core.models.model_files.downloads import DownloadLimits
    from comfydock_core.services.comfyui_versions import ComfyUIVersions
    from comfydock_core.services.model_downloads.model_sources import ModelSources
    from comfydock_core.services.pack_sources import PackSources
    from comfydock_core.services.registry_data_manager import RegistryDataManager
    from comfydock_core.services.wheel_fetching import WheelFetcher


def find_workspace(*, offline: bool = False) -> Workspace:
    """The workspace of `COMFYDOCK_HOME` or `~/comfydock`, fully equipped. Raises `WorkspaceNotFound`."""
    return open_workspace(find_layout(), offline=offline)


def open_workspace(layout: WorkspaceLayout, *, offline: bool = False) -> Workspace:
    """The workspace at a known place, fully equipped. With `offline` nothing reaches for the network."""
    return Workspace(layout, partial(workspace_services, layout, offline=offline))


def workspace_services(layout: WorkspaceLayout, *, offline: bool = False) -> WorkspaceServices:
    """Everything that needs no environment, and the way to the services of one."""
    return _WorkspaceServices(layout, offline)


class _WorkspaceServices:
    def __init__(self, layout: WorkspaceLayout, offline: bool) -> None:
        self._layout = layout
        self._offline = offline

    @cached_property
    def versions(self) -> ComfyUIVersions:
        from comfydock_core.caching.comfyui_cache import ComfyUICacheManager
        from comfydock_core.clients.github_client import GitHubClient
        from comfydock_core.clients.transport import Transport
        from comfydock_core.services.comfyui_versions import ComfyUIVersions

        cache = ComfyUICacheManager(self.mirrors)
        return ComfyUIVersions(GitHubClient(Transport(offline=self._offline)), cache, offline=self._offline)

    @cached_property
    def registry(self) -> RegistryDataManager:
        from comfydock_core.clients.transport import Transport
        from comfydock_core.services.registry_data_manager import RegistryDataManager

        return RegistryDataManager(self._layout.node_data, Transport(offline=self._offline))

    @cached_property
    def packs(self) -> PackSources:
        from comfydock_core.factories.pack_factory import pack_sources

        return pack_sources(self._layout, offline=self._offline)

    def packs_with_answers_in(self, directory: str) -> PackSources:
        from comfydock_core.factories.pack_factory import pack_sources

        return pack_sources(self._layout, offline=self._offline, answers=directory)

    @cached_property
    def wheels(self) -> WheelFetcher:
        from comfydock_core.clients.transport import Transport
        from comfydock_core.services.wheel_fetching import WheelFetcher

        return WheelFetcher(Transport(offline=self._offline))

    @cached_property
    def mirrors(self) -> RepositoryMirrors:
        from comfydock_core.caching.repository_mirrors import RepositoryMirrors

        return RepositoryMirrors(self._layout.git_mirrors, offline=self._offline)

    @cached_property
    def model_sources(self) -> ModelSources:
        from comfydock_core.factories.download_factory import model_sources

        return model_sources(self._layout, offline=self._offline)

    def model_downloads(self, limits: DownloadLimits | None = None) -> ModelDownloadManager:
        from comfydock_core.factories.download_factory import model_downloads

        return model_downloads(self._layout, self.model_sources, limits, offline=self._offline)

    def environment(self, layout: EnvironmentLayout) -> EnvironmentServices:
        return environment_services(layout, self._layout, offline=self._offline)
