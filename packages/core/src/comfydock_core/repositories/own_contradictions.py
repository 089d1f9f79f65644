"""Files of a virtual environment that are not what the `RECORD` of their own wheel says, although nobody changed them.

Some wheels are published that way. The note lies with the record of the installation; a line of it is a digest, a size
and a path.
"""

from comfydock_core.repositories.install_record import record_directory
from comfydock_core.utils import native
from comfydock_core.utils.files import atomic

_NAME = "contradictions"

Contradictions = dict[str, tuple[str, int]]


def read_contradictions(venv: str) -> Contradictions:
    """The digest and the size of each such file as it was installed, by its path. Raises `OSError`."""
    content = native.read_bytes(f"{record_directory(venv)}/{_NAME}") or b""
    parts = (line.split(" ", 2) for line in content.decode("utf-8", "surrogateescape").splitlines())
    return {path: (digest, int(size)) for digest, size, path in (part for part in parts if len(part) == 3)}


def note_contradictions(venv: str, found: Contradictions) -> None:
    """Add to the note. Raises `OSError`."""
    known = {**read_contradictions(venv), **found}
    lines = "".join(f"{digest} {size} {path}\n" for path, (digest, size) in sorted(known.items()))
    atomic.write_text(f"{record_directory(venv)}/{_NAME}", lines)
