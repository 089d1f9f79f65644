"""Hashes of wheels in directories of this machine, which uv locks without one."""

import hashlib
import os
import re

from comfydock_core.integrations.uv_environment import locked_indexes
from comfydock_core.utils import native
from comfydock_core.utils.files import atomic

_PLAIN = re.compile(r'\{ path = "([^"\\]+)" \}')


def note_hashes(lock: str) -> None:
    """Write the hashes of the files that a `uv.lock` takes from such directories into it. Raises `OSError`.

    Pages of an index have hashes themselves, or whoever makes them decided against it: those are not touched.
    """
    text = (native.read_bytes(lock) or b"").decode("utf-8")
    directories = {path for path in locked_indexes(text) if os.path.isabs(path) and os.path.isdir(path)}

    def hashed(match: "re.Match[str]") -> str:
        path = match[1]
        if os.path.dirname(path) not in directories or not os.path.isfile(path):
            return match[0]
        with open(path, "rb", buffering=0) as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return f'{{ path = "{path}", hash = "sha256:{digest}" }}'

    if directories and (filled := _PLAIN.sub(hashed, text)) != text:
        atomic.write_text(lock, filled)
