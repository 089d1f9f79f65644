"""Where node packs come from: the registry, repositories, and the caches of one workspace."""

from comfydock_core.caching.api_cache import APICacheManager
from comfydock_core.caching.repository_mirrors import RepositoryMirrors
from comfydock_core.clients.github_client import GitHubClient
from comfydock_core.clients.registry_client import ComfyRegistryClient
from comfydock_core.clients.remembering import RememberingTransport
from comfydock_core.clients.transport import Transport
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.models.protocols import KnownPacks
from comfydock_core.repositories.workspace_config_reader import read_config
from comfydock_core.services.listed_packs import ListedPacks
from comfydock_core.services.node_lookup_service import NodeLookupService
from comfydock_core.services.pack_contents import PackContents
from comfydock_core.services.pack_sources import PackSources
from comfydock_core.services.registry_lookup import RegistryLookup
from comfydock_core.services.repository_lookup import RepositoryLookup


def pack_sources(layout: WorkspaceLayout, *, offline: bool = False, answers: str | None = None) -> PackSources:
    """Everything that finds and gets node packs. With `offline` nothing reaches for the network.

    `answers` is a directory to keep what the registry says in, instead of the workspace's own.
    """
    lookup = node_lookup(layout, known=ListedPacks(layout.node_data), offline=offline, answers=answers)
    return PackSources(lookup, pack_contents(layout, offline=offline))


def registry_client(layout: WorkspaceLayout, *, offline: bool = False) -> ComfyRegistryClient:
    """The registry, with the answers that this workspace keeps."""
    return ComfyRegistryClient(_transport(layout, offline))


def node_lookup(
    layout: WorkspaceLayout, *, known: KnownPacks | None = None, offline: bool = False, answers: str | None = None
) -> NodeLookupService:
    """What turns the name of a node pack into a release. `known` are the lists of node packs, if there are any."""
    transport = RememberingTransport(Transport(offline=offline), APICacheManager(answers or layout.http_cache))
    mirrors = RepositoryMirrors(layout.git_mirrors, offline=offline)
    return NodeLookupService(
        RegistryLookup(ComfyRegistryClient(transport), known, lambda: _lists_may_stand_in(layout)),
        RepositoryLookup(GitHubClient(transport), mirrors, offline=offline),
        known,
    )


def pack_contents(layout: WorkspaceLayout, *, offline: bool = False) -> PackContents:
    """What fetches the code of releases, and keeps it for the whole workspace."""
    mirrors = RepositoryMirrors(layout.git_mirrors, offline=offline)
    return PackContents(layout.packs, Transport(offline=offline), mirrors, offline=offline)


def _lists_may_stand_in(layout: WorkspaceLayout) -> bool:
    return read_config(layout.config_file).prefer_registry_cache


def _transport(layout: WorkspaceLayout, offline: bool) -> RememberingTransport:
    return RememberingTransport(Transport(offline=offline), APICacheManager(layout.http_cache))
