"""What a workflow was made with, exactly: packs and their commits, models and input files by their digests.

A `problem` says in words why an entry could not be locked; it then has what is known all the same. `optional` entries
keep nothing from running, so that theirs do not count.
"""

from collections.abc import Iterator, Mapping
from dataclasses import field

from comfydock_core.records import record

SCHEMA = 1


@record
class LockedComfyUI:
    """ComfyUI. `version` is what the manifest asks for, `repository` where that is another one than upstream's."""

    version: str | None = None
    commit: str | None = None
    repository: str | None = None
    problem: str | None = None


@record
class LockedPack:
    """A node pack as it lay there.

    `id` is its key in the manifest, or its directory, which is `directory`. `version` is that of the registry,
    `commit` that of git, `archive_sha256` that of the registry's archive. `changed` says that files of the checkout
    were not those of the commit.
    """

    id: str
    directory: str
    source: str | None = None
    version: str | None = None
    commit: str | None = None
    archive_sha256: str | None = None
    repository: str | None = None
    registry_id: str | None = None
    changed: bool = False
    problem: str | None = None

    @property
    def words(self) -> str:
        """The version for people."""
        if self.commit is not None:
            return self.commit[:10]
        return self.version or "an unknown version"


@record
class LockedClass:
    """Where a node class was from: the `id` of a pack, `None` for ComfyUI itself, or where nothing is known."""

    type: str
    pack: str | None = None
    decided_by: str | None = None
    evidence: tuple[str, ...] = ()
    optional: bool = False
    problem: str | None = None


@record
class LockedModel:
    """A model. `name` is what stands in the workflow, `folder` ComfyUI's folder for it, empty when it is not known."""

    folder: str
    name: str
    size: int | None = None
    blake3: str | None = None
    sha256: str | None = None
    header: Mapping[str, str | int] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    optional: bool = False
    problem: str | None = None


@record
class LockedInput:
    """A file that a node loads, by the name that stands in the workflow."""

    name: str
    size: int | None = None
    blake3: str | None = None
    sha256: str | None = None
    problem: str | None = None


@record
class WorkflowLock:
    """The lock of one workflow."""

    workflow: str
    comfyui: LockedComfyUI = LockedComfyUI()
    packs: tuple[LockedPack, ...] = ()
    classes: tuple[LockedClass, ...] = ()
    models: tuple[LockedModel, ...] = ()
    inputs: tuple[LockedInput, ...] = ()

    @property
    def words(self) -> str:
        """How much there is in it."""
        counts = ((self.packs, "node pack"), (self.models, "model"), (self.inputs, "input file"))
        return ", ".join(f"{len(entries)} {what}{'' if len(entries) == 1 else 's'}" for entries, what in counts)

    def problems(self) -> Iterator[tuple[str, str, str]]:
        """What could not be locked and matters: the kind of entry, what it is called, and why."""
        if self.comfyui.problem is not None:
            yield "comfyui", "ComfyUI", self.comfyui.problem
        for pack in self.packs:
            if pack.problem is not None:
                yield "pack", pack.id, pack.problem
        for kind in self.classes:
            if kind.problem is not None and not kind.optional:
                yield "class", kind.type, kind.problem
        for model in self.models:
            if model.problem is not None and not model.optional:
                yield "model", model.name, model.problem
        for one in self.inputs:
            if one.problem is not None:
                yield "input", one.name, one.problem


@record
class LockDifference:
    """One thing that is not as it was locked. `kind` is `comfyui`, `pack`, `class`, `model`, `input` or `lock`."""

    kind: str
    name: str
    message: str


@record
class LockComparison:
    """What is other than locked. `place` is the lock's file, `None` for one in the workflow's own file."""

    place: str | None
    differences: tuple[LockDifference, ...] = ()

    @property
    def is_as_locked(self) -> bool:
        return not self.differences
