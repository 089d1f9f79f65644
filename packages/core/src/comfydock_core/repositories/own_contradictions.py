"""Files of a virtual environment that are not what the `RECORD` of their own wheel says, although nobody changed them.

Some wheels are published that way. The note lies with the record of the installation; a line of it is a digest, a size
and a path.
"""

import re

from comfydock_core.repositories.install_record import record_directory
from comfydock_core.utils import native
from comfydock_core.utils.files import atomic

_NAME = "contradictions"
_LINE = re.compile(r"(?P<digest>[^ ]+) (?P<size>[0-9]{1,18}) (?P<path>.+)", re.ASCII)

Contradictions = dict[str, tuple[str, int]]


def read_contradictions(venv: str) -> Contradictions:
    """The digest and the size of each such file as it was installed, by its path. Raises `OSError`.

    A line that says something else is passed over: the file counts as changed then.
    """
    content = native.read_bytes(f"{record_directory(venv)}/{_NAME}") or b""
    lines = map(_LINE.fullmatch, content.decode("utf-8", "surrogateescape").splitlines())
    return {line["path"]: (line["digest"], int(line["size"])) for line in lines if line is not None}


def note_contradictions(venv: str, found: Contradictions) -> None:
    """Add to the note. Raises `OSError`."""
    known = {**read_contradictions(venv), **found}
    lines = "".join(f"{digest} {size} {path}\n" for path, (digest, size) in sorted(known.items()))
    atomic.write_text(f"{record_directory(venv)}/{_NAME}", lines)
