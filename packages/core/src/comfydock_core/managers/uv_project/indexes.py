"""Where the builds of a PyTorch back end come from."""

import os
from urllib.parse import urlsplit

from comfydock_core.configs.defaults import PYTORCH_INDEX
from comfydock_core.models.exceptions import InvalidSetting
from comfydock_core.records import record

# Back ends without an index of their own: nothing is installed, or what the general index has.
WITHOUT_INDEX = ("none", "pypi")


@record
class BackendIndex:
    """The index of one back end, under the name that uv knows it by."""

    name: str
    url: str

    def __str__(self) -> str:
        return f"{self.name}={self.url}"


def index_of(backend: str) -> BackendIndex | None:
    """The index of a back end, `None` for `pypi` and `none`. Raises `InvalidSetting` for an address with a password."""
    if backend in WITHOUT_INDEX:
        return None
    return BackendIndex(f"pytorch-{backend}", f"{_base_url()}/{backend}")


def _base_url() -> str:
    """The address without the back end. It is written into shared files, so it must hold no password."""
    url = (os.environ.get("COMFYDOCK_PYTORCH_INDEX_URL") or PYTORCH_INDEX).rstrip("/")
    if "@" in urlsplit(url).netloc:
        raise InvalidSetting(
            "COMFYDOCK_PYTORCH_INDEX_URL holds a name or password, which would be stored in shared files",
            hint="leave them out of the address and give them to uv: UV_INDEX_PYTORCH_CPU_USERNAME and"
            " UV_INDEX_PYTORCH_CPU_PASSWORD for the back end cpu, likewise for others, or a `~/.netrc`",
        )
    return url
