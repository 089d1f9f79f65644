"""Where things lie in a workspace: names only, nothing is looked at."""

from comfydock_core import configs

TYPE_CHECKING = False  # Type checkers take it for true; `typing` would cost start time.
if TYPE_CHECKING:
    from comfydock_core.configs.environment_layout import EnvironmentLayout


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
    def place_file(self) -> str:
        return f"{self.root}/.metadata/place"

    @property
    def model_scopes(self) -> str:
        return f"{self.root}/.metadata/model_scopes"

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
    def git_mirrors(self) -> str:
        return f"{self.root}/comfydock_cache/git"

    @property
    def packs(self) -> str:
        """The code of node packs, each release once."""
        return f"{self.root}/comfydock_cache/packs"

    @property
    def http_cache(self) -> str:
        """Answers of servers."""
        return f"{self.root}/comfydock_cache/http"

    @property
    def answers(self) -> str:
        """What programs and code said, as long as nothing that they read changes."""
        return f"{self.root}/comfydock_cache/answers"

    @property
    def node_data(self) -> str:
        """The lists of known node packs, and the index made of them."""
        return f"{self.root}/comfydock_cache/custom_nodes"

    @property
    def model_index(self) -> str:
        """What is known of model files."""
        return f"{self.root}/comfydock_cache/model_index.db"

    @property
    def earlier_model_index(self) -> str:
        """What ComfyDock 1.x or ComfyGit knew of them; never written to."""
        return f"{self.root}/comfydock_cache/models.db"

    @property
    def downloads(self) -> str:
        """The list of downloads that are not finished."""
        return f"{self.root}/comfydock_cache/downloads"

    @property
    def bisections(self) -> str:
        """The environments that bisections try in."""
        return f"{self.root}/comfydock_cache/bisect"

    @property
    def scratch(self) -> str:
        """Where bundles are packed and unpacked."""
        return f"{self.root}/comfydock_cache/bundles"

    @property
    def logs(self) -> str:
        return f"{self.root}/logs"

    @property
    def uv_cache(self) -> str:
        return f"{self.root}/uv_cache"

    @property
    def uv_python(self) -> str:
        return f"{self.root}/uv/python"

    @property
    def uv_python_scratch(self) -> str:
        """Where Python of mirrors is put together. uv passes over whatever begins with a dot."""
        return f"{self.uv_python}/.comfydock"

    def log_file(self, environment: str | None) -> str:
        """The log of an environment, or of the workspace itself for `None`."""
        return f"{self.root}/logs/{environment or 'workspace'}/full.log"

    def changed_files_note(self, environment: str) -> str:
        """Which files of an environment's node packs were changed when they were compared last."""
        return f"{self.root}/logs/{environment}/changed_files.json"

    def import_note(self, environment: str) -> str:
        """What ComfyUI said of an environment's node packs at its last start."""
        return f"{self.root}/logs/{environment}/imports.json"

    def start_reports(self, environment: str) -> str:
        """What ComfyUI said at its starts, a file for each definition."""
        return f"{self.logs}/{environment}/starts"

    def workflow_note(self, environment: str) -> str:
        """What was found in an environment's workflows when they were compared and checked last."""
        return f"{self.root}/logs/{environment}/workflows.json"

    def workflow_reports(self, environment: str) -> str:
        """What checks of workflows reported, a file for each workflow."""
        return f"{self.root}/logs/{environment}/reports"

    def environment(self, name: str) -> "EnvironmentLayout":
        return configs.EnvironmentLayout(f"{self.root}/environments/{name}")
