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
    return parse_manifest(read_manifest_text(path), path)


def parse_manifest(text: str, path: str) -> dict[str, object]:
    """The same for a text that is at hand. Raises `ManifestDamaged`, naming `path`."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise damaged(path, str(error)) from error
