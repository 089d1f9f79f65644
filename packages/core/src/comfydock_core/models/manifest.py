"""What a manifest says, typed. Format: `pyproject.toml` of ComfyDock 1.x, with keys of ours. On the fast path.

What has the wrong type is refused, never passed over; keys that are not known are nobody's business here.
"""

from comfydock_core.models.exceptions import ManifestDamaged

# What a manifest says of ComfyUI, below `[tool.comfydock]`; it only makes sense together.
COMFYUI_KEYS = ("comfyui_version", "comfyui_version_type", "comfyui_commit_sha", "comfyui_repository")
CLASS_CHOICES = "custom_node_map"  # The table of packs that were chosen for node classes, by class.


class EnvironmentManifest:
    """The sections of one manifest that was read. Every property raises `ManifestDamaged`, naming `path`."""

    __slots__ = ("path", "values")

    def __init__(self, values: dict[str, object], path: str) -> None:
        """`values` are the nested tables of the TOML document at `path`."""
        self.values = values
        self.path = path

    @property
    def tool(self) -> dict[str, object]:
        """`[tool.comfydock]`, empty when it is not there."""
        return table(table(self.values, "tool", self.path), "comfydock", self.path)

    @property
    def nodes(self) -> dict[str, object]:
        """The node packs by identifier, as they are written."""
        return table(self.tool, "nodes", self.path)

    @property
    def workflows(self) -> dict[str, object]:
        """What is noted of workflows, by name."""
        return table(self.tool, "workflows", self.path)

    @property
    def project(self) -> dict[str, object]:
        return table(self.values, "project", self.path)

    @property
    def groups(self) -> dict[str, object]:
        """The dependency groups, one for each node pack among them."""
        return table(self.values, "dependency-groups", self.path)

    @property
    def uv(self) -> dict[str, object]:
        """uv's own settings."""
        return table(table(self.values, "tool", self.path), "uv", self.path)

    @property
    def python_version(self) -> str | None:
        return self._text("python_version")

    @property
    def torch_backend(self) -> str | None:
        """The PyTorch back end, in manifests of 1.x alone; it is a choice of this machine otherwise."""
        return self._text("torch_backend")

    @property
    def comfyui_version(self) -> str | None:
        """A release, a branch or a commit; `comfyui_version_type` tells which."""
        return self._text("comfyui_version")

    @property
    def comfyui_version_type(self) -> str | None:
        """`release`, `branch` or `commit`."""
        return self._text("comfyui_version_type")

    @property
    def comfyui_commit(self) -> str | None:
        """The full commit that ComfyUI is pinned to."""
        return self._text("comfyui_commit_sha")

    @property
    def comfyui_repository(self) -> str | None:
        """ComfyUI's repository where it is another one than upstream's."""
        return self._text("comfyui_repository")

    def _text(self, key: str) -> str | None:
        return text(self.tool, key, self.path)


def table(parent: dict[str, object], key: str, path: str) -> dict[str, object]:
    """The table under `key`, empty when it is not there. Raises `ManifestDamaged` when something else is."""
    value = parent.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise damaged(path, f"`{key}` is not a table")
    return value


def text(parent: dict[str, object], key: str, path: str) -> str | None:
    """The text under `key`, `None` when it is not there or empty. Raises `ManifestDamaged` when it is not text."""
    value = parent.get(key)
    if value is None or isinstance(value, str):
        return value or None
    raise damaged(path, f"`{key}` is not text")


def damaged(path: str, reason: str) -> ManifestDamaged:
    """The error for a manifest that cannot be used."""
    return ManifestDamaged(
        f"cannot read the manifest `{path}`: {reason}",
        hint="repair the file by hand or restore it from the environment's history; it was left as it is",
        context={"path": path},
    )
