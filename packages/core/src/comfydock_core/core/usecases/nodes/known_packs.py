"""What the lists know of node packs, and why something is in an environment."""

from comfydock_core.caching.answer_cache import AnswerCache
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.nodes.known_lists import lists_if_there
from comfydock_core.models.packs.node_data import PackHit
from comfydock_core.models.packs.pack_needs import PackNeeds, Reasons
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.node_data.node_index import open_index
from comfydock_core.resolvers.installed_packs import tracked_names
from comfydock_core.resolvers.pack_needs import needs_of
from comfydock_core.resolvers.reasons import why
from comfydock_core.services.node_search import search_packs


def search(
    workspace: WorkspaceLayout, words: str, *, limit: int, environment: EnvironmentLayout | None
) -> list[PackHit]:
    """The known packs that fit the words best. Those of `environment` are marked as installed.

    Raises `NodeDataMissing`, `ManifestDamaged`, `FileSystemError`.
    """
    with open_index(workspace.node_data) as index:
        installed = tracked_names(environment, read_manifest(environment.manifest), index) if environment else set()
        return search_packs(index, words, limit=limit, installed=installed)


def pack_needs(
    workspace: WorkspaceLayout, environment: EnvironmentLayout, manifest: dict[str, object], reporter: Reporter
) -> PackNeeds:
    """What the workflows of an environment need of its packs. Raises `ManifestDamaged`, `FileSystemError`."""
    with lists_if_there(workspace) as index:
        return needs_of(environment, manifest, index, _answers(workspace), reporter)


def reasons(
    workspace: WorkspaceLayout,
    environment: EnvironmentLayout,
    manifest: dict[str, object],
    word: str,
    reporter: Reporter,
) -> Reasons:
    """Why what the word names is in an environment. Raises `PackNotFound`, `ManifestDamaged`, `LockDamaged`."""
    with lists_if_there(workspace) as index:
        return why(word, environment, manifest, index, _answers(workspace), reporter)


def _answers(workspace: WorkspaceLayout) -> AnswerCache:
    return AnswerCache(workspace.answers)
