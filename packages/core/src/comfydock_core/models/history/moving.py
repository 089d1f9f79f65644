"""Putting an environment elsewhere in its history: where to, what is in the way, and what it takes."""

from collections.abc import Mapping
from dataclasses import field

from comfydock_core.models.file_moves import ComfyUIMove, FileSwaps, TreeFile
from comfydock_core.models.operation import ChangePlan, RefChange
from comfydock_core.models.packages.syncing import PackToFetch
from comfydock_core.records import record


@record
class Destination:
    """Where an environment is to be put.

    `commit` holds the files. `index` is the commit that git's index goes with then, `None` for `commit`; the rest is
    uncommitted work. `refs` are the references that move, `HEAD` the last of them. `label` names the place in words.
    `objects` is a directory with what the repository lacks of it, in a rehearsal.
    """

    command: str
    label: str
    commit: str
    refs: tuple[RefChange, ...] = ()
    index: str | None = None
    objects: str | None = None


# What becomes of uncommitted work that is in the way.
REFUSE, STASH, DISCARD = "refuse", "stash", "discard"


@record
class Uncommitted:
    """Uncommitted work that a move would overwrite. `kind` is `definition`, `workflow`, `pack` or `comfyui`."""

    kind: str
    name: str
    reason: str

    @property
    def text(self) -> str:
        """In words, on one line."""
        what = {"workflow": "workflow ", "pack": "node pack "}.get(self.kind, "")
        return f"{what}{self.name}: {self.reason}"

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {"kind": self.kind, "name": self.name, "reason": self.reason}


@record
class PackMoves:
    """What becomes of node packs: fetched (`added`), or taken away (`removed`, by their directories).

    `renamed` are directories that only get another name, before and after: packs that are turned on or off. `copied`
    are those whose name another pack takes, or that take one's. `notes` say what else there is to know, `unobtainable`
    are packs that nothing here can fetch.
    """

    added: tuple[PackToFetch, ...] = ()
    removed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    copied: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    unobtainable: tuple[str, ...] = ()


@record
class PythonMove:
    """What becomes of the Python packages.

    `venv` is `keep`, `kept` (one that an earlier operation took away fits, and comes back), `link` or `fresh`, `reason`
    says why; `source` is where the kept one lies, by its name in the environment. `converts`, `relock` and `parts` are
    what the definition of the destination lacks.
    """

    backend: str
    python: str
    venv: str = "keep"
    reason: str = ""
    source: str | None = None
    converts: bool = False
    relock: bool = False
    parts: tuple[str, ...] = ()

    @property
    def changes_definition(self) -> bool:
        return self.converts or self.relock or bool(self.parts)


@record
class MovePlan:
    """What a move takes, known in full.

    `definition` are the files in `.cec`, `workflows` those that ComfyUI has; `changed` are their paths in the
    definition, `of_python` what packages are locked in among them. `converted` are files that stay as an earlier move
    converted them, with the names of their objects. `stash` is the number under which uncommitted work is kept, `None`
    where there is none.
    """

    name: str
    destination: Destination
    change: ChangePlan
    definition: FileSwaps = field(default_factory=FileSwaps)
    workflows: FileSwaps = field(default_factory=FileSwaps)
    changed: tuple[str, ...] = ()
    of_python: Mapping[str, TreeFile | None] = field(default_factory=dict)
    python: PythonMove = PythonMove("", "")
    packs: PackMoves = PackMoves()
    comfyui: ComfyUIMove | None = None
    notes: tuple[str, ...] = ()
    stash: int | None = None
    converted: Mapping[str, str] = field(default_factory=dict)

    @property
    def nothing_to_do(self) -> bool:
        return not self.change.steps


@record
class MoveRequest:
    """Where somebody wants to go.

    `command` is `checkout`, `switch`, `reset`, `rollback` or `stash`. `ref` names the commit or the branch;
    `new_branch` is a branch to be made there. `mode` is that of `reset`: `soft`, `mixed`,
    `hard`. `policy` says what becomes of uncommitted work, `message` is that of a stash. A `rehearsal` leaves nothing
    in the repository, and its plan cannot be carried out.
    """

    command: str
    ref: str | None = None
    new_branch: str | None = None
    mode: str = "hard"
    policy: str = REFUSE
    message: str | None = None
    rehearsal: bool = False


@record
class ReferenceRequest:
    """A branch, tag or stash to make, rename or delete.

    `kind` is `branch`, `tag` or `stash`, `action` `create`, `rename` or `delete`. `new_name` is that of a rename, `ref`
    where a new one leads, `message` that of a tag. `force` deletes a branch whose commits nothing else leads to.
    """

    kind: str
    action: str
    name: str
    new_name: str | None = None
    ref: str | None = None
    message: str | None = None
    force: bool = False
    rehearsal: bool = False


@record
class ReferencePlan:
    """What becomes of a reference; `commit` is what it leads, or led, to."""

    name: str
    request: ReferenceRequest
    commit: str
    change: ChangePlan

    @property
    def nothing_to_do(self) -> bool:
        return not self.change.steps


@record
class Stash:
    """Uncommitted work that was put aside: a commit, and the one that it began at. `date` is ISO 8601."""

    number: int
    commit: str
    parent: str
    date: str
    subject: str
