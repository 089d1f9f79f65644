"""Files that have no name until they are whole, in directories of the user's: a killed command leaves none there."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from typing import IO

_OPEN_FILES = "/proc/self/fd"


class NewFile:
    """A file to be. `stream` takes its content."""

    def __init__(self, stream: IO[bytes], name: str | None) -> None:
        self.stream = stream
        self._name = name

    def put_in_place(self, path: str) -> None:
        """Let the file, which is written to the disk first, have the name `path` in its directory. Raises `OSError`."""
        self.stream.flush()
        os.fsync(self.stream.fileno())
        if self._name is None:
            self._name = _hidden(path)
            # As a directory is named, `linkat` is called, which alone follows the link to the open file.
            directory = os.open(os.path.dirname(path), os.O_RDONLY)
            try:
                os.link(f"{_OPEN_FILES}/{self.stream.fileno()}", self._name, src_dir_fd=directory, follow_symlinks=True)
            finally:
                os.close(directory)
        os.replace(self._name, path)
        self._name = None

    def discard(self) -> None:
        """Remove the name that it has for now, if any. Raises `OSError`."""
        if self._name is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._name)


@contextlib.contextmanager
def new_file(path: str) -> Iterator[NewFile]:
    """A file beside `path`, gone at the end unless it was put in place. Raises `OSError`.

    Where file systems know no files without a name it has a hidden one.
    """
    descriptor, name = _opened(path)
    with open(descriptor, "wb") as stream:
        made = NewFile(stream, name)
        try:
            yield made
        finally:
            made.discard()


def _opened(path: str) -> tuple[int, str | None]:
    if os.path.isdir(_OPEN_FILES) and hasattr(os, "O_TMPFILE"):
        with contextlib.suppress(OSError):  # It is tried with a name then, and that tells what is wrong.
            return os.open(os.path.dirname(path), os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o666), None
    name = _hidden(path)
    return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666), name


def _hidden(path: str) -> str:
    directory, name = os.path.split(path)
    return f"{directory}/.{name}.{secrets.token_hex(4)}.tmp"
