"""Reading `git status --porcelain=v2 --branch -z`, on the fast path."""

TYPE_CHECKING = False  # Type checkers take it for true; `typing` would cost start time.
if TYPE_CHECKING:
    from collections.abc import Iterator


class GitChangeParser:
    """Branch, commit and changed paths. `branch` is `None` on a detached head, `commit` before the first commit."""

    __slots__ = ("branch", "commit", "modified", "untracked")

    def __init__(self, output: bytes) -> None:
        """Reads the records; unknown kinds are passed over. Staged and conflicted paths count as modified."""
        self.branch: str | None = None
        self.commit: str | None = None
        self.modified: list[str] = []
        self.untracked: list[str] = []
        self._read(iter(output.decode("utf-8", "surrogateescape").split("\0")))

    def _read(self, records: "Iterator[str]") -> None:
        for record in records:
            kind, _, rest = record.partition(" ")
            if kind == "#":
                self._read_header(rest)
            elif kind == "?":
                self.untracked.append(rest)
            elif kind in _PATH_FIELD:
                fields = rest.split(" ", _PATH_FIELD[kind])
                self.modified.append(fields[-1])
                if kind == "2":
                    next(records, None)  # The path it was renamed from is a record of its own.

    def _read_header(self, header: str) -> None:
        name, _, value = header.partition(" ")
        if name == "branch.oid" and value != "(initial)":
            self.commit = value
        elif name == "branch.head" and value != "(detached)":
            self.branch = value


# How many fields stand before the path in records of changed, renamed and unmerged entries.
_PATH_FIELD = {"1": 7, "2": 8, "u": 9}
