"""Noting where a model can be had."""

from urllib.parse import urlsplit

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.models.finding import the_model
from comfydock_core.core.usecases.models.indexing import hash_file
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.protocols import Reporter
from comfydock_core.records import record
from comfydock_core.repositories.model_index.model_index import open_model_index
from comfydock_core.services.model_downloads.model_sources import checked_address
from comfydock_core.utils.files.disk_errors import disk_errors

_CIVITAI = ("civitai.com", ".civitai.com")
_HUGGING_FACE = ("huggingface.co", "hf.co", ".huggingface.co")


@record
class AddedSource:
    """A source that was noted for a content; not `is_new` when it was known before."""

    blake3: str
    path: str
    url: str
    kind: str
    is_new: bool


def add_source(layout: WorkspaceLayout, identifier: str, url: str, reporter: Reporter) -> AddedSource:
    """Note that a model can be had at an address, after reading the file if it was not read before.

    A login in the address is not kept. Raises `ModelNotFound`, `ConflictError`, `InvalidSetting`, `FileSystemError`.
    """
    address = without_credentials(checked_address(url))
    with open_model_index(layout.model_index) as index, disk_errors("read the model"):
        place = the_model(index, identifier)[0]
        blake3 = place.blake3
        if blake3 is None:
            reporter.phase(f"Reading {place.file_name}")
            blake3 = hash_file(index, place, reporter, before=0, total=place.state.size).blake3
        is_new = all(source.url != address for source in index.sources_of(blake3))
        kind = kind_of_source(address)
        index.add_source(blake3, address, kind)
        return AddedSource(blake3, place.full_path, address, kind, is_new)


def kind_of_source(url: str) -> str:
    """`civitai`, `huggingface` or `url`, by the name of the server and nothing else."""
    host = (urlsplit(url).hostname or "").lower()
    for kind, names in (("civitai", _CIVITAI), ("huggingface", _HUGGING_FACE)):
        if any(host.endswith(name) if name.startswith(".") else host == name for name in names):
            return kind
    return "url"
