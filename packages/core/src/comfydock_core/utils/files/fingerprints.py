"""What is under a name, in one short text, so that a change of it is noticed.

A file is known by its content, a link by its target, a directory by its identity: what changes *inside* a directory
goes along with it wherever it is renamed to, so nothing is lost by not looking. A large file, which is a model, is
known by its size, its time and which file it is: reading it again for each look would take minutes.
"""

import hashlib
import os
import stat

_LARGE = 1 << 26  # Bytes; no file of an environment's definition comes near that.


def fingerprint(path: str) -> str | None:
    """`file:<sha256>`, `large:<size>:<mtime>:<inode>`, `link:<target>` or `directory:<inode>`.

    `None` when nothing is there. Raises `OSError`.
    """
    try:
        found = os.lstat(path)
        if stat.S_ISLNK(found.st_mode):
            return f"link:{os.readlink(path)}"
        if stat.S_ISDIR(found.st_mode):
            return f"directory:{found.st_ino}"
        if not stat.S_ISREG(found.st_mode):
            return f"special:{found.st_ino}"
        if found.st_size > _LARGE:
            return f"large:{found.st_size}:{found.st_mtime_ns}:{found.st_ino}"
        with open(path, "rb") as file:
            return f"file:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except (FileNotFoundError, NotADirectoryError):
        return None
