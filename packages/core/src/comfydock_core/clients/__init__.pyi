from .civitai_client import CivitAIClient as CivitAIClient
from .github_client import GitHubClient as GitHubClient
from .github_client import GitHubRelease as GitHubRelease
from .github_client import GitHubRepoInfo as GitHubRepoInfo
from .huggingface_client import HuggingFaceClient as HuggingFaceClient
from .registry_client import ComfyRegistryClient as ComfyRegistryClient
from .remembering import RememberingTransport as RememberingTransport
from .transport import Transport as Transport
