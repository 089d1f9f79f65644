"""Committing the definition of an environment: what is asked for, what a commit takes, and what it will lack."""

from dataclasses import field

from comfydock_core.models.operation import ChangePlan
from comfydock_core.records import record


@record
class CommitRequest:
    """How to commit. `message` is the user's own, `None` for one about what changed.

    `strict` refuses what cannot be rebuilt elsewhere. `with_patches` adds what was changed of ComfyUI and of node packs
    as patches. A `rehearsal` leaves nothing in the repository, and its plan
    cannot be carried out.
    """

    message: str | None = None
    strict: bool = False
    rehearsal: bool = False
    with_patches: bool = False


@record
class Gap:
    """Something of an environment that nobody could rebuild elsewhere from the commit.

    `kind` is `development-pack`, `pack`, `comfyui`, `package`, `model` or `workflow-lock`. `digest` tells which content
    it was: see `utils.files.tree_digest`, and for a model its BLAKE3.
    """

    kind: str
    name: str
    reason: str
    digest: str | None = None

    @property
    def text(self) -> str:
        """In words, on one line."""
        what = {
            "development-pack": "development pack ", "pack": "node pack ", "package": "package ", "model": "model ",
            "workflow-lock": "lock of the workflow ",
        }.get(self.kind, "")  # fmt: skip
        return f"{what}{self.name}: {self.reason}" + (f" ({self.digest})" if self.digest else "")

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {"kind": self.kind, "name": self.name, "reason": self.reason, "digest": self.digest}


@record
class Difference:
    """Names of one kind that are new, gone, or stand for something else than in the commit before; all sorted."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {"added": list(self.added), "removed": list(self.removed), "changed": list(self.changed)}


@record
class CommitChanges:
    """What a commit changes. `comfyui` is the version that there is from now on, `None` where it is the one before."""

    comfyui: str | None = None
    packs: Difference = field(default_factory=Difference)
    packages: Difference = field(default_factory=Difference)
    workflows: Difference = field(default_factory=Difference)
    files: Difference = field(default_factory=Difference)

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        parts = {"packs": self.packs, "packages": self.packages, "workflows": self.workflows, "files": self.files}
        return {"comfyui": self.comfyui, **{name: part.as_dict() for name, part in parts.items()}}


@record
class WorkflowCopies:
    """How the definition's copies of the workflows become what is live.

    `files` are to be copied, by their paths below the folder, each with the object that its content is; `gone` are to
    be removed. With `whole` the folder is replaced, and `files` are all. `size` are the bytes that are new.
    """

    files: dict[str, str]
    gone: tuple[str, ...]
    whole: bool
    size: int = 0


@record
class PatchFiles:
    """The patches that are `new` or other than before, and those that are `gone`, by their paths in the definition."""

    new: dict[str, bytes]
    gone: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.new or self.gone)


@record
class CommitPlan:
    """What a commit takes, known in full. `commit` is `None` when there is nothing to commit.

    `branch` is `None` for a detached head. `number` is the N of the commit's name `vN`. `index` is what git's index is
    to hold.
    `left_out` are files that are not committed and `unreadable` those that are no workflows, both with the reason.
    """

    name: str
    branch: str | None
    parent: str | None
    commit: str | None
    number: int
    message: str
    changes: CommitChanges
    gaps: tuple[Gap, ...]
    left_out: tuple[tuple[str, str], ...]
    unreadable: tuple[tuple[str, str], ...]
    workflows: WorkflowCopies
    patches: PatchFiles
    index: bytes
    change: ChangePlan

    @property
    def nothing_to_do(self) -> bool:
        return self.commit is None

    @property
    def subject(self) -> str:
        """The first line of the message."""
        return self.message.partition("\n")[0]


@record
class CommitOutcome:
    """What was done: the operation's identifier, and the commit."""

    operation: str
    commit: str
