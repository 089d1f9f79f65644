"""Where a node pack says that its packages come from, beside their names: settings of uv, poetry and pdm.

None of it is followed: an index that a pack brings could serve any name for everybody. It is reported at `node add`.
"""

from collections.abc import Collection, Iterator

from comfydock_core.analyzers.packages.pack_settings import at, project_settings
from comfydock_core.models.addresses import without_credentials
from comfydock_core.utils.package_names import requirement_name

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
    project = project_settings(directory)
    return [*_of_sources(project, names), *_of_indexes(project)]


def _of_sources(project: object, names: Collection[str]) -> Iterator[str]:
    sources = at(project, "tool", "uv", "sources")
    for written, source in sources.items() if isinstance(sources, dict) else ():
        name = requirement_name(written)
        if name in names:
            yield (
                f"pyproject.toml: by `[tool.uv.sources]`, {name} is to come from {_place(source)},"
                " which is not followed: the package of that name in the environment's own indexes is taken,"
                " which may be another one"
            )


def _of_indexes(project: object) -> Iterator[str]:
    for keys, key in _INDEXES:
        value = at(project, *keys)
        for entry in value if isinstance(value, list) else [value]:
            address = entry.get(key) if isinstance(entry, dict) else entry
            if isinstance(address, str) and address:
                told = f"the index `{without_credentials(address)}` (`{'.'.join(keys)}`)"
                yield f"pyproject.toml: {told} is not followed; UV_INDEX names it for uv"


def _place(source: object) -> str:
    for each in source if isinstance(source, list) else [source]:
        if not isinstance(each, dict):
            continue
        for key in _PLACES:
            if key in each:
                return f"{key} `{without_credentials(str(each[key]))}`"
    return "elsewhere"
