"""What the caches of a workspace have in common: answers that may be lost, and content that must be whole."""

import contextlib
import os
from collections.abc import Iterator

# What locks and writes is loaded when something is kept: most commands only look.
from comfydock_core.utils import files, waiting


class CacheBase:
    """One directory with a file for each answer. One that cannot be read or written costs time, never a failure."""

    def __init__(self, directory: str) -> None:
        """`directory` is made when something is kept."""
        self._directory = directory

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

    def __init__(self, directory: str) -> None:
        """`directory` is made when it is needed."""
        self._directory = directory

    @contextlib.contextmanager
    def _alone_with(self, key: str, what: str) -> Iterator[None]:
        """Hold a key; `what` names in messages what it stands for. Raises `ScopeBusy`, `OSError`.

        Another command that holds it is waited for as long as `--wait` says, and for quite long without. Children do
        not hold it: they end with us, and what one of them wrote a moment longer is a leftover of a name of its own.
        """
        os.makedirs(self._directory, exist_ok=True)
        path = f"{self._directory}/{key}.lock"
        words = files.locks.words_of_this_process()
        with files.locks.acquire(path, what, words, wait=waiting.patience(), state="being fetched"):
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
