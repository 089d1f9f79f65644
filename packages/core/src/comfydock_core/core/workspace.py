"""`Workspace`: what can be done with a workspace, one short method for each use case."""

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core import finding
from comfydock_core.repositories.workspace_config_reader import read_config

TYPE_CHECKING = False  # Type checkers take it for true; `typing` would cost start time.
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from comfydock_core.configs.environment_layout import EnvironmentLayout
    from comfydock_core.core.environment import Environment
    from comfydock_core.core.operations import Operations
    from comfydock_core.core.services_bundle import WorkspaceServices
    from comfydock_core.models.adoption import AdoptionPlan, AdoptRequest
    from comfydock_core.models.cloning import CloningPlan
    from comfydock_core.models.creation import CreatedEnvironment, CreateRequest, CreationPlan
    from comfydock_core.models.deletion import DeletionPlan
    from comfydock_core.models.doctor import Finding
    from comfydock_core.models.initialisation import InitialisationPlan
    from comfydock_core.models.node_data import DataState, PackHit, SourceOutcome
    from comfydock_core.models.operation import ChangePlan, Initiator
    from comfydock_core.models.outdated import Outdated
    from comfydock_core.models.pack_changes import PackPlan, PackRequest
    from comfydock_core.models.plan import PlanStep
    from comfydock_core.models.protocols import Reporter
    from comfydock_core.models.python_packages import PackagePlan, PackageRequest
    from comfydock_core.models.renaming import RenamingPlan
    from comfydock_core.models.syncing import SyncOutcome, SyncPlan, SyncRequest
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
        from comfydock_core.core.usecases.initialising import plan_initialisation

        return plan_initialisation(path or finding.workspace_root(), models_dir)

    @classmethod
    def initialise(cls, plan: "InitialisationPlan") -> "Workspace":
        """Make the planned workspace, all of it or nothing. Raises `FileSystemError`, `WorkspaceExists`."""
        from comfydock_core.core.usecases.initialising import initialise

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

    def plan_use(self, name: str) -> "ChangePlan":
        """What making `name` active takes. Raises `EnvironmentNotFound`, `WorkspaceDamaged`."""
        from comfydock_core.core.usecases.using import plan_use

        return plan_use(self.layout, name)

    def use(self, name: str, plan: "ChangePlan", initiator: "Initiator", reporter: "Reporter") -> None:
        """Make the environment `name` the active one. Raises `ChangedMeanwhile`, `ScopeBusy`, `FileSystemError`."""
        from comfydock_core.core.usecases.using import use_environment

        use_environment(self.layout, name, plan, initiator, reporter)

    def plan_creation(self, request: "CreateRequest", reporter: "Reporter") -> "CreationPlan":
        """Everything `create_environment` will do, resolved; nothing is written."""
        from comfydock_core.core.usecases.creating import plan_creation

        return plan_creation(self.layout, self._needed_services(), request, reporter)

    def create_environment(
        self, plan: "CreationPlan", initiator: "Initiator", reporter: "Reporter"
    ) -> "CreatedEnvironment":
        """Make the planned environment. Whatever stops it, nothing has its name then."""
        from comfydock_core.core.usecases.creating import create_environment

        return create_environment(self.layout, self._needed_services(), plan, initiator, reporter)

    def plan_deletion(self, name: str, *, purge: bool = False) -> "DeletionPlan":
        """What `delete_environment` will take away. Raises `EnvironmentNotFound`, `EnvironmentIncomplete`."""
        from comfydock_core.core.usecases.deleting import plan_deletion

        return plan_deletion(self.layout, name, purge=purge)

    def delete_environment(self, plan: "DeletionPlan", initiator: "Initiator", reporter: "Reporter") -> str:
        """Take the planned environment away and return the operation that can bring it back. No link is followed."""
        from comfydock_core.core.usecases.deleting import delete_environment

        return delete_environment(self.layout, plan, initiator, reporter)

    def plan_renaming(self, name: str, new_name: str) -> "RenamingPlan":
        """What `rename_environment` will do. Raises `EnvironmentNotFound`, `InvalidName`, `EnvironmentExists`."""
        from comfydock_core.core.usecases.renaming import plan_renaming

        return plan_renaming(self.layout, name, new_name)

    def rename_environment(self, plan: "RenamingPlan", initiator: "Initiator", reporter: "Reporter") -> None:
        """Give the environment its new name. Raises `ScopeBusy`, `ChangedMeanwhile`, `FileSystemError`."""
        from comfydock_core.core.usecases.renaming import rename_environment

        rename_environment(self.layout, plan, initiator, reporter)

    def plan_cloning(self, source: str, name: str, *, activate: bool = False) -> "CloningPlan":
        """What `clone_environment` will do. Raises `EnvironmentNotFound`, `InvalidName`, `EnvironmentExists`."""
        from comfydock_core.core.usecases.cloning import plan_cloning

        return plan_cloning(self.layout, self._needed_services(), source, name, activate=activate)

    def clone_environment(self, plan: "CloningPlan", initiator: "Initiator", reporter: "Reporter") -> str:
        """Make the planned second environment and return its directory. The first is only read."""
        from comfydock_core.core.usecases.cloning import clone_environment

        return clone_environment(self.layout, self._needed_services(), plan, initiator, reporter)

    def plan_adoption(self, request: "AdoptRequest", reporter: "Reporter") -> "AdoptionPlan":
        """What `adopt_installation` will take over. Raises `InstallationNotFound`, `EnvironmentExists`."""
        from comfydock_core.core.usecases.adopting import plan_adoption

        return plan_adoption(self.layout, self._needed_services(), request, reporter)

    def adopt_installation(self, plan: "AdoptionPlan", initiator: "Initiator", reporter: "Reporter") -> str:
        """Build the planned environment and return its directory. The installation is only read."""
        from comfydock_core.core.usecases.adopting import adopt_installation

        return adopt_installation(self.layout, self._needed_services(), plan, initiator, reporter)

    def plan_sync(self, name: str | None, request: "SyncRequest") -> "SyncPlan":
        """What making an environment what its definition says takes. Raises `ManifestDamaged`, `LockDamaged`."""
        from comfydock_core.core.usecases.syncing import plan_sync

        layout = self.environment(name)
        return plan_sync(layout, self.layout, self._needed_services().environment(layout), request)

    def sync_environment(self, plan: "SyncPlan", initiator: "Initiator", reporter: "Reporter") -> "SyncOutcome":
        """Carry the plan out, all of it or nothing."""
        from comfydock_core.core.usecases.syncing import sync_environment

        return sync_environment(self.environment(plan.name), self._needed_services(), plan, initiator, reporter)

    def node_data(self) -> "DataState":
        """How the lists of known node packs are. Raises `FileSystemError`."""
        from comfydock_core.services.registry_state import registry_state

        return registry_state(self.layout.node_data)

    def plan_node_data_update(self) -> "list[PlanStep]":
        """What `update_node_data` will ask for."""
        from comfydock_core.services.registry_state import plan_update

        return plan_update()

    def update_node_data(self, initiator: "Initiator", reporter: "Reporter") -> "tuple[SourceOutcome, ...]":
        """Fetch the lists of known node packs that changed. What fails is told by its outcome.

        Raises `ScopeBusy`, `FileSystemError`.
        """
        return self._needed_services().registry.update(initiator, reporter)

    def search_packs(self, words: str, *, limit: int, environment: str | None = None) -> "list[PackHit]":
        """The known packs that fit the words best, those of `environment` marked. Raises `NodeDataMissing`."""
        from comfydock_core.core.usecases.known_packs import search

        layout = None if environment is None else self.environment(environment)
        return search(self.layout, words, limit=limit, environment=layout)

    def plan_packs(self, name: str | None, request: "PackRequest", reporter: "Reporter") -> "PackPlan":
        """What a change of node packs takes; code is fetched into the cache, and the environment stays as it is.

        Raises `PackNotFound`, `PackExists`, `PackRefused`, `RequirementsConflict`, `RemoteError`, `LockOutdated`.
        """
        from comfydock_core.core.usecases.nodes.requesting import plan_packs

        return plan_packs(self.environment(name), self.layout, self._needed_services(), request, reporter)

    def change_packs(self, plan: "PackPlan", initiator: "Initiator", reporter: "Reporter") -> "SyncOutcome":
        """Carry the plan out, all of it or nothing."""
        from comfydock_core.core.usecases.nodes.carrying_out import change_packs

        return change_packs(self.environment(plan.name), self._needed_services(), plan, initiator, reporter)

    def plan_packages(self, name: str | None, request: "PackageRequest", reporter: "Reporter") -> "PackagePlan":
        """What a change of Python packages or constraints takes; the environment stays as it is.

        Raises `PackageNotFound`, `PackageRefused`, `RequirementsConflict`, `RemoteError`, `LockOutdated`.
        """
        from comfydock_core.core.usecases.python_packages.planning import plan_packages

        return plan_packages(self.environment(name), self._needed_services(), request, reporter)

    def change_packages(self, plan: "PackagePlan", initiator: "Initiator", reporter: "Reporter") -> "SyncOutcome":
        """Carry the plan out, all of it or nothing."""
        from comfydock_core.core.usecases.python_packages.carrying_out import change_packages

        return change_packages(self.environment(plan.name), self._needed_services(), plan, initiator, reporter)

    def outdated(self, name: str | None, reporter: "Reporter") -> "Outdated":
        """What has newer versions; nothing is changed. What cannot be looked up is among the failures.

        Raises `ManifestDamaged`.
        """
        from comfydock_core.core.usecases.outdated import outdated

        return outdated(self.environment(name), self._needed_services(), reporter)

    def run_uv(self, name: str | None, arguments: "Sequence[str]", initiator: "Initiator", reporter: "Reporter") -> int:
        """Run uv on this terminal as somebody words it, and return its exit code. It changes what it changes.

        Raises `ScopeBusy`, `EnvironmentInUse`, `ToolMissing`.
        """
        from comfydock_core.core.usecases.python_packages.raw_uv import run_uv

        return run_uv(self.environment(name), self._needed_services(), arguments, initiator, reporter)

    def examine(self, name: str | None, reporter: "Reporter", *, deep: bool = False) -> "list[Finding]":
        """What is right and wrong with the tools, the workspace, and one environment or all of them.

        Nothing is changed. Raises `EnvironmentNotFound`.
        """
        from comfydock_core.core.environment import Environment
        from comfydock_core.core.usecases.examining import examine

        names = self.environment_names() if name is None else [name]
        environments = [Environment(finding.find_environment(self.layout, one), self.layout) for one in names]
        return examine(self.layout, environments, deep=deep, reporter=reporter)

    @staticmethod
    def plan_mending(findings: "Sequence[Finding]") -> "list[PlanStep]":
        """What `mend` will do about the findings."""
        from comfydock_core.core.usecases.examining import plan_mending

        return plan_mending(findings)

    def mend(self, findings: "Sequence[Finding]", initiator: "Initiator", reporter: "Reporter") -> None:
        """Put right what the findings say can be put right at once. Raises `ScopeBusy`, `FileSystemError`."""
        from comfydock_core.core.usecases.examining import mend

        mend(self.layout, findings, initiator, reporter)

    def operations(self, environment: str | None, *, workspace: bool = True) -> "Operations":
        """What was done to the workspace, and to one environment, to list and to undo."""
        from comfydock_core.core.operations import Operations

        scopes = [self.layout.environments] if workspace else []
        if environment is not None:
            scopes.append(self.environment(environment).root)
        return Operations(tuple(scopes))

    def _needed_services(self) -> "WorkspaceServices":
        if self._services is None:
            raise RuntimeError("this Workspace was made without services; get one from factories.workspace_factory")
        return self._services()
