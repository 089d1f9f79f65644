"""Where node packs come from: the registry, repositories, and the caches of one workspace.

What reaches for the network is loaded when something is to be found or fetched: most commands need only what is kept.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from comfydock_core.caching.repository_mirrors import RepositoryMirrors
from comfydock_core.services.pack_contents import PackContents
from comfydock_core.services.pack_sources import PackSources

if TYPE_CHECKING:
    from comfydock_core.clients.registry_client import ComfyRegistryClient
    from comfydock_core.clients.remembering import RememberingTransport
    from comfydock_core.clients.transport import Transport
    from comfydock_core.configs.workspace_layout import WorkspaceLayout
    from comfydock_core.models.protocols import KnownPacks
    from comfydock_core.services.node_lookup_service import NodeLookupService


def pack_sources(layout: WorkspaceLayout, *, offline: bool = False, answers: str | None = None) -> PackSources:
    """Everything that finds and gets node packs. With `offline` nothing reaches for the network.

    `answers` is a directory to keep what the registry says in, instead of the workspace's own.
    """
    lookup = partial(_lookup_with_lists, layout, offline=offline, answers=answers)
    return PackSources(lookup, pack_contents(layout, offline=offline))


def registry_client(layout: WorkspaceLayout, *, offline: bool = False) -> ComfyRegistryClient:
    """The registry, with the answers that this workspace keeps."""
    from comfydock_core.clients.registry_client import ComfyRegistryClient

    return ComfyRegistryClient(_remembering(layout.http_cache, offline))


def node_lookup(
    layout: WorkspaceLayout, *, known: KnownPacks | None = None, offline: bool = False, answers: str | None = None
) -> NodeLookupService:
    """What turns the name of a node pack into a release. `known` are the lists of node packs, if there are any."""
    from comfydock_core.clients.github_client import GitHubClient
    from comfydock_core.clients.registry_client import ComfyRegistryClient
    from comfydock_core.services.node_lookup_service import NodeLookupService
    from comfydock_core.services.registry_lookup import RegistryLookup
    from comfydock_core.services.repository_lookup import RepositoryLookup

    transport = _remembering(answers or layout.http_cache, offline)
    mirrors = RepositoryMirrors(layout.git_mirrors, offline=offline)
    return NodeLookupService(
        RegistryLookup(ComfyRegistryClient(transport), known, partial(_lists_may_stand_in, layout)),
        RepositoryLookup(GitHubClient(transport), mirrors, offline=offline),
        known,
    )


def pack_contents(layout: WorkspaceLayout, *, offline: bool = False) -> PackContents:
    """What fetches the code of releases, and keeps it for the whole workspace."""
    mirrors = RepositoryMirrors(layout.git_mirrors, offline=offline)
    return PackContents(layout.packs, partial(_transport, offline), mirrors, offline=offline)


def _lookup_with_lists(layout: WorkspaceLayout, *, offline: bool, answers: str | None) -> NodeLookupService:
    from comfydock_core.services.listed_packs import ListedPacks

    return node_lookup(layout, known=ListedPacks(layout.node_data), offline=offline, answers=answers)


def _lists_may_stand_in(layout: WorkspaceLayout) -> bool:
    from comfydock_core.repositories.workspace_config_reader import read_config

    return read_config(layout.config_file).prefer_registry_cache


def _remembering(directory: str, offline: bool) -> RememberingTransport:
    from comfydock_core.caching.api_cache import APICacheManager
    from comfydock_core.clients.remembering import RememberingTransport

    return RememberingTransport(_transport(offline), APICacheManager(directory))


def _transport(offline: bool) -> Transport:
    from comfydock_core.clients.transport import Transport

    return Transport(offline=offline)
