"""Where things lie in a workspace and in an environment: names only, nothing is looked at."""


class WorkspaceLayout:
    """The paths of one workspace, as text."""

    __slots__ = ("root",)

    def __init__(self, root: str) -> None:
        self.root = root.rstrip("/") or "/"

    @property
    def metadata(self) -> str:
        return f"{self.root}/.metadata"

    @property
    def config_file(self) -> str:
        return f"{self.root}/.metadata/workspace.json"

    @property
    def environments(self) -> str:
        return f"{self.root}/environments"

    @property
    def models(self) -> str:
        return f"{self.root}/models"

    @property
    def cache(self) -> str:
        return f"{self.root}/comfydock_cache"

    @property
    def logs(self) -> str:
        return f"{self.root}/logs"

    @property
    def uv_cache(self) -> str:
        return f"{self.root}/uv_cache"

    @property
    def uv_python(self) -> str:
        return f"{self.root}/uv/python"

    def log_file(self, environment: str | None) -> str:
        """The log of an environment, or of the workspace itself for `None`."""
        return f"{self.root}/logs/{environment or 'workspace'}/full.log"

    def environment(self, name: str) -> "EnvironmentLayout":
        return EnvironmentLayout(f"{self.root}/environments/{name}")


class EnvironmentLayout:
    """The paths of one environment, as text."""

    __slots__ = ("root",)

    def __init__(self, root: str) -> None:
        self.root = root

    @property
    def name(self) -> str:
        return self.root.rpartition("/")[2]

    @property
    def definition(self) -> str:
        """`.cec`: the versioned definition, a git repository."""
        return f"{self.root}/.cec"

    @property
    def manifest(self) -> str:
        return f"{self.root}/.cec/pyproject.toml"

    @property
    def lock(self) -> str:
        return f"{self.root}/.cec/uv.lock"

    @property
    def python_version(self) -> str:
        return f"{self.root}/.cec/.python-version"

    @property
    def complete_marker(self) -> str:
        return f"{self.root}/.cec/.complete"

    @property
    def venv(self) -> str:
        return f"{self.root}/.venv"

    @property
    def comfyui(self) -> str:
        return f"{self.root}/ComfyUI"

    @property
    def custom_nodes(self) -> str:
        return f"{self.root}/ComfyUI/custom_nodes"

    @property
    def models_link(self) -> str:
        return f"{self.root}/ComfyUI/models"
