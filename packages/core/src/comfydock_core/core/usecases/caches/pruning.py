"""Removing from the caches what nothing needs: put aside by one rename each while all environments are held, and then
removed."""

import os
import time
from collections.abc import Callable, Iterator

from comfydock_core.caching.answer_cache import AnswerCache
from comfydock_core.caching.api_cache import APICacheManager
from comfydock_core.caching.base import ContentCacheBase
from comfydock_core.caching.custom_node_cache import CustomNodeCacheManager
from comfydock_core.caching.repository_mirrors import RepositoryMirrors
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.caches.needed import Needed, environment_places, needed_of_caches
from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.models.caches import (
    ANSWERS,
    BISECTIONS,
    LEFTOVERS,
    MIRRORS,
    PACKS,
    SCRATCH,
    CacheEntry,
    CachePruning,
    PrunedCaches,
)
from comfydock_core.models.exceptions import ScopeBusy
from comfydock_core.models.operation import Initiator
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.working_places import left_places, remove_left
from comfydock_core.services.pack_sources import PackSources
from comfydock_core.services.transaction.scope import all_locked
from comfydock_core.utils.faults import fault
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.filesystem import freed_by_removing, remove_tree, taken_on_disk

_CHANGED = "it is another one by now"
_NEEDED = "something needs it by now"


def plan_pruning(layout: WorkspaceLayout, sources: PackSources, age: float, reporter: Reporter) -> CachePruning:
    """What nothing needs and is at least `age` seconds old. Raises `FileSystemError`."""
    needed = needed_of_caches(layout, sources, reporter)
    with disk_errors("look at the caches"):
        unneeded = [_entry(kind, key, path) for kind, key, path in _unneeded(layout, needed) if os.path.lexists(path)]
        limit = time.time() - age
        going = tuple(one for one in unneeded if os.lstat(one.path).st_mtime <= limit)
        frees = freed_by_removing(*(one.path for one in going))
    return CachePruning(going, frees, len(unneeded) - len(going), tuple(needed.doubts))


def prune_caches(
    layout: WorkspaceLayout, sources: PackSources, plan: CachePruning, initiator: Initiator, reporter: Reporter
) -> PrunedCaches:
    """Remove what was planned, but for what was replaced since, is being used or needed by now.

    Raises `ScopeBusy` while an environment is being changed, `ChangedMeanwhile`, `FileSystemError`. What was removed
    until then is gone, and nothing is in parts.
    """
    if not plan.entries:
        return PrunedCaches((), 0, (), plan.doubts)
    with disk_errors("prune the caches"):
        clearing = _Clearing(layout)
        with all_locked(tuple(_scopes(layout)), initiator, reporter):
            needed = needed_of_caches(layout, sources, reporter)
            for entry in plan.entries:
                clearing.put_aside(entry, needed)
        freed = clearing.remove(reporter)
    return PrunedCaches(tuple(clearing.going), freed, tuple(clearing.stayed), tuple(needed.doubts))


def prune_uv_cache(layout: WorkspaceLayout, reporter: Reporter) -> int:
    """Let uv prune its cache, and return the bytes that this freed. Raises `ToolMissing`, `UvFailed`."""
    uv = UVCommand.of_workspace(layout)
    before = freed_by_removing(layout.uv_cache)
    reporter.phase("Pruning uv's cache")
    uv.prune_cache(reporter.line)
    return max(0, before - freed_by_removing(layout.uv_cache))


class _Clearing:
    """What goes: first out of sight, all of it, then for good."""

    def __init__(self, layout: WorkspaceLayout) -> None:
        self.going: list[CacheEntry] = []
        self.stayed: list[tuple[str, str]] = []
        self._contents: dict[str, ContentCacheBase] = {
            PACKS: CustomNodeCacheManager(layout.packs),
            MIRRORS: RepositoryMirrors(layout.git_mirrors),
        }
        self._places: list[tuple[str, Callable[[str], None]]] = []

    def put_aside(self, entry: CacheEntry, needed: Needed) -> None:
        """Take an entry out of sight, unless it has to stay. Raises `OSError`."""
        if _identity(entry.path) != entry.identity:
            self.stayed.append((entry.path, _CHANGED))
        elif (entry.kind == PACKS and needed.needs_pack(entry.key)) or (
            entry.kind == MIRRORS and needed.needs_mirror(entry.key)
        ):
            self.stayed.append((entry.path, _NEEDED))
        else:
            self._put_aside(entry)

    def remove(self, reporter: Reporter) -> int:
        """Remove what was put aside; returns the bytes that are freed. Raises `OSError`."""
        freed = freed_by_removing(*(place for place, _ in self._places))
        for number, (place, remove) in enumerate(self._places, 1):
            reporter.progress("removing", number, len(self._places), "entries")
            fault("cache removal")
            remove(place)
        return freed

    def _put_aside(self, entry: CacheEntry) -> None:
        place, remove = entry.path, remove_left if entry.kind in (BISECTIONS, SCRATCH) else _remove
        if entry.kind in self._contents:
            try:
                place = self._contents[entry.kind].put_aside(entry.key)
            except ScopeBusy as error:
                self.stayed.append((entry.path, error.message))
                return
        self._places.append((place, remove))
        self.going.append(entry)


def _unneeded(layout: WorkspaceLayout, needed: Needed) -> Iterator[tuple[str, str, str]]:
    """The kind, key and path of everything that nothing needs. Raises `OSError`."""
    packs, mirrors = CustomNodeCacheManager(layout.packs), RepositoryMirrors(layout.git_mirrors)
    for key in packs.kept_keys():
        if not needed.needs_pack(key):
            yield PACKS, key, packs.place(key)
    for key in mirrors.kept_keys():
        if not needed.needs_mirror(key):
            yield MIRRORS, key, mirrors.place(key)
    answers, digests = AnswerCache(layout.answers), AnswerCache(f"{layout.packs}/digests")
    unfinished = [
        path for cache in (answers, digests, APICacheManager(layout.http_cache)) for path in cache.unfinished()
    ]
    yield from _named(LEFTOVERS, [*packs.left_aside(), *mirrors.left_aside(), *unfinished])
    yield from _named(ANSWERS, answers.outdated())
    yield from _named(BISECTIONS, left_places(layout.bisections))
    yield from _named(SCRATCH, left_places(layout.scratch))


def _named(kind: str, paths: list[str]) -> Iterator[tuple[str, str, str]]:
    for path in paths:
        yield kind, os.path.basename(path), path


def _entry(kind: str, key: str, path: str) -> CacheEntry:
    return CacheEntry(kind, key, path, taken_on_disk(path, set())[0], _identity(path) or (0, 0))


def _identity(path: str) -> tuple[int, int] | None:
    """Which file or directory has a name; `None` where there is none."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _scopes(layout: WorkspaceLayout) -> list[str]:
    """Whose operations change what is needed: all environments together, and each."""
    if not os.path.isdir(layout.environments):
        return []
    places = [place for place in environment_places(layout) if os.path.isdir(f"{place}/.cec")]
    return [layout.environments, *places]


def _remove(place: str) -> None:
    """Another command may have cleaned up already."""
    if os.path.lexists(place):
        remove_tree(place)
