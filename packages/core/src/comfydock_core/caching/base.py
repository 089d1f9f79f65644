"""What the caches of a workspace have in common: answers that may be lost, and content that must be whole."""

import contextlib
import os
import re
import secrets
import time
from collections.abc import Iterator

# What locks and writes is loaded when something is kept: most commands only look.
from comfydock_core.utils import files, waiting
from comfydock_core.utils.faults import fault

_LOCK = ".lock"
_TOKEN_BYTES = 4
_ASIDE = re.compile(r"\.(?P<key>.+)\.[0-9a-f]{8}(?:-old)?")
# No file is being written for that long.
_ABANDONED_SECONDS = 24 * 3600.0


class CacheBase:
    """One directory with a file for each answer. One that cannot be read or written costs time, never a failure."""

    def __init__(self, directory: str) -> None:
        """`directory` is made when something is kept."""
        self._directory = directory

    def unfinished(self) -> list[str]:
        """The files that killed commands were writing. Raises `OSError`."""
        return [path for path in self._older_than(_ABANDONED_SECONDS) if os.path.basename(path).startswith(".")]

    def _older_than(self, seconds: float) -> list[str]:
        """Every file that was last written so long ago. Raises `OSError`."""
        if not os.path.isdir(self._directory):
            return []
        limit = time.time() - seconds
        with os.scandir(self._directory) as entries:
            return sorted(one.path for one in entries if one.stat(follow_symlinks=False).st_mtime < limit)

    def _keep(self, path: str, content: bytes, *, mode: int = 0o644, durable: bool = True) -> bool:
        """Put a file in place, whole or not at all; whether it is there now."""
        try:
            os.makedirs(self._directory, exist_ok=True)
            files.atomic.write_bytes(path, content, mode=mode, durable=durable)
        except OSError:
            return False
        return True


class ContentCacheBase:
    """One directory of larger things, each under a key. Several processes at once may use it.

    What is being made lies beside the others as `.<key>.<token>`; only the holder of `<key>.lock` makes or removes
    it, and what a killed command left there goes when somebody holds the key the next time.
    """

    _ending = ""  # What the name of an entry has behind its key.

    def __init__(self, directory: str) -> None:
        """`directory` is made when it is needed."""
        self._directory = directory

    def kept_keys(self) -> list[str]:
        """The keys of everything that is kept, whole or not. Raises `OSError`."""
        return [name.removesuffix(self._ending) for name in self._names() if self._is_entry(name)]

    def place(self, key: str) -> str:
        """Where what is kept under a key is or would be."""
        return f"{self._directory}/{key}{self._ending}"

    def put_aside(self, key: str) -> str:
        """Take what is kept under a key out of everybody's sight by one rename, and return where it is now.

        It is what killed commands leave from then on, so whoever cleans up next removes it if the caller does not.
        Raises `ScopeBusy` at once when another command holds the key, `OSError`.
        """
        place, aside = self.place(key), f"{self._directory}/.{key}.{secrets.token_hex(_TOKEN_BYTES)}"
        with contextlib.ExitStack() as held:
            for lock in self._locks_of(key):
                held.enter_context(self._alone_with(lock, f"`{place}`", wait=0))
            fault("before cache prune")
            os.rename(place, aside)
            fault("after cache prune")
            for lock in self._locks_of(key):
                # While it is held: whoever waits for it sees that it is another one.
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(f"{self._directory}/{lock}{_LOCK}")
        return aside

    def left_aside(self) -> list[str]:
        """What lies hidden among the entries, and which nobody is making. Raises `OSError`."""
        found = [(match["key"], name) for name in self._names() if (match := _ASIDE.fullmatch(name))]
        return [f"{self._directory}/{name}" for key, name in found if self._is_nobodys(key)]

    def _names(self) -> list[str]:
        return sorted(os.listdir(self._directory)) if os.path.isdir(self._directory) else []

    def _is_entry(self, name: str) -> bool:
        return not name.startswith(".") and name.endswith(self._ending)

    def _locks_of(self, key: str) -> tuple[str, ...]:
        """The keys whose holders put an entry in place."""
        return (key,)

    def _is_nobodys(self, key: str) -> bool:
        """Whether nobody holds a key. Names beside it are never used twice, so they stay nobody's."""
        return all(files.locks.is_free(f"{self._directory}/{lock}{_LOCK}") for lock in self._locks_of(key))

    @contextlib.contextmanager
    def _alone_with(self, key: str, what: str, *, wait: float | None = None) -> Iterator[None]:
        """Hold a key; `what` names in messages what it stands for. Raises `ScopeBusy`, `OSError`.

        Another command that holds it is waited for `wait` seconds; otherwise as long as `--wait` says, and for quite
        long without. Children do not hold it: they end with us, and what one of them wrote a moment longer is a
        leftover of a name of its own.
        """
        os.makedirs(self._directory, exist_ok=True)
        path = f"{self._directory}/{key}{_LOCK}"
        words = files.locks.words_of_this_process()
        seconds = waiting.patience() if wait is None else wait
        with files.locks.acquire(path, what, words, wait=seconds, state="being fetched"):
            yield

    @contextlib.contextmanager
    def _making(self, key: str, what: str) -> Iterator[None]:
        """Hold a key without leftovers. Raises what `_alone_with` raises."""
        with self._alone_with(key, what):
            self._remove_leftovers(key)
            yield

    def _remove_leftovers(self, key: str) -> None:
        """Remove what killed commands were making. What cannot be removed now is tried again by the next command."""
        for name in os.listdir(self._directory):
            if name.startswith(".") and self._is_leftover(name, key):
                path = f"{self._directory}/{name}"
                with contextlib.suppress(OSError):
                    files.filesystem.remove_tree(path) if os.path.isdir(path) and not os.path.islink(
                        path
                    ) else os.unlink(path)

    def _is_leftover(self, name: str, key: str) -> bool:
        """Whether a hidden name is nobody's, seen by the holder of `key`."""
        return name.startswith(f".{key}.")
