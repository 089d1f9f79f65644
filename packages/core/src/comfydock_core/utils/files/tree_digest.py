"""One digest of all files below a directory, by which two copies of a tree can be told apart."""

import hashlib
import os
from collections.abc import Iterator

_SKIPPED = frozenset({".git", "__pycache__"})
_MOST_FILES = 20_000
_MOST_BYTES = 256 * 1024 * 1024


def tree_digest(directory: str) -> str | None:
    """`tree sha256:<digest>` of names and contents, `None` for a tree that is too large to be read each time.

    A line for each file, sorted by its path: `<sha256 of the content>  <path>`, for a link `link:<target>  <path>`;
    the digest is that of these lines. Git's own directories and compiled code are left out. Raises `OSError`.
    """
    paths = sorted(_files(directory)) if _is_small(directory) else None
    if paths is None:
        return None
    whole = hashlib.sha256()
    for path in paths:
        line = f"{_content(os.path.join(directory, path))}  {path}\n"
        whole.update(line.encode("utf-8", "surrogateescape"))
    return f"tree sha256:{whole.hexdigest()}"


def _content(path: str) -> str:
    if os.path.islink(path):
        return f"link:{os.readlink(path)}"
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_small(directory: str) -> bool:
    left = _MOST_BYTES
    for count, path in enumerate(_files(directory)):
        left -= os.lstat(os.path.join(directory, path)).st_size
        if left < 0 or count >= _MOST_FILES:
            return False
    return True


def _files(directory: str) -> Iterator[str]:
    """Files and links, relative to the directory. What is neither, such as a socket, has no content."""
    waiting = [""]
    while waiting:
        place = waiting.pop()
        with os.scandir(os.path.join(directory, place)) as entries:
            for entry in entries:
                if entry.name in _SKIPPED:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{place}{entry.name}/")
                elif entry.is_symlink() or entry.is_file(follow_symlinks=False):
                    yield place + entry.name
