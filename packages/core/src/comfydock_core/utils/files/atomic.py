"""The only writer of single state files: temporary name, fsync, rename."""

import contextlib
import os
import tempfile


def write_text(path: str, text: str, *, mode: int | None = None) -> None:
    """Replace `path` by `text` in UTF-8: afterwards the file holds the old text or the new one, never a part.

    `mode` are the permission bits; without it an existing file keeps its own and a new one gets 0644. Raises `OSError`.
    """
    write_bytes(path, text.encode("utf-8", "surrogateescape"), mode=mode)


def write_bytes(path: str, content: bytes, *, mode: int | None = None, durable: bool = True) -> None:
    """Like `write_text`, for what is not text.

    Without `durable` a power cut may leave a damaged file: for what is checked when it is read, and made again.
    """
    directory, name = os.path.split(path)
    if mode is None:
        try:
            mode = os.stat(path).st_mode & 0o777
        except FileNotFoundError:
            mode = 0o644
    descriptor, temporary = tempfile.mkstemp(prefix=f".{name}.", suffix=".tmp", dir=directory)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    if durable:
        sync_directory(directory)


def sync_directory(path: str) -> None:
    """Make renames in a directory durable. Does nothing where directories cannot be opened (Windows)."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
