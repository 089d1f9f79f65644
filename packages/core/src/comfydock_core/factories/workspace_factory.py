"""A workspace with everything it needs to make environments."""

from functools import partial

from comfydock_core.clients.github_client import GitHubClient
from comfydock_core.clients.transport import Transport
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.finding import find_workspace as find_layout
from comfydock_core.core.services_bundle import EnvironmentServices, WorkspaceServices
from comfydock_core.core.workspace import Workspace
from comfydock_core.factories.environment_factory import environment_services
from comfydock_core.factories.pack_factory import pack_sources
from comfydock_core.services.comfyui_versions import ComfyUIVersions
from comfydock_core.services.registry_data import RegistryData
from comfydock_core.services.repository_mirrors import RepositoryMirrors


def find_workspace(*, offline: bool = False) -> Workspace:
    """The workspace of `COMFYDOCK_HOME` or `~/comfydock`, fully equipped. Raises `WorkspaceNotFound`."""
    return open_workspace(find_layout(), offline=offline)


def open_workspace(layout: WorkspaceLayout, *, offline: bool = False) -> Workspace:
    """The workspace at a known place, fully equipped. With `offline` nothing reaches for the network."""
    return Workspace(layout, partial(workspace_services, layout, offline=offline))


def workspace_services(layout: WorkspaceLayout, *, offline: bool = False) -> WorkspaceServices:
    """Everything that needs no environment, and the way to the services of one."""

    def for_environment(environment: EnvironmentLayout) -> EnvironmentServices:
        return environment_services(environment, layout, offline=offline)

    transport = Transport(offline=offline)
    github = GitHubClient(transport)
    mirrors = RepositoryMirrors(layout.git_mirrors, offline=offline)
    return WorkspaceServices(
        versions=ComfyUIVersions(github, mirrors, offline=offline),
        registry=RegistryData(layout.node_data, transport),
        packs=pack_sources(layout, offline=offline),
        environment=for_environment,
    )
