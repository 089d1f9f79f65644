"""The caches of a workspace: what they take, what nothing needs, and what was removed."""

from comfydock_core.records import record

# What can be removed, by its kind.
PACKS = "packs"
MIRRORS = "mirrors"
ANSWERS = "answers"
LEFTOVERS = "leftovers"
BISECTIONS = "bisections"
SCRATCH = "scratch"


@record
class CacheSize:
    """What one cache takes on the disk: `size` with every file counted once for all caches, `frees` if it went alone.

    The two differ by files that have another name elsewhere, such as in an environment.
    """

    name: str
    path: str
    size: int
    frees: int
    files: int


@record
class CacheEntry:
    """Something whole that is to go. `identity` is which one it was when it was looked at."""

    kind: str
    key: str
    path: str
    size: int
    identity: tuple[int, int]


@record
class Doubt:
    """What cannot be read, so that everything which it may name stays: of the kinds `stays`, in words."""

    place: str
    reason: str
    stays: str = "node packs and mirrors"


@record
class CachePruning:
    """What is to go, and what that frees. `newer` is how much nothing needs that is too new to go."""

    entries: tuple[CacheEntry, ...]
    frees: int
    newer: int
    doubts: tuple[Doubt, ...]


@record
class PrunedCaches:
    """What went, what that freed, and what stayed after all, each with the reason."""

    entries: tuple[CacheEntry, ...]
    freed: int
    stayed: tuple[tuple[str, str], ...]
    doubts: tuple[Doubt, ...]
