"""`Workspace`: a small door to the subjects of a workspace, each a class of its own that loads when it is touched.

What the startup path needs, finding environments and reading settings, is done here.
"""

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core import finding
from comfydock_core.repositories.workspace_config_reader import read_config

TYPE_CHECKING = False  # Type checkers take it for true; `typing` would cost start time.
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from comfydock_core.configs.environment_layout import EnvironmentLayout
    from comfydock_core.core.bundles import Bundles
    from comfydock_core.core.caches import Caches
    from comfydock_core.core.comfyui import ComfyUI
    from comfydock_core.core.definitions import Definitions
    from comfydock_core.core.downloads import Downloads
    from comfydock_core.core.environment import Environment
    from comfydock_core.core.environments import Environments
    from comfydock_core.core.health import Health
    from comfydock_core.core.history import History
    from comfydock_core.core.mirrors import Mirrors
    from comfydock_core.core.model_roots import ModelRoots
    from comfydock_core.core.models import Models
    from comfydock_core.core.moves import Moves
    from comfydock_core.core.operations import Operations
    from comfydock_core.core.packages import Packages
    from comfydock_core.core.packs import Packs
    from comfydock_core.core.registry import Registry
    from comfydock_core.core.remotes import Remotes
    from comfydock_core.core.services_bundle import WorkspaceServices
    from comfydock_core.core.workflows import Workflows
    from comfydock_core.models.environments.initialisation import InitialisationPlan
    from comfydock_core.models.operation import Initiator
    from comfydock_core.models.protocols import Reporter
    from comfydock_core.models.workspace_config import WorkspaceConfig
    from comfydock_core.repositories.workspace_config_repository import WorkspaceConfigRepository


class Workspace:
    """One workspace on disk. Cheap to make; each method loads what it needs."""

    def __init__(self, layout: WorkspaceLayout, services: "Callable[[], WorkspaceServices] | None" = None) -> None:
        """`services` is called at most when an environment is planned or created; factories provide it."""
        self.layout = layout
        self._services = services

    @classmethod
    def find(cls) -> "Workspace":
        """The workspace of `COMFYDOCK_HOME` or `~/comfydock`. Raises `WorkspaceNotFound`.

        For everything but creating environments; `factories.workspace_factory.find_workspace` finds one for that.
        """
        return cls(finding.find_workspace())

    @staticmethod
    def plan_initialisation(path: str | None = None, models_dir: str | None = None) -> "InitialisationPlan":
        """What `initialise` will make, at `path` or where a workspace is looked for.

        Raises `WorkspaceExists`, and `InvalidSetting` for a models directory that is none.
        """
        from comfydock_core.core.usecases.workspace.initialising import plan_initialisation

        return plan_initialisation(path or finding.workspace_root(), models_dir)

    @classmethod
    def initialise(cls, plan: "InitialisationPlan") -> "Workspace":
        """Make the planned workspace, all of it or nothing. Raises `FileSystemError`, `WorkspaceExists`."""
        from comfydock_core.core.usecases.workspace.initialising import initialise

        return cls(initialise(plan))

    def config(self) -> "WorkspaceConfig":
        """The settings, read anew. Raises `WorkspaceDamaged`."""
        return read_config(self.layout.config_file)

    def active_environment(self) -> str | None:
        """The name of the active environment, which may be gone. Raises `WorkspaceDamaged`."""
        return finding.active_environment(self.layout)

    def settings(self) -> "WorkspaceConfigRepository":
        """The settings, to change them."""
        from comfydock_core.repositories.workspace_config_repository import WorkspaceConfigRepository

        return WorkspaceConfigRepository(self.layout.config_file)

    def environment_names(self) -> list[str]:
        """Every finished environment, sorted by name."""
        return finding.environment_names(self.layout)

    def environment(self, name: str | None) -> "EnvironmentLayout":
        """The environment `name`, or the active one. Raises `EnvironmentNotFound`, `NoActiveEnvironment`."""
        active = self.active_environment() if name is None else None
        return finding.choose_environment(self.layout, name, active)

    def open_environment(self, name: str | None) -> "Environment":
        """The environment `name`, or the active one, to work with. Raises what `environment` raises."""
        from comfydock_core.core.environment import Environment

        return Environment(self.environment(name), self.layout)

    def exclusive(
        self, initiator: "Initiator", reporter: "Reporter", name: str | None = None
    ) -> "AbstractContextManager[None]":
        """Hold the workspace while inside, so that what is planned there is still true when it is carried out.

        With `name` it is that environment that is held. Raises `ScopeBusy`, `EnvironmentNotFound`. Changes take this
        lock themselves; holding it around plan and change saves a refusal.
        """
        from comfydock_core.services.transaction.scope import locked

        scope = self.layout.environments if name is None else self.environment(name).root
        return locked(scope, initiator, reporter)

    def refuse_while_running(self, name: str, initiator: "Initiator") -> None:
        """Raise `EnvironmentInUse` while ComfyUI of an environment runs, unless the change is wished for anyway."""
        from comfydock_core.repositories.run_state import refuse_while_running

        layout = self.environment(name)
        if not initiator.while_running:
            refuse_while_running(layout.root, layout.comfyui, layout.venv)

    @property
    def environments(self) -> "Environments":
        """The environments of one workspace: making, choosing, moving and removing them."""
        from comfydock_core.core.environments import Environments

        return Environments(self)

    @property
    def definitions(self) -> "Definitions":
        """What environments are to be, by manifest and lock, and making them that."""
        from comfydock_core.core.definitions import Definitions

        return Definitions(self)

    @property
    def packs(self) -> "Packs":
        """The node packs of environments: adding, removing, updating, turning on and off."""
        from comfydock_core.core.packs import Packs

        return Packs(self)

    @property
    def packages(self) -> "Packages":
        """The Python packages and constraints of environments."""
        from comfydock_core.core.packages import Packages

        return Packages(self)

    @property
    def models(self) -> "Models":
        """The model files of a workspace: what and where they are."""
        from comfydock_core.core.models import Models

        return Models(self)

    @property
    def downloads(self) -> "Downloads":
        """Getting models from elsewhere."""
        from comfydock_core.core.downloads import Downloads

        return Downloads(self)

    @property
    def registry(self) -> "Registry":
        """The lists of known node packs: their state, updating and searching them."""
        from comfydock_core.core.registry import Registry

        return Registry(self)

    @property
    def model_roots(self) -> "ModelRoots":
        """The directories that environments read models from: listing, adding and removing them."""
        from comfydock_core.core.model_roots import ModelRoots

        return ModelRoots(self)

    @property
    def workflows(self) -> "Workflows":
        """The workflows of environments: what they need, and whether they run."""
        from comfydock_core.core.workflows import Workflows

        return Workflows(self)

    @property
    def history(self) -> "History":
        """The commits of environments' definitions: making them, and what differs between them."""
        from comfydock_core.core.history import History

        return History(self)

    @property
    def comfyui(self) -> "ComfyUI":
        """Which ComfyUI environments have, which there are, and going to another."""
        from comfydock_core.core.comfyui import ComfyUI

        return ComfyUI(self)

    @property
    def moves(self) -> "Moves":
        """Going elsewhere in the histories of environments; branches, tags and stashes."""
        from comfydock_core.core.moves import Moves

        return Moves(self)

    @property
    def remotes(self) -> "Remotes":
        """The repositories that the histories of environments are shared by."""
        from comfydock_core.core.remotes import Remotes

        return Remotes(self)

    @property
    def bundles(self) -> "Bundles":
        """Environments as files for others, and from others."""
        from comfydock_core.core.bundles import Bundles

        return Bundles(self)

    @property
    def mirrors(self) -> "Mirrors":
        """Directories with everything that environments need on a machine without a network."""
        from comfydock_core.core.mirrors import Mirrors

        return Mirrors(self)

    @property
    def caches(self) -> "Caches":
        """What can be had again and is kept for all environments: what it takes, and removing what nothing needs."""
        from comfydock_core.core.caches import Caches

        return Caches(self)

    @property
    def health(self) -> "Health":
        """The health of a workspace, its environments and the tools they need."""
        from comfydock_core.core.health import Health

        return Health(self)

    def operations(self, environment: str | None, *, workspace: bool = True) -> "Operations":
        """What was done to the workspace, and to one environment, to list and to undo."""
        from comfydock_core.core.operations import Operations
        from comfydock_core.repositories.model_scopes import model_scopes

        scopes = [self.layout.environments, *model_scopes(self.layout)] if workspace else []
        if environment is not None:
            scopes.append(self.environment(environment).root)
        return Operations(tuple(scopes))

    def services(self) -> "WorkspaceServices":
        """The collaborators of use cases. Raises `RuntimeError` for a workspace that no factory made."""
        if self._services is None:
            raise RuntimeError("this Workspace was made without services; get one from factories.workspace_factory")
        return self._services()
