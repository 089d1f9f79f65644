"""What `.metadata/workspace.json` says, typed. Format: version 1 of ComfyDock 1.x; writers keep unknown keys."""


class WorkspaceConfig:
    """The settings of one workspace. A plain class: it is read on the startup path."""

    __slots__ = ("active_environment", "civitai_token", "models_directory", "node_policy", "prefer_registry_cache")

    def __init__(
        self,
        active_environment: str | None,
        models_directory: str | None,
        civitai_token: str | None,
        prefer_registry_cache: bool,
        node_policy: str = "warn",
    ) -> None:
        self.active_environment = active_environment
        self.models_directory = models_directory
        self.civitai_token = civitai_token
        self.prefer_registry_cache = prefer_registry_cache
        # What is done about findings in the code of node packs: `warn` or `refuse`.
        self.node_policy = node_policy
