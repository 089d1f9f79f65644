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
from dataclasses import dataclass

from comfydock_core.integrations import process
from comfydock_core.models.protocols import Reporter
from comfydock_core.utils import file_locks
from comfydock_core.utils.faults import fault
from comfydock_core.utils.filesystem import remove_tree

_VERSION = 1
_TOKEN_BYTES = 4


@dataclass(frozen=True, slots=True)
class KeptPack:
    """A pack that is there with all its files. `missing` says what could not be had when it was made."""

    directory: str
    missing: tuple[str, ...] = ()


class PackCache:
    """One directory. Every method can be used by several processes at once."""

    def __init__(self, directory: str) -> None:
        """`directory` is made when it is needed."""
        self._directory = directory

    def find(self, key: str) -> KeptPack | None:
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
        return KeptPack(content, tuple(map(str, missing)) if isinstance(missing, list) else ())

    @contextlib.contextmanager
    def making(self, key: str, shown: str, reporter: Reporter) -> Iterator[str]:
        """Be alone with a key, and get an empty directory to work in, which goes in the end. Raises `OSError`.

        Children hold the lock too, so that an orphan is never joined by another one.
        """
        with self._locked(key, shown, reporter) as lock, process.inherited(lock):
            self._remove_leftovers(key)
            work = f"{self._directory}/.{key}.{secrets.token_hex(_TOKEN_BYTES)}"
            os.mkdir(work)
            try:
                yield work
            finally:
                remove_tree(work)

    def settle(self, key: str, content: str, shown: str, reporter: Reporter, missing: tuple[str, ...] = ()) -> KeptPack:
        """Keep a directory of a working directory as `key`; one that is there and damaged goes. Raises `OSError`.

        The caller holds `key`, or one that leads to it.
        """
        made = f"{os.path.dirname(content)}/made"
        os.mkdir(made)
        known = {"version": _VERSION, "files": _listing(content), "missing": list(missing)}
        with open(f"{made}/listing.json", "w", encoding="utf-8", errors="surrogateescape") as file:
            json.dump(known, file)
        os.rename(content, f"{made}/content")
        place = f"{self._directory}/{key}"
        with self._locked(f"{key}.place", shown, reporter):
            fault("keep pack")
            if os.path.lexists(place):
                os.rename(place, f"{os.path.dirname(content)}/old")
            fault("replace pack")
            os.rename(made, place)
        return KeptPack(f"{place}/content", missing)

    @contextlib.contextmanager
    def _locked(self, key: str, shown: str, reporter: Reporter) -> Iterator[int]:
        os.makedirs(self._directory, exist_ok=True)

        def on_wait() -> None:
            reporter.phase(f"Waiting for another command that fetches {shown}")

        lock = file_locks.take_waiting(f"{self._directory}/{key}.lock", on_wait)
        try:
            yield lock
        finally:
            os.close(lock)

    def _remove_leftovers(self, key: str) -> None:
        """What killed commands were making: under this key, and under others that nobody holds.

        Names are never used twice, so that a directory whose maker is gone stays nobody's.
        """
        for name in os.listdir(self._directory):
            owner = name[1 : -2 * _TOKEN_BYTES - 1]
            if not name.startswith(".") or not (owner == key or self._is_free(owner)):
                continue
            with contextlib.suppress(OSError):  # The next command tries again.
                remove_tree(f"{self._directory}/{name}")

    def _is_free(self, key: str) -> bool:
        return file_locks.is_free(f"{self._directory}/{key}.lock")


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
