"""Commits of a definition's history, the names that lead to them, and what somebody means by a name."""

from comfydock_core.records import record


@record
class FileChange:
    """A file that a commit changes. `before` and `after` name git's objects, `None` where there is no such file."""

    path: str
    before: str | None
    after: str | None


@record
class CommitInfo:
    """One commit.

    `number` is N of its name `vN`: it is the N-th of the first-parent line; `None` when it is not on that line.
    `names` are the branches and tags that lead to it. `date` is ISO 8601 with the author's offset from UTC. `changes`
    are against the first parent.
    """

    hash: str
    parents: tuple[str, ...]
    author: str
    email: str
    date: str
    subject: str
    body: str = ""
    number: int | None = None
    names: tuple[str, ...] = ()
    changes: tuple[FileChange, ...] = ()

    @property
    def label(self) -> str | None:
        return None if self.number is None else f"v{self.number}"

    @property
    def short(self) -> str:
        return self.hash[:SHORT]


SHORT = 8  # Digits of a commit that people read.


@record
class Reference:
    """A name that leads to a commit. `kind` is `branch`, `tag` or `remote`; `upstream` is what a branch follows."""

    name: str
    kind: str
    commit: str
    upstream: str | None = None


@record
class Revision:
    """What somebody means by a name: a full commit, or the state before an operation of that number."""

    text: str
    commit: str | None = None
    operation: int | None = None


@record
class GraphLine:
    """A line of the graph as git draws it, with the commit that it is about; `first` for the first line of that."""

    art: str
    commit: str | None = None
    first: bool = False
