"""Looking into a manifest that was read, on the fast path. What has the wrong type is refused, never passed over."""

from comfydock_core.models.exceptions import ManifestDamaged


def tool_table(manifest: dict[str, object], path: str) -> dict[str, object]:
    """`[tool.comfydock]`, empty when it is not there. Raises `ManifestDamaged` when something else is."""
    return table(table(manifest, "tool", path), "comfydock", path)


def table(parent: dict[str, object], key: str, path: str) -> dict[str, object]:
    """The table under `key`, empty when it is not there. Raises `ManifestDamaged` when something else is."""
    value = parent.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise damaged(path, f"`{key}` is no table")
    return value


def text(parent: dict[str, object], key: str, path: str) -> str | None:
    """The text under `key`, `None` when it is not there or empty. Raises `ManifestDamaged` when it is no text."""
    value = parent.get(key)
    if value is None or isinstance(value, str):
        return value or None
    raise damaged(path, f"`{key}` is no text")


def damaged(path: str, reason: str) -> ManifestDamaged:
    """The error for a manifest that cannot be used."""
    return ManifestDamaged(
        f"cannot read the manifest `{path}`: {reason}",
        hint="repair the file by hand or restore it from the environment's history; it was left as it is",
        context={"path": path},
    )
