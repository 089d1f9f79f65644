"""Values of the index of models as columns of its rows, and back. On the path of `model index find`."""

import sys

from comfydock_core.models.model_files.location import FileState, ModelLocation
from comfydock_core.utils import light_json

COLUMNS = (
    "roots.path, locations.path, folder, locations.size, mtime_ns, inode, device, locations.blake3, sha256, header,"
    " present"
)
_HALF, _WHOLE = 1 << 63, 1 << 64


def stored(name: str) -> str | bytes:
    """A name as it is kept: text, or bytes where the name is no text in UTF-8."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return name.encode(sys.getfilesystemencoding(), "surrogateescape")
    return name


def text(name: str | bytes) -> str:
    """A name that was kept."""
    return name.decode(sys.getfilesystemencoding(), "surrogateescape") if isinstance(name, bytes) else name


def signed(number: int) -> int:
    """A number of 64 bits without a sign, which inodes and devices may need, as one that SQLite can keep."""
    return number if number < _HALF else number - _WHOLE


def state_values(state: FileState) -> tuple[int, int, int, int]:
    """The columns size, mtime_ns, inode and device."""
    return state.size, state.mtime_ns, signed(state.inode), signed(state.device)


def location(row: tuple) -> ModelLocation:  # type: ignore[type-arg]
    """A row of `COLUMNS`."""
    root, path, folder, size, mtime_ns, inode, device, blake3, sha256, header, present = row
    return ModelLocation(
        root=text(root),
        path=text(path),
        folder=folder,
        state=FileState(size, mtime_ns, inode % _WHOLE, device % _WHOLE),
        blake3=blake3,
        sha256=sha256,
        header=None if header is None else light_json.loads(header),  # type: ignore[arg-type]
        absent=not present,
    )
