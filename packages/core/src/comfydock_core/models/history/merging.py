"""Merging two lines of an environment's history: what is asked, and what comes out."""

from collections.abc import Mapping
from dataclasses import field, replace

from comfydock_core.models.history.moving import REFUSE, MovePlan
from comfydock_core.records import record

MINE, THEIRS = "mine", "theirs"
PULL, REVERT = "pull", "revert"
NOTHING, FORWARD, MERGE = "nothing", "fast-forward", "merge"


@record
class Question:
    """Something that both sides changed. `name` stays the same from one run to the next; `answer` is `mine`, `theirs`,
    or `None` while it is open. `mine` and `theirs` show what either side has."""

    name: str
    about: str
    mine: str
    theirs: str
    answer: str | None

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {"name": self.name, "about": self.about, "mine": self.mine, "theirs": self.theirs, "answer": self.answer}


@record
class MergeRequest:
    """What is to be merged into the branch that an environment is on.

    `command` is `merge`, `pull`, `revert` where `ref` is the commit to be taken back, or `stash pop` where it is the
    number of a stash, empty for the newest. `named` is what `ref` is called in words, where that is something else.
    `take` are answers by the names of questions, `auto` is the answer to all others. A `preview` leaves nothing in the
    repository, and cannot be carried out; the `rehearsal` of a `stash pop` does not either, but is planned in full.
    `policy` says what becomes of uncommitted work that is in the way.
    """

    ref: str
    command: str = "merge"
    take: Mapping[str, str] = field(default_factory=dict)
    auto: str | None = None
    message: str | None = None
    policy: str = REFUSE
    preview: bool = False
    named: str | None = None
    rehearsal: bool = False

    @property
    def name(self) -> str:
        return self.ref if self.named is None else self.named

    def of(self, ref: str, named: str) -> "MergeRequest":
        """The same for another commit, which is called something in words."""
        return replace(self, ref=ref, named=named)


@record
class MergePlan:
    """What comes of a merge.

    `kind` is `nothing` (all of it is there already), `fast-forward` or `merge`. `decided` says in words what was
    decided by itself. `files` are the paths of the definition that are others than ours then. `move` carries it out;
    `None` for a preview, and while a question is open.
    """

    name: str
    command: str
    other: str
    kind: str
    base: str
    mine: str
    theirs: str
    questions: tuple[Question, ...]
    decided: tuple[str, ...]
    files: tuple[str, ...]
    message: str
    move: MovePlan | None

    @property
    def is_revert(self) -> bool:
        return self.command == REVERT

    @property
    def open(self) -> tuple[Question, ...]:
        return tuple(question for question in self.questions if question.answer is None)

    @property
    def nothing_to_do(self) -> bool:
        return self.kind == NOTHING or (self.move is not None and self.move.nothing_to_do)
