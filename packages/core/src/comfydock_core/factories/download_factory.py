"""What models are downloaded with: the hosts that are known, and the engine."""

from comfydock_core.clients.civitai_client import CivitAIClient
from comfydock_core.clients.huggingface_client import HuggingFaceClient
from comfydock_core.clients.transport import Transport
from comfydock_core.clients.watching import limits_of_answers
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.models.places import models_directory
from comfydock_core.managers.model_download_manager import ModelDownloadManager
from comfydock_core.models.model_files.downloads import DownloadLimits
from comfydock_core.repositories.hugging_face_token import hugging_face_token
from comfydock_core.repositories.workspace_config_reader import read_config
from comfydock_core.services.model_downloads.kept_downloads import KeptDownloads
from comfydock_core.services.model_downloads.model_downloader import ModelDownloader
from comfydock_core.services.model_downloads.model_sources import ModelSources
from comfydock_core.services.model_downloads.repository_search import RepositorySearch


def model_sources(layout: WorkspaceLayout, *, offline: bool = False) -> ModelSources:
    """The hosts, with the tokens of this user and this workspace. Raises `InvalidSetting`, `WorkspaceDamaged`."""
    transport = Transport(offline=offline)
    civitai = CivitAIClient(transport, token=read_config(layout.config_file).civitai_token)
    hugging_face = HuggingFaceClient(token=hugging_face_token())
    # What is opened there are listings and heads, for which a person waits.
    search = RepositorySearch(Transport(offline=offline, models=limits_of_answers()), hugging_face)
    return ModelSources(transport, civitai, hugging_face, search)


def model_downloads(
    layout: WorkspaceLayout, sources: ModelSources, limits: DownloadLimits | None = None, *, offline: bool = False
) -> ModelDownloadManager:
    """Downloads into the models directory of a workspace."""
    kept = KeptDownloads(layout.downloads)
    downloader = ModelDownloader(
        Transport(offline=offline), kept, credentials=sources.credentials, limits=limits or DownloadLimits()
    )
    return ModelDownloadManager(models_directory(layout), layout.model_index, sources, downloader, kept)
