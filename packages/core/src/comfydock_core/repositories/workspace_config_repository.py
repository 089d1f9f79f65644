"""`.metadata/workspace.json`, changed one key at a time.

A change reads the file anew, keeps every key it does not know, and replaces the file atomically; a file that cannot
be understood is refused and left as it is.
"""

import json
from datetime import datetime

from comfydock_core.models.workspace_config import WorkspaceConfig
from comfydock_core.repositories.workspace_config_reader import read_config, read_raw
from comfydock_core.utils.files import atomic


class WorkspaceConfigRepository:
    """The configuration file of one workspace. Every method raises `WorkspaceDamaged` and `OSError`."""

    def __init__(self, path: str) -> None:
        self._path = path

    def read(self) -> WorkspaceConfig:
        return read_config(self._path)

    def create(self, models_directory: str) -> None:
        """Write the first configuration of a new workspace."""
        now = datetime.now().isoformat()  # Local time without a zone, as ComfyDock 1.x writes and reads it.
        directory = {"path": models_directory, "added_at": now, "last_sync": now}
        self._write({"version": 1, "active_environment": "", "created_at": now, "global_model_directory": directory})

    def write_copy_with_active(self, path: str, name: str | None) -> None:
        """Write what the file would be with `name` active to another place, for an operation to put in place."""
        read_config(self._path)
        WorkspaceConfigRepository(path)._write({**read_raw(self._path), "active_environment": name or ""})

    def write_copy_with_models(self, path: str, directory: str) -> None:
        """The same with another models directory."""
        read_config(self._path)
        raw = read_raw(self._path)
        known = raw.get("global_model_directory")
        raw["global_model_directory"] = {**(known if isinstance(known, dict) else {}), "path": directory}
        WorkspaceConfigRepository(path)._write(raw)

    def set_civitai_token(self, token: str | None) -> None:
        """Store the key (the file becomes readable by its owner only) or remove it."""
        self._change("api_credentials", {"civitai_token": token} if token else None)

    def set_prefer_registry_cache(self, prefer: bool) -> None:
        self._change("prefer_registry_cache", prefer)

    def set_node_policy(self, policy: str) -> None:
        """`warn` of findings in the code of node packs, or `refuse` such packs."""
        self._change("node_policy", policy)

    def _change(self, key: str, value: object) -> None:
        read_config(self._path)  # Refuses what no reader would understand afterwards.
        raw = read_raw(self._path)
        raw[key] = value
        self._write(raw)

    def _write(self, raw: dict[str, object]) -> None:
        private = bool(raw.get("api_credentials"))
        text = json.dumps(raw, indent=2, ensure_ascii=False)
        atomic.write_text(self._path, text, mode=0o600 if private else None)
