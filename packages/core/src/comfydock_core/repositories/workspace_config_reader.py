"""Reading `.metadata/workspace.json`, on the startup path: nothing is loaded that only a writer needs.

Format: version 1 of ComfyDock 1.x. A file that cannot be understood is refused, never replaced by defaults.
"""

import comfydock_core
from comfydock_core.utils import light_json


def read_active_environment(path: str) -> str | None:
    """The one setting that listing environments needs. Raises `WorkspaceDamaged`."""
    return _text(path, read_raw(path), "active_environment") or None


def read_config(path: str) -> "comfydock_core.models.WorkspaceConfig":
    """The typed settings. Raises `WorkspaceDamaged`."""
    raw = read_raw(path)
    return comfydock_core.models.WorkspaceConfig(
        active_environment=_text(path, raw, "active_environment") or None,
        models_directory=_text(path, _table(path, raw, "global_model_directory"), "path") or None,
        civitai_token=_text(path, _table(path, raw, "api_credentials"), "civitai_token") or None,
        prefer_registry_cache=raw.get("prefer_registry_cache") is not False,
        node_policy=_text(path, raw, "node_policy") or "warn",
    )


def read_raw(path: str) -> dict[str, object]:
    """Everything the file says, known or not. Raises `WorkspaceDamaged`."""
    try:
        with open(path, encoding="utf-8") as file:
            raw = light_json.loads(file.read())
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(path, str(error)) from error
    if not isinstance(raw, dict):
        raise _damaged(path, "it holds no JSON object")
    return raw


def _table(path: str, raw: dict[str, object], key: str) -> dict[str, object]:
    value = raw.get(key) or {}
    if not isinstance(value, dict):
        raise _damaged(path, f"`{key}` is not an object")
    return value


def _text(path: str, table: dict[str, object], key: str) -> str:
    value = table.get(key) or ""
    if not isinstance(value, str):
        raise _damaged(path, f"`{key}` is not text")
    return value


def _damaged(path: str, reason: str) -> "comfydock_core.models.WorkspaceDamaged":
    return comfydock_core.models.WorkspaceDamaged(
        f"cannot read the workspace configuration `{path}`: {reason}",
        hint="repair the file by hand or restore it from a backup; it was left as it is",
        context={"path": path},
    )
