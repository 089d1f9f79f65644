"""Where things lie in an environment: names only, nothing is looked at."""

# The choice of one machine, first line the back end; not versioned. ComfyGit's file of the same name may say more.
BACKEND_CHOICE = ".pytorch-backend"
# One directory for each back end that PyTorch is locked for, versioned.
BACKENDS = "backends"
PART = "pylock.toml"
# The copies of the workflows in a definition.
WORKFLOWS = "workflows/"
# Git's index of the definition, by its name in the environment.
INDEX = ".cec/.git/index"


def part_path(definition: str, backend: str) -> str:
    """Where the lock of PyTorch for a back end lies in a definition."""
    return f"{definition}/{BACKENDS}/{backend}/{PART}"


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
    def workflows(self) -> str:
        """The workflows that ComfyUI saves and opens, in subdirectories too."""
        return f"{self.root}/ComfyUI/user/default/workflows"

    @property
    def committed_workflows(self) -> str:
        """The copies of them that the definition has."""
        return f"{self.root}/.cec/workflows"

    @property
    def models_link(self) -> str:
        return f"{self.root}/ComfyUI/models"
