"""What is under a name, in one short text, so that a change of it is noticed.

A file is known by its content, a link by its target, a directory by its identity: what changes *inside* a directory
goes along with it wherever it is renamed to, so nothing is lost by not looking. A large file, which is a model, is
known by its size, its time and which file it is: reading it again for each look would take minutes. Git's index is
known by what it lists: whoever asks git how things stand makes it write anew when it last looked at each file.
"""

import hashlib
import os
import stat
from io import BufferedReader

from comfydock_core.utils.files.git_index import digest_of_entries, read_index

_LARGE = 1 << 26  # Bytes; no file of an environment's definition comes near that.
_INDEX = b"DIRC"  # What an index begins with, wherever it is kept.


def fingerprint(path: str) -> str | None:
    """`file:<sha256>`, `large:<size>:<mtime>:<inode>`, `link:<target>`, `directory:<inode>` or `index:<sha256>`.

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
            return _of_index(file.read()) if file.peek(len(_INDEX)).startswith(_INDEX) else _of_content(file)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _of_content(file: BufferedReader) -> str:
    return f"file:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _of_index(content: bytes) -> str:
    entries = read_index(content)
    if entries is None:
        return f"file:{hashlib.sha256(content).hexdigest()}"
    return f"index:{digest_of_entries(entries)}"
