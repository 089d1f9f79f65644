"""Operations: what a change consists of, what it was planned from, and how it went.

There are two kinds of steps only. A `Swap` puts something new under a name and keeps what was there; a `RefChange`
moves a git reference. The inverse of either is one of the same kind. The names are relative to the operation's scope.
"""

from comfydock_core.models.plan import PlanStep
from comfydock_core.records import record


@record
class Swap:
    """A name in the scope that gets something new (`has_new`), loses what it has (`before`), or both.

    `source` is where the new thing comes from when it is not staged by the operation itself: kept by an earlier
    operation, or another live name (a move). `before` is the fingerprint of what is there now, `None` for nothing.
    """

    path: str
    before: str | None
    has_new: bool
    source: str | None = None
    detail: str = ""

    @property
    def has_old(self) -> bool:
        return self.before is not None

    @property
    def sign(self) -> str:
        """`+` adds, `-` removes, `~` replaces, `>` moves."""
        if self.source is not None and not self.source.startswith(".ops/"):
            return ">"
        if not self.has_new:
            return "-"
        return "~" if self.has_old else "+"


@record
class RefChange:
    """A git reference of a repository in the scope. `None` means that the reference does not exist.

    `HEAD` may lead to a branch: `ref: refs/heads/main`.
    """

    repository: str
    name: str
    old: str | None
    new: str | None


Step = Swap | RefChange


@record
class ChangePlan:
    """One change, known in full: what `--dry-run` prints and what the operation executes.

    `scope` is the directory that the steps' names are relative to. `work` says in words what is staged. `inputs` are
    the files that the plan was computed from, with their fingerprints. `holds` are the scopes inside this one whose
    locks are needed too, `disturbs` the environments whose ComfyUI must not run meanwhile. Sizes are in bytes, `None`
    where nobody can know yet.
    """

    scope: str
    command: str
    steps: tuple[Step, ...]
    work: tuple[PlanStep, ...] = ()
    inputs: tuple[tuple[str, str | None], ...] = ()
    holds: tuple[str, ...] = ()
    disturbs: tuple[str, ...] = ()
    fetch_bytes: int | None = None
    disk_needed: int | None = None
    disk_free: int = 0
    fingerprint: str = ""
    undoes: str | None = None
    not_undoable: tuple[str, ...] = ()

    def index(self, path: str) -> int:
        """The number of the swap of this name. Raises `KeyError` when the plan has none."""
        for number, step in enumerate(self.steps):
            if isinstance(step, Swap) and step.path == path:
                return number
        raise KeyError(path)


@record
class Initiator:
    """Who asks for a change, and how. `words` is the command line; `wait` how many seconds a busy lock is waited for.

    With `settle` an unfinished operation is settled first; without it, it is an error. `while_running` lets a change
    of an environment go ahead while its ComfyUI is running.
    """

    words: tuple[str, ...] = ()
    program: str = ""
    wait: float = 0.0
    settle: bool = True
    while_running: bool = False


@record
class OperationRecord:
    """An operation as its journal tells of it.

    `state` is `staging` (nothing applied yet), `applying` (stopped after the commit point), `done` or `undone`.
    `around` is the last operation of the scope around this one, the workspace's for an environment, that had ended when
    this one did: clocks do not tell which of two scopes changed last.
    `after` are the fingerprints of what each swap put in place, by the swap's number. `started` and `finished` are ISO
    8601 in UTC, in older journals in the time of the machine then.
    """

    id: str
    scope: str
    state: str
    words: tuple[str, ...]
    started: str
    finished: str | None
    around: int | None
    program: str
    undoes: str | None
    steps: tuple[Step, ...]
    after: tuple[str | None, ...]
    fingerprint: str

    @property
    def number(self) -> int:
        return int(self.id.partition("-")[0])

    @property
    def finished_by_itself(self) -> bool:
        return self.state in ("done", "undone")
