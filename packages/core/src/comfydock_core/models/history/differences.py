"""How two states of an environment's definition differ: in ComfyUI, packs, packages, workflows and settings."""

from dataclasses import field

from comfydock_core.models.commit import CommitInfo, GraphLine
from comfydock_core.models.history.starts import StartChange, StartReport
from comfydock_core.models.packages.python_packages import RequirementChange
from comfydock_core.models.packages.syncing import PackageChanges
from comfydock_core.models.shared import NodePackage
from comfydock_core.models.workflow.differences import ViewDifference
from comfydock_core.records import record

ADDED = "added"
REMOVED = "removed"
CHANGED = "changed"
RENAMED = "renamed"
# What a picture of differences says at its beginning of who made it.
PICTURE_MARK = 'data-made-by="comfydock-diff"'


@record
class CommitsBetween:
    """Commits as `abcdef0 subject`, newest first: those that come, and those that go where something moves back."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@record
class PinnedComfyUI:
    """What a manifest says of ComfyUI. `repository` is `None` for the usual one."""

    version: str | None
    commit: str | None
    repository: str | None


@record
class ComfyUIDifference:
    """ComfyUI before and after, with the commits between where they are known."""

    before: PinnedComfyUI
    after: PinnedComfyUI
    commits: CommitsBetween = field(default_factory=CommitsBetween)


@record
class PackDifference:
    """A node pack that came (`before` is `None`), went (`after` is), or is another one than before."""

    identifier: str
    before: NodePackage | None
    after: NodePackage | None
    commits: CommitsBetween = field(default_factory=CommitsBetween)

    @property
    def state(self) -> str:
        return ADDED if self.before is None else REMOVED if self.after is None else CHANGED

    @property
    def is_switched(self) -> bool:
        """Whether it is only turned on or off."""
        if self.before is None or self.after is None:
            return False
        return self.before.release == self.after.release and self.before.enabled != self.after.enabled


@record
class BackendDifference:
    """The lock of a PyTorch back end that came, went or changed, with its packages."""

    backend: str
    state: str
    packages: PackageChanges = field(default_factory=PackageChanges)


@record
class WorkflowDifference:
    """A workflow that came, went, has another name or another content.

    `view` is what differs in what it runs; `None` where that was not looked at or cannot be read, which `problem` says.
    `previous` is the earlier name of one that was `renamed`.
    """

    name: str
    state: str
    view: ViewDifference | None = None
    previous: str | None = None
    problem: str | None = None

    @property
    def is_quiet(self) -> bool:
        """Whether only positions, or seeds that the editor sets for each run, are others."""
        return self.state == CHANGED and self.view is not None and self.view.is_empty


@record
class ModelPin:
    """A model that the manifest notes as resolved."""

    hash: str
    filename: str
    category: str
    size: int


@record
class SettingChange:
    """A key of the manifest, dotted, whose value is another; values as JSON, `None` where there is no such key."""

    key: str
    before: str | None
    after: str | None


@record
class LockedEntryChange:
    """An entry of a workflow's lock that came (`before` is `None`), went (`after` is), or is another one.

    `kind` is `comfyui`, `pack`, `class`, `model` or `input`; both sides are versions, contents or places in words.
    """

    kind: str
    name: str
    before: str | None
    after: str | None


@record
class WorkflowLockDifference:
    """The lock of a workflow that came, went or changed.

    `words` say how much is in one that came or went, `entries` what is different in one that is in both states; where
    it was not looked at or cannot be read, which `problem` says, there are none.
    """

    workflow: str
    state: str
    words: str = ""
    entries: tuple[LockedEntryChange, ...] = ()
    problem: str | None = None


@record
class OtherFile:
    """Another file of the definition that came, went or changed."""

    path: str
    state: str


@record
class DefinitionDifference:
    """Everything that is different. `problems` say what could not be read, and was therefore not compared."""

    comfyui: ComfyUIDifference | None = None
    python: tuple[str | None, str | None] | None = None
    packs: tuple[PackDifference, ...] = ()
    packages: PackageChanges = field(default_factory=PackageChanges)
    requirements: tuple[RequirementChange, ...] = ()
    constraints: tuple[RequirementChange, ...] = ()
    backends: tuple[BackendDifference, ...] = ()
    workflows: tuple[WorkflowDifference, ...] = ()
    models_added: tuple[ModelPin, ...] = ()
    models_removed: tuple[ModelPin, ...] = ()
    locks: tuple[WorkflowLockDifference, ...] = ()
    settings: tuple[SettingChange, ...] = ()
    files: tuple[OtherFile, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return self == DefinitionDifference()


@record
class StateLabel:
    """A side of a comparison: a commit, the state before an operation, what is there now, or nothing at all.

    `text` is what people read; `commit` and `operation` are there where the state is one.
    """

    text: str
    commit: str | None = None
    operation: int | None = None


@record
class Comparison:
    """Two states and what differs. `picture` is the SVG of the workflows that do, where it was asked for.

    `starts` is what became of packs at ComfyUI's starts, where both states were started; `unknown_start` says which
    report is in a form that is not known. `converted` are the files that are now as a move converted them from 1.x.
    """

    before: StateLabel
    after: StateLabel
    difference: DefinitionDifference
    picture: str | None = None
    starts: tuple[StartChange, ...] = ()
    unknown_start: str | None = None
    converted: tuple[str, ...] = ()


@record
class LogEntry:
    """A commit with what it changed, in words; `None` where its files cannot be read.

    `start` is what ComfyUI said at its last start with this definition, `starts` what of that is new since the last
    commit before that it was started with.
    """

    commit: CommitInfo
    words: str | None
    start: StartReport | None = None
    starts: tuple[StartChange, ...] = ()


@record
class Log:
    """The newest commits, of `total` on the first-parent line. `graph` is there when it was asked for.

    `more` says that there are older ones. In a `shallow` history `v1` is where it was cut off.
    """

    entries: tuple[LogEntry, ...]
    total: int
    more: bool
    shallow: bool
    graph: tuple[GraphLine, ...] = ()
