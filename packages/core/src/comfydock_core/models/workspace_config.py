"""What `.metadata/workspace.json` says, typed. Format: version 1 of ComfyDock 1.x; the writer keeps unknown keys."""


class WorkspaceConfig:
    """The settings of one workspace. A plain class: it is read on the startup path."""

    __slots__ = ("active_environment", "civitai_token", "models_directory", "prefer_registry_cache")

    def __init__(
        self,
        active_environment: str | None,
        models_directory: str | None,
        civitai_token: str | None,
        prefer_registry_cache: bool,
    ) -> None:
        self.active_environment = active_environment
        self.models_directory = models_directory
        self.civitai_token = civitai_token
        self.prefer_registry_cache = prefer_registry_cache
