"""Comparing two states of a definition: manifests, locks, workflows and what else lies there."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace

from comfydock_core.analyzers.definitions.manifests import ReadManifest, compare_manifests
from comfydock_core.analyzers.definitions.workflow_locks import (
    DIRECTORY,
    compare_workflow_locks,
    read_workflow_lock,
)
from comfydock_core.analyzers.packages.package_changes import changed_versions
from comfydock_core.analyzers.workflows.comparing import compare_views
from comfydock_core.analyzers.workflows.opening import open_content
from comfydock_core.analyzers.workflows.prompt_view import Classes
from comfydock_core.analyzers.workflows.refusals import NoWorkflow
from comfydock_core.configs.environment_layout import BACKENDS, PART, WORKFLOWS
from comfydock_core.models.exceptions import IntegrityError
from comfydock_core.models.history.differences import (
    ADDED,
    CHANGED,
    REMOVED,
    RENAMED,
    BackendDifference,
    DefinitionDifference,
    OtherFile,
    WorkflowDifference,
    WorkflowLockDifference,
)
from comfydock_core.models.packages.syncing import PackageChanges
from comfydock_core.models.workflow.lock_text import LockInvalid
from comfydock_core.models.workflow.prompt_view import PromptView
from comfydock_core.records import record
from comfydock_core.repositories.definition.backend_parts import parse_part
from comfydock_core.repositories.definition.uv_lock import parse_lock

MANIFEST = "pyproject.toml"
LOCK = "uv.lock"
_END = ".json"


@record
class DefinitionState:
    """One side of a comparison: `label` for messages, and the identities of all files.

    `contents` has the manifest, and what has another identity in the other state, as far as it can be read.
    """

    label: str
    identities: Mapping[str, str]
    contents: Mapping[str, bytes]


@record
class KnownClasses:
    """What is known of node classes, for reading workflows."""

    classes: Classes = field(default_factory=dict)
    editor_only: frozenset[str] = frozenset()


def differing(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The paths whose content is not the same in both, by identities."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


def compare_definitions(
    before: DefinitionState, after: DefinitionState, known: Callable[[], KnownClasses]
) -> DefinitionDifference:
    """Everything that differs. `known` is asked only when workflows have to be read. Raises `ManifestDamaged`."""
    return _Comparison(before, after, known).difference()


def compare_outlines(before: DefinitionState, after: DefinitionState) -> DefinitionDifference:
    """The same by manifests and names alone: workflows and locks of packages are not read, and those of workflows only
    where they are at hand. Raises `ManifestDamaged`."""
    return _Comparison(before, after, None).difference()


class _Comparison:
    def __init__(
        self, before: DefinitionState, after: DefinitionState, known: Callable[[], KnownClasses] | None
    ) -> None:
        self._before = before
        self._after = after
        self._known = known
        self._classes: KnownClasses | None = None
        self._problems: list[str] = []
        self._paths = differing(before.identities, after.identities)

    def difference(self) -> DefinitionDifference:
        found = DefinitionDifference()
        if MANIFEST in self._paths:
            found = compare_manifests(*(ReadManifest(one.contents.get(MANIFEST), f"{MANIFEST} of {one.label}")
                                        for one in (self._before, self._after)))  # fmt: skip
        backends = tuple(self._backends())
        workflows = tuple(self._workflows())
        packages = self._packages()
        return replace(
            found,
            packages=packages,
            backends=backends,
            workflows=workflows,
            locks=tuple(self._workflow_locks()),
            files=tuple(self._others()),
            problems=tuple(self._problems),
        )

    def _state(self, path: str) -> str:
        if path not in self._before.identities:
            return ADDED
        return CHANGED if path in self._after.identities else REMOVED

    # Locks

    def _packages(self) -> PackageChanges:
        if LOCK not in self._paths or self._known is None:
            return PackageChanges()
        return changed_versions(*(self._versions(one) for one in (self._before, self._after)))

    def _versions(self, one: DefinitionState) -> dict[str, str]:
        def read(text: str) -> dict[str, str]:
            lock = parse_lock(text, f"{LOCK} of {one.label}")
            return {name: ", ".join(sorted(versions)) or "-" for name, versions in lock.versions().items()}

        return self._read(one, LOCK, read)

    def _backends(self) -> Iterator[BackendDifference]:
        for path in self._paths:
            parts = path.split("/")
            if len(parts) == 3 and parts[0] == BACKENDS and parts[2] == PART:
                yield BackendDifference(parts[1], self._state(path), self._part_changes(path, parts[1]))

    def _part_changes(self, path: str, backend: str) -> PackageChanges:
        if self._known is None or self._state(path) != CHANGED:
            return PackageChanges()

        def versions(one: DefinitionState) -> dict[str, str]:
            def read(text: str) -> dict[str, str]:
                part = parse_part(text, backend, f"{path} of {one.label}")
                return {package.name: package.version for package in part.packages}

            return self._read(one, path, read)

        return changed_versions(versions(self._before), versions(self._after))

    def _read(self, one: DefinitionState, path: str, read: Callable[[str], dict[str, str]]) -> dict[str, str]:
        """What a lock says; one that cannot be read is a problem, and has nothing."""
        content = one.contents.get(path, b"")
        try:
            return read(content.decode("utf-8"))
        except (IntegrityError, UnicodeDecodeError) as error:
            self._problems.append(str(error) if isinstance(error, IntegrityError) else f"{path}: {error}")
            return {}

    # Workflows

    def _workflows(self) -> Iterator[WorkflowDifference]:
        paths = [path for path in self._paths if _is_workflow(path)]
        renamed = self._renamed(paths)
        for path in paths:
            if path in renamed:
                yield WorkflowDifference(_name(path), RENAMED, previous=_name(renamed[path]))
            elif path not in renamed.values():
                yield self._workflow(path)

    def _renamed(self, paths: list[str]) -> dict[str, str]:
        """New paths with the earlier ones of the same content."""
        gone: dict[str, list[str]] = {}
        for path in paths:
            if self._state(path) == REMOVED:
                gone.setdefault(self._before.identities[path], []).append(path)
        found = {}
        for path in paths:
            if self._state(path) == ADDED and (same := gone.get(self._after.identities[path])):
                found[path] = same.pop(0)
        return found

    def _workflow(self, path: str) -> WorkflowDifference:
        name, state = _name(path), self._state(path)
        if self._known is None:
            return WorkflowDifference(name, state)
        if self._classes is None:
            self._classes = self._known()
        try:
            before, after = self._view(self._before, path), self._view(self._after, path)
        except NoWorkflow as error:
            return WorkflowDifference(name, state, problem=str(error))
        return WorkflowDifference(name, state, compare_views(before, after, self._classes.classes))

    def _view(self, one: DefinitionState, path: str) -> PromptView:
        if path not in one.identities:
            return PromptView("graph")
        content = one.contents.get(path)
        if content is None:
            raise NoWorkflow("it is too large to be a workflow")
        assert self._classes is not None
        return open_content(content).view(self._classes.classes, self._classes.editor_only)

    # Locks of workflows

    def _workflow_locks(self) -> Iterator[WorkflowLockDifference]:
        for path in self._paths:
            if is_workflow_lock(path):
                yield self._workflow_lock(path)

    def _workflow_lock(self, path: str) -> WorkflowLockDifference:
        name, state = path.removeprefix(DIRECTORY).removesuffix(_END), self._state(path)
        sides = [one for one in (self._before, self._after) if path in one.identities]
        if self._known is None and not all(path in one.contents for one in sides):
            return WorkflowLockDifference(name, state)
        try:
            locks = [read_workflow_lock(one.contents.get(path)) for one in sides]
        except LockInvalid as error:
            return WorkflowLockDifference(name, state, problem=str(error))
        if len(locks) == 1:
            return WorkflowLockDifference(name, state, locks[0].words)
        return WorkflowLockDifference(name, state, entries=compare_workflow_locks(*locks))

    # Other files

    def _others(self) -> Iterator[OtherFile]:
        """Without a look into locks they are files like others."""
        for path in self._paths:
            is_part = path.startswith(f"{BACKENDS}/") and path.endswith(f"/{PART}")
            told = path == MANIFEST or _is_workflow(path) or is_part or (path == LOCK and self._known is not None)
            if not told and not is_workflow_lock(path):
                yield OtherFile(path, self._state(path))


def is_workflow_lock(path: str) -> bool:
    return path.startswith(DIRECTORY) and path.endswith(_END)


def _is_workflow(path: str) -> bool:
    return path.startswith(WORKFLOWS) and path.endswith(_END)


def _name(path: str) -> str:
    return path.removeprefix(WORKFLOWS).removesuffix(_END)
