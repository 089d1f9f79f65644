"""What `workflow check` says of locks: what is other than locked, told without reading any file whole."""

from functools import cached_property

from comfydock_core.analyzers.workflows.embedded_lock import EmbeddedLock
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.workflows.file_contents import known_contents
from comfydock_core.core.usecases.workflows.lock_making import LockMaker, LockParts
from comfydock_core.models.exceptions import WorkflowLockDamaged
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.workflow.checks import ModelMatch
from comfydock_core.models.workflow.dependencies import WorkflowDependencies
from comfydock_core.models.workflow.lock import LockComparison, LockDifference, WorkflowLock
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.workflow_locks import WorkflowLocks
from comfydock_core.resolvers.environment_classes import EnvironmentClasses
from comfydock_core.resolvers.pack_versions import PackVersions
from comfydock_core.validation.lock_comparison import compare_locks


class LockComparer:
    """Compares workflows with their locks in one environment; what that takes is read when there is a lock."""

    def __init__(self, workspace: WorkspaceLayout, environment: EnvironmentLayout, known: EnvironmentClasses) -> None:
        self._workspace = workspace
        self._environment = environment
        self._known = known
        self._locks = WorkflowLocks(environment)

    def compare(
        self,
        name: str,
        needs: WorkflowDependencies,
        matches: tuple[ModelMatch, ...],
        embedded: EmbeddedLock,
        *,
        is_own: bool,
    ) -> LockComparison | None:
        """What is other than the environment's lock of the workflow says, or else than the one that it carries.

        `None` without either. A lock that cannot be used is a difference. Raises `ManifestDamaged`,
        `ModelIndexDamaged`, `BusyError`.
        """
        place = self._locks.path(name) if is_own else None
        try:
            locked = self._locks.read(name) if is_own else None
        except WorkflowLockDamaged as error:
            return LockComparison(place, (LockDifference("lock", name, error.message),))
        if locked is None:
            place, locked = None, embedded.lock
        if locked is not None:
            return LockComparison(place, compare_locks(locked, self._now(LockParts(name, needs, matches))))
        if embedded.problem is not None:
            return LockComparison(None, (LockDifference("lock", name, embedded.problem.message),))
        return None

    def _now(self, parts: LockParts) -> WorkflowLock:
        """The lock that would be made now, without digests that nobody knows yet."""
        paths = [*parts.model_paths(), *parts.input_paths(self._environment)]
        manifest, packs = self._read
        contents = known_contents(self._workspace, paths)
        return LockMaker(self._environment, manifest, self._known, packs, contents).make(parts)

    @cached_property
    def _read(self) -> tuple[EnvironmentManifest, PackVersions]:
        values = read_manifest(self._environment.manifest)
        packs = PackVersions(self._environment, values, ask_git=False)
        return EnvironmentManifest(values, self._environment.manifest), packs
