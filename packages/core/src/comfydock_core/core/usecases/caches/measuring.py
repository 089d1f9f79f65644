"""What each cache of a workspace takes on the disk."""

import os
from collections.abc import Iterator

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.models.caches import ANSWERS, BISECTIONS, MIRRORS, PACKS, SCRATCH, CacheSize
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.filesystem import freed_by_removing, taken_on_disk

# What SQLite puts beside a database.
_BESIDE = ("", "-wal", "-shm")


def measure_caches(layout: WorkspaceLayout) -> list[CacheSize]:
    """Every cache that is there. Files that cannot be looked at count nothing. Raises `FileSystemError`."""
    counted: set[tuple[int, int]] = set()
    sizes = []
    with disk_errors("look at the caches"):
        for name, path, parts in _caches(layout):
            taken = [taken_on_disk(part, counted) for part in parts]
            if any(os.path.lexists(part) for part in parts):
                size, files = (sum(column) for column in zip(*taken, strict=True))
                sizes.append(CacheSize(name, path, size, freed_by_removing(*parts), files))
    return sizes


def _caches(layout: WorkspaceLayout) -> Iterator[tuple[str, str, list[str]]]:
    """The name and place of each, and all that belongs to it."""
    known = {
        PACKS: layout.packs,
        MIRRORS: layout.git_mirrors,
        "server-answers": layout.http_cache,
        ANSWERS: layout.answers,
        "node-lists": layout.node_data,
        "downloads": layout.downloads,
        BISECTIONS: layout.bisections,
        SCRATCH: layout.scratch,
    }
    indexes = [f"{path}{end}" for path in (layout.model_index, layout.earlier_model_index) for end in _BESIDE]
    for name, path in known.items():
        yield name, path, [path]
    yield "model-index", layout.model_index, indexes
    own = {*known.values(), *indexes}
    names = sorted(os.listdir(layout.cache)) if os.path.isdir(layout.cache) else []
    others = [path for name in names if (path := f"{layout.cache}/{name}") not in own]
    yield "others", layout.cache, others
    yield "uv", layout.uv_cache, [layout.uv_cache]
