"""Reading an environment's manifest, on the fast path: `tomllib` and nothing else."""

import tomllib

from comfydock_core.models.manifest import damaged
from comfydock_core.utils import native


def read_manifest_text(path: str) -> str:
    """The manifest as it is. Raises `ManifestDamaged` when it is missing or not UTF-8 text."""
    try:
        content = native.read_bytes(path)
        if content is None:
            raise damaged(path, "there is no such file")
        return content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise damaged(path, str(error)) from error


def read_manifest(path: str) -> dict[str, object]:
    """The manifest as nested tables. Raises `ManifestDamaged`, naming the place."""
    try:
        return tomllib.loads(read_manifest_text(path))
    except (ValueError, RecursionError) as error:
        raise damaged(path, str(error)) from error
