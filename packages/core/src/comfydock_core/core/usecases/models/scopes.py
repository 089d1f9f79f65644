"""In which directory a model file is changed: the one whose operations keep what is taken away, on the same disk."""

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A model file as operations name it: a `path` in the directory `scope`."""

    scope: str
    path: str


def file_place(root: str, path: str) -> FilePlace:
    """Below the root of the file where that is on the same disk, else in the file's own directory. Raises `OSError`.

    Links above the file are followed, the file itself is what is there: for a link, the link.
    """
    directory, name = os.path.split(path)
    directory, root = os.path.realpath(directory), os.path.realpath(root)
    is_below = directory == root or directory.startswith(f"{root}{os.sep}")
    if is_below and os.stat(directory).st_dev == os.stat(root).st_dev:
        return FilePlace(root, os.path.relpath(os.path.join(directory, name), root))
    return FilePlace(directory, name)
