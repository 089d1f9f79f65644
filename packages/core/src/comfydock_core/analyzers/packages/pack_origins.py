"""Where a node pack says that its packages come from, beside their names: settings of uv, poetry and pdm.

None of it is followed: an index that a pack brings could serve any name for everybody. It is reported at `node add`.
"""

import os
import tomllib
from collections.abc import Collection, Iterator

from comfydock_core.models.addresses import without_credentials
from comfydock_core.utils.package_names import requirement_name
from comfydock_core.validation.requirement_lines import decoded

_FILE = "pyproject.toml"
_MOST_BYTES = 1_000_000
# Where the addresses of indexes stand, and under which key.
_INDEXES = (
    (("tool", "uv", "index"), "url"),
    (("tool", "uv", "index-url"), ""),
    (("tool", "uv", "extra-index-url"), ""),
    (("tool", "uv", "find-links"), ""),
    (("tool", "uv", "pip", "index-url"), ""),
    (("tool", "uv", "pip", "extra-index-url"), ""),
    (("tool", "uv", "pip", "find-links"), ""),
    (("tool", "poetry", "source"), "url"),
    (("tool", "pdm", "source"), "url"),
)
_PLACES = ("url", "git", "path", "index", "workspace")


def told_origins(directory: str, names: Collection[str]) -> list[str]:
    """What the pack's `pyproject.toml` says about where packages in `names` come from. Raises `OSError`."""
    path = f"{directory}/{_FILE}"
    if not os.path.isfile(path) or os.path.islink(path) or os.path.getsize(path) > _MOST_BYTES:
        return []
    with open(path, "rb") as file:
        text = decoded(file.read())
    try:
        project: object = tomllib.loads(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return []  # Whoever reads its dependencies says so.
    return [*_of_sources(project, names), *_of_indexes(project)]


def _of_sources(project: object, names: Collection[str]) -> Iterator[str]:
    sources = _at(project, ("tool", "uv", "sources"))
    for written, source in sources.items() if isinstance(sources, dict) else ():
        name = requirement_name(written)
        if name in names:
            yield (
                f"{_FILE}: by `[tool.uv.sources]`, {name} is to come from {_place(source)}, which is not followed: the"
                " package of that name in the environment's own indexes is taken, which may be another one"
            )


def _of_indexes(project: object) -> Iterator[str]:
    for keys, key in _INDEXES:
        value = _at(project, keys)
        for entry in value if isinstance(value, list) else [value]:
            address = entry.get(key) if isinstance(entry, dict) else entry
            if isinstance(address, str) and address:
                shown = without_credentials(address)
                yield f"{_FILE}: the index `{shown}` (`{'.'.join(keys)}`) is not followed; UV_INDEX names it for uv"


def _place(source: object) -> str:
    for each in source if isinstance(source, list) else [source]:
        if not isinstance(each, dict):
            continue
        for key in _PLACES:
            if key in each:
                return f"{key} `{without_credentials(str(each[key]))}`"
    return "elsewhere"


def _at(value: object, keys: tuple[str, ...]) -> object:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
