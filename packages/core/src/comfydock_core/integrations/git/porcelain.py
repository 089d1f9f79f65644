"""Reading `git status --porcelain=v2 --branch -z`, on the fast path."""


class WorktreeStatus:
    """Branch, commit and paths. `branch` is `None` on a detached head, `commit` before the first commit."""

    __slots__ = ("branch", "commit", "modified", "untracked")

    def __init__(self) -> None:
        self.branch: str | None = None
        self.commit: str | None = None
        self.modified: list[str] = []
        self.untracked: list[str] = []


def parse_status(output: bytes) -> WorktreeStatus:
    """Read the records; kinds that are not known are passed over. Staged and conflicted paths count as modified."""
    status = WorktreeStatus()
    records = iter(output.decode("utf-8", "surrogateescape").split("\0"))
    for record in records:
        kind, _, rest = record.partition(" ")
        if kind == "#":
            _read_header(status, rest)
        elif kind == "?":
            status.untracked.append(rest)
        elif kind in _PATH_FIELD:
            fields = rest.split(" ", _PATH_FIELD[kind])
            status.modified.append(fields[-1])
            if kind == "2":
                next(records, None)  # The path it was renamed from is a record of its own.
    return status


# How many fields stand before the path in records of changed, renamed and unmerged entries.
_PATH_FIELD = {"1": 7, "2": 8, "u": 9}


def _read_header(status: WorktreeStatus, header: str) -> None:
    name, _, value = header.partition(" ")
    if name == "branch.oid" and value != "(initial)":
        status.commit = value
    elif name == "branch.head" and value != "(detached)":
        status.branch = value
