"""Reading an environment's manifest, on the fast path: `tomllib`, nothing else."""

import tomllib

from comfydock_core.models.exceptions import ManifestDamaged
from comfydock_core.utils import native


def read_manifest_text(path: str) -> str:
    """The manifest as it is. Raises `ManifestDamaged` when it is missing or not UTF-8 text."""
    try:
        content = native.read_bytes(path)
        if content is None:
            raise _damaged(path, "there is no such file")
        return content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(path, str(error)) from error


def read_manifest(path: str) -> dict[str, object]:
    """The manifest as nested tables. Raises `ManifestDamaged`, naming the place."""
    try:
        return tomllib.loads(read_manifest_text(path))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _damaged(path, str(error)) from error


def tool_table(manifest: dict[str, object], path: str) -> dict[str, object]:
    """`[tool.comfydock]`, empty when it is not there. Raises `ManifestDamaged` when something else is."""
    return table(table(manifest, "tool", path), "comfydock", path)


def table(parent: dict[str, object], key: str, path: str) -> dict[str, object]:
    """The table under `key`, empty when it is not there. Raises `ManifestDamaged` when something else is."""
    value = parent.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _damaged(path, f"`{key}` is no table")
    return value


def text(parent: dict[str, object], key: str, path: str) -> str | None:
    """The text under `key`, `None` when it is not there or empty. Raises `ManifestDamaged` when it is no text."""
    value = parent.get(key)
    if value is None or isinstance(value, str):
        return value or None
    raise _damaged(path, f"`{key}` is no text")


def _damaged(path: str, reason: str) -> ManifestDamaged:
    return ManifestDamaged(
        f"cannot read the manifest `{path}`: {reason}",
        hint="repair the file by hand or restore it from the environment's history; it was left as it is",
        context={"path": path},
    )
