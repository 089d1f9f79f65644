"""What `status` tells about one environment. Plain classes: they are made on the fast path.

`None` and `unknown` mean "could not be told", and then the reason is there as text; nothing is guessed.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.models.running import RunningComfyUI
    from comfydock_core.models.workflow.status import DetailedWorkflowStatus


class ComfyUIState:
    """ComfyUI on disk against the manifest. `changed` are the tracked files that differ from the commit."""

    __slots__ = ("branch", "changed", "commit", "manifest_commit", "present", "unknown", "version", "version_type")

    def __init__(
        self, version: str | None, version_type: str | None, manifest_commit: str | None, present: bool
    ) -> None:
        self.version = version
        self.version_type = version_type
        self.manifest_commit = manifest_commit
        self.present = present
        self.commit: str | None = None
        self.branch: str | None = None
        self.changed: list[str] | None = None
        self.unknown: str | None = None

    @property
    def dirty(self) -> bool | None:
        """Whether tracked files were changed; `None` when that could not be determined."""
        return None if self.changed is None else bool(self.changed)

    @property
    def matches(self) -> bool | None:
        """Whether the commit on disk is the manifest's; `None` when one of them is not known."""
        if self.commit is None or self.manifest_commit is None:
            return None
        return self.commit.startswith(self.manifest_commit)

    def as_dict(self) -> dict[str, object]:
        return {
            "version": self.version,
            "version_type": self.version_type,
            "present": self.present,
            "commit": self.commit,
            "manifest_commit": self.manifest_commit,
            "matches": self.matches,
            "branch": self.branch,
            "dirty": self.dirty,
            "changed": self.changed,
            "unknown": self.unknown,
        }


class GitStatus:
    """The git state of `.cec`. `head` is the abbreviated commit, `None` before the first.

    `converted` are the files that differ from it only because a move made today's form of a definition of 1.x.
    """

    __slots__ = ("branch", "converted", "head", "modified", "repository", "unknown", "untracked")

    def __init__(self, repository: bool) -> None:
        self.repository = repository
        self.branch: str | None = None
        self.head: str | None = None
        self.modified: list[str] = []
        self.untracked: list[str] = []
        self.converted: list[str] = []
        self.unknown: str | None = None

    @property
    def clean(self) -> bool | None:
        """Whether all that somebody did is committed; `None` when that could not be determined."""
        if self.unknown is not None or not self.repository:
            return None
        return not self.modified and not self.untracked

    def as_dict(self) -> dict[str, object]:
        return {
            "repository": self.repository,
            "branch": self.branch,
            "head": self.head,
            "clean": self.clean,
            "modified": self.modified,
            "untracked": self.untracked,
            "converted": self.converted,
            "unknown": self.unknown,
        }


class VersionDifference:
    """A distribution or a node pack that is there in another version than it should be."""

    __slots__ = ("expected", "found", "name")

    def __init__(self, name: str, expected: str, found: str) -> None:
        self.name = name
        self.expected = expected
        self.found = found

    def as_dict(self) -> dict[str, object]:
        return {"name": self.name, "expected": self.expected, "found": self.found}


class PackageSyncStatus:
    """Installed packages against the lock.

    `state` is `in-sync`, `out-of-sync`, `not-installed` or `unknown`. `source` says who told: `record` (what ComfyDock
    noted when it installed) or `uv` (a dry run). `missing` and `extra` hold `name version`. `contested` are files that
    several packages brought differently: only one of them can have its own.
    """

    __slots__ = (
        "backend_changed",
        "changed",
        "contested",
        "dependencies_changed",
        "extra",
        "installed",
        "lock_changed",
        "missing",
        "part_changed",
        "python_missing",
        "source",
        "state",
        "unknown",
    )

    def __init__(self, state: str, source: str | None, unknown: str | None = None) -> None:
        self.state = state
        self.source = source
        self.unknown = unknown
        self.installed: int | None = None
        self.missing: list[str] = []
        self.extra: list[str] = []
        self.changed: list[VersionDifference] = []
        self.lock_changed = False
        self.dependencies_changed = False
        self.backend_changed = False
        self.part_changed = False
        self.python_missing = False
        self.contested: list[str] = []

    def settle(self) -> "PackageSyncStatus":
        """Derive `state` from the differences found."""
        differs = (
            self.missing
            or self.extra
            or self.changed
            or self.lock_changed
            or self.dependencies_changed
            or self.backend_changed
            or self.part_changed
            or self.python_missing
        )
        self.state = "out-of-sync" if differs else "in-sync"
        return self

    def as_dict(self) -> dict[str, object]:
        return {
            "state": self.state,
            "source": self.source,
            "installed": self.installed,
            "missing": self.missing,
            "extra": self.extra,
            "changed": [change.as_dict() for change in self.changed],
            "lock_changed": self.lock_changed,
            "dependencies_changed": self.dependencies_changed,
            "backend_changed": self.backend_changed,
            "part_changed": self.part_changed,
            "python_missing": self.python_missing,
            "contested": self.contested,
            "unknown": self.unknown,
        }


class PackState:
    """Custom nodes on disk against the manifest, by directory name.

    `changed` are those of which another version lies there, as far as that is known, `changed_files` the files of each
    that are not as they came. `wanted` are the manifest's
    directories with their versions, none for development packs; `imports` is what ComfyUI said of them when it last
    started, as far as that holds still.
    """

    __slots__ = ("changed", "changed_files", "imports", "missing", "present", "unknown", "untracked", "wanted")

    def __init__(self) -> None:
        self.wanted: dict[str, str | None] = {}
        self.imports: dict[str, NotedImport] = {}
        self.present: list[str] = []
        self.missing: list[str] = []
        self.untracked: list[str] = []
        self.changed: list[VersionDifference] = []
        self.changed_files: dict[str, list[str]] = {}
        self.unknown: str | None = None

    def as_dict(self) -> dict[str, object]:
        return {
            "present": self.present,
            "missing": self.missing,
            "untracked": self.untracked,
            "changed": [change.as_dict() for change in self.changed],
            "changed_files": self.changed_files,
            "imports": {name: noted.as_dict() for name, noted in self.imports.items()},
            "unknown": self.unknown,
        }

    @property
    def failed(self) -> list[str]:
        """Those that ComfyUI could not import, with the reason: `name: reason`."""
        present = {*self.present}
        failing = [(name, noted.error) for name, noted in sorted(self.imports.items()) if noted.error is not None]
        return [f"{name}: {error}" if error else name for name, error in failing if name in present]


class NotedImport:
    """What ComfyUI said of one pack: `seconds` is what importing it took, `error` the reason when it could not be."""

    __slots__ = ("error", "seconds")

    def __init__(self, seconds: float, error: str | None) -> None:
        self.seconds = seconds
        self.error = error

    def as_dict(self) -> dict[str, object]:
        return {"seconds": self.seconds, "error": self.error}


class ModelsLinkState:
    """`ComfyUI/models`. `state`: `linked`, `missing`, `elsewhere`, `dangling`, `directory` or `not-configured`.

    `absent` and `unreadable` are directories of models, these or other ones that ComfyUI was given, that are not there,
    as on a disk that is not mounted, or may not be read.
    """

    __slots__ = ("absent", "expected", "state", "target", "unreadable")

    def __init__(self, state: str, target: str | None, expected: str | None) -> None:
        self.state = state
        self.target = target
        self.expected = expected
        self.absent: list[str] = []
        self.unreadable: list[str] = []

    def as_dict(self) -> dict[str, object]:
        return {
            "state": self.state,
            "target": self.target,
            "expected": self.expected,
            "absent": self.absent,
            "unreadable": self.unreadable,
        }


class HeldPatches:
    """The patches of ComfyUI and of node packs that the definition holds, by what each is of.

    `applied` are the changed files that are as a patch makes them, so committed work. `missing` are those of which some
    file is not as the patch makes it, `unusable` says which cannot be applied, and why.
    """

    __slots__ = ("applied", "missing", "unusable")

    def __init__(self) -> None:
        self.applied: dict[str, list[str]] = {}
        self.missing: list[str] = []
        self.unusable: list[str] = []

    def as_dict(self) -> dict[str, object]:
        return {"applied": self.applied, "missing": self.missing, "unusable": self.unusable}


class EnvironmentStatus:
    """Everything `status` tells. `complete` says whether the marker of a finished environment is there.

    `running` are the ComfyUIs of it that `run` started. `workflows` is `None` where there are none.
    `operation_in_progress` says that names were being swapped while everything was looked at, each time it was: what
    is told may be half of the old state and half of the new.
    """

    __slots__ = (
        "comfyui",
        "complete",
        "definition",
        "models_link",
        "name",
        "operation_in_progress",
        "packages",
        "packs",
        "patches",
        "path",
        "python_version",
        "running",
        "torch_backend",
        "workflows",
    )

    def __init__(
        self,
        name: str,
        path: str,
        complete: bool,
        python_version: str | None,
        torch_backend: str | None,
        comfyui: ComfyUIState,
        definition: GitStatus,
        packages: PackageSyncStatus,
        packs: PackState,
        models_link: ModelsLinkState,
    ) -> None:
        self.name = name
        self.path = path
        self.complete = complete
        self.python_version = python_version
        self.torch_backend = torch_backend
        self.comfyui = comfyui
        self.definition = definition
        self.packages = packages
        self.packs = packs
        self.models_link = models_link
        self.operation_in_progress = False
        self.running: "list[RunningComfyUI]" = []
        self.workflows: "DetailedWorkflowStatus | None" = None
        self.patches: HeldPatches | None = None  # `None` where the definition holds none.

    @property
    def unknowns(self) -> list[str]:
        """The reasons for everything that could not be determined."""
        workflows = None if self.workflows is None else self.workflows.unknown
        reasons = (
            self.comfyui.unknown,
            self.definition.unknown,
            self.packages.unknown,
            self.packs.unknown,
            workflows,
        )
        return [reason for reason in reasons if reason is not None]

    @property
    def in_sync(self) -> bool | None:
        """Whether disk, manifest and lock agree; `None` when nothing disagrees but something could not be determined.

        Uncommitted changes, of ComfyUI or of the definition, are work in progress and no disagreement.
        """
        disagrees = (
            not self.complete
            or not self.comfyui.present
            or self.comfyui.matches is False
            or self.packages.state in ("out-of-sync", "not-installed")
            or bool(self.packs.missing or self.packs.untracked or self.packs.changed)
            or self.models_link.state != "linked"
        )
        if disagrees:
            return False
        return None if self.packages.state == "unknown" or self.comfyui.matches is None else True

    def as_dict(self) -> dict[str, object]:
        return {
            "name": self.name,
            "path": self.path,
            "complete": self.complete,
            "in_sync": self.in_sync,
            "running": [one.as_dict() for one in self.running],
            "python_version": self.python_version,
            "torch_backend": self.torch_backend,
            "comfyui": self.comfyui.as_dict(),
            "definition": self.definition.as_dict(),
            "packages": self.packages.as_dict(),
            "packs": self.packs.as_dict(),
            "models_link": self.models_link.as_dict(),
            "workflows": [] if self.workflows is None else self.workflows.as_list(),
            "patches": None if self.patches is None else self.patches.as_dict(),
            "operation_in_progress": self.operation_in_progress,
        }
