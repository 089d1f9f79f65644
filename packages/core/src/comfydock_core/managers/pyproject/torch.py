"""PyTorch in the manifest: index and sources of one back end, in the format of ComfyDock 1.x.

The choice of one machine is written into the versioned file here. Everything that knows this lives in this module.
"""

import os
from collections.abc import Iterable
from urllib.parse import urlsplit

import tomlkit
from tomlkit.items import Table

from comfydock_core.configs.defaults import PYTORCH_INDEX, TORCH_PACKAGES
from comfydock_core.models.exceptions import InvalidSetting


def configure_torch(uv: Table, backend: str, dependencies: Iterable[str]) -> None:
    """Write into `[tool.uv]` where the PyTorch family comes from. `dependencies` are the direct ones, by name."""
    if backend == "none":
        # Left out of the resolution altogether, so that what other packages demand of them is dropped too.
        uv["exclude-dependencies"] = list(TORCH_PACKAGES)
        return
    direct = [name for name in TORCH_PACKAGES if name in set(dependencies)]
    if backend == "pypi" or not direct:
        return
    name = f"pytorch-{backend}"
    uv["index"] = _index(name, f"{_base_url()}/{backend}")
    uv["sources"] = _sources(name, direct)


def _index(name: str, url: str) -> tomlkit.items.AoT:
    entry = tomlkit.table()
    entry.update({"name": name, "url": url, "explicit": True})
    indexes = tomlkit.aot()
    indexes.append(entry)
    return indexes


def _sources(index: str, packages: list[str]) -> Table:
    sources = tomlkit.table()
    for package in packages:
        source = tomlkit.inline_table()
        source["index"] = index
        sources[package] = source
    return sources


def _base_url() -> str:
    """The address without the back end. Raises `InvalidSetting` for one with a password: the manifest is shared."""
    url = (os.environ.get("COMFYDOCK_PYTORCH_INDEX_URL") or PYTORCH_INDEX).rstrip("/")
    if "@" in urlsplit(url).netloc:
        raise InvalidSetting(
            "COMFYDOCK_PYTORCH_INDEX_URL holds a name or password, which would be stored in the manifest",
            hint="leave them out of the address and give them to uv: UV_INDEX_PYTORCH_CPU_USERNAME and"
            " UV_INDEX_PYTORCH_CPU_PASSWORD for the back end cpu, likewise for others, or a `~/.netrc`",
        )
    return url
