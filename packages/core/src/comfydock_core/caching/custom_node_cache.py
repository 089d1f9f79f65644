"""The code of node packs, kept once for each release, whole or not at all.

`<key>/content` are the files and `<key>/listing.json` says which there must be. Both come into place by one rename,
so that what a killed command left is never taken for whole; what it was making has a name with a dot in front, and goes
when somebody makes something the next time. Packs are read and copied from here, never run.
"""

import contextlib
import json
import os
import secrets
from collections.abc import Iterator

from comfydock_core.caching.base import ContentCacheBase
from comfydock_core.caching.mirror_names import mirror_key
from comfydock_core.records import record
from comfydock_core.utils.faults import fault
from comfydock_core.utils.files import file_locks
from comfydock_core.utils.files.filesystem import remove_tree

_VERSION = 1
_TOKEN_BYTES = 4
_ARCHIVE = "archive-"
_CHECKOUT = "git-"
_PLACE = ".place"


@record
class CachedNodeInfo:
    """A pack that is there with all its files. `missing` says what could not be had when it was made."""

    directory: str
    missing: tuple[str, ...] = ()


class CustomNodeCacheManager(ContentCacheBase):
    """The packs of one workspace. Every method can be used by several processes at once."""

    def _is_entry(self, name: str) -> bool:
        return name.startswith((_ARCHIVE, _CHECKOUT)) and not name.endswith(".lock")

    def _locks_of(self, key: str) -> tuple[str, ...]:
        """An archive that is fetched is known by its address until it is put in place."""
        return (key, f"{key}{_PLACE}")

    def find(self, key: str) -> CachedNodeInfo | None:
        """What is kept under a key, if every file is there with the size it had, and no other. Raises nothing."""
        try:
            with open(f"{self._directory}/{key}/listing.json", encoding="utf-8", errors="surrogateescape") as file:
                known = json.load(file)
            content = f"{self._directory}/{key}/content"
            whole = isinstance(known, dict) and known.get("version") == _VERSION
            if not whole or known.get("files") != _listing(content):
                return None
        except (OSError, ValueError, RecursionError):
            return None
        missing = known.get("missing")
        return CachedNodeInfo(content, tuple(map(str, missing)) if isinstance(missing, list) else ())

    @contextlib.contextmanager
    def making(self, key: str, shown: str) -> Iterator[str]:
        """Be alone with a key, and get an empty directory to work in, which goes in the end.

        Raises `ScopeBusy` when another command holds it for too long, and `OSError`.
        """
        with self._making(key, shown):
            work = f"{self._directory}/.{key}.{secrets.token_hex(_TOKEN_BYTES)}"
            os.mkdir(work)
            try:
                yield work
            finally:
                remove_tree(work)

    def settle(self, key: str, content: str, shown: str, missing: tuple[str, ...] = ()) -> CachedNodeInfo:
        """Keep a directory of a working directory as `key`; one that is there and damaged goes.

        Raises `ScopeBusy`, `OSError`. The caller holds `key`, or one that leads to it.
        """
        made = f"{os.path.dirname(content)}/made"
        os.mkdir(made)
        known = {"version": _VERSION, "files": _listing(content), "missing": list(missing)}
        with open(f"{made}/listing.json", "w", encoding="utf-8", errors="surrogateescape") as file:
            json.dump(known, file)
        os.rename(content, f"{made}/content")
        place = f"{self._directory}/{key}"
        with self._alone_with(f"{key}{_PLACE}", shown):
            fault("keep pack")
            if os.path.lexists(place):
                os.rename(place, f"{os.path.dirname(content)}/old")
            fault("replace pack")
            os.rename(made, place)
        return CachedNodeInfo(f"{place}/content", missing)

    def _is_leftover(self, name: str, key: str) -> bool:
        """Also what was made under other keys, which nobody holds.

        Names are never used twice, so that a directory whose maker is gone stays nobody's.
        """
        owner = name[1 : -2 * _TOKEN_BYTES - 1]
        return owner == key or file_locks.is_free(f"{self._directory}/{owner}.lock")


def archive_key(sha256: str) -> str:
    """The key of a release that came as an archive, by the archive's SHA-256."""
    return f"{_ARCHIVE}{sha256}"


def checkout_key(repository: str, commit: str) -> str:
    """The key of a release from git, by its commit in full."""
    return f"{checkouts_of(repository)}{commit}"


def checkouts_of(repository: str) -> str:
    """What the keys of all releases from a repository begin with."""
    return f"{_CHECKOUT}{mirror_key(repository)}-"


def _listing(directory: str) -> dict[str, int]:
    """Every file and link below a directory with its size. Raises `OSError`."""
    found: dict[str, int] = {}
    waiting = [""]
    while waiting:
        place = waiting.pop()
        with os.scandir(f"{directory}/{place}") as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{place}{entry.name}/")
                else:
                    found[f"{place}{entry.name}"] = entry.stat(follow_symlinks=False).st_size
    return found
