"""Stashes: commits of uncommitted work under `refs/comfydock/stash/<number>`, each with the commit it began at."""

from comfydock_core.integrations.git import runner
from comfydock_core.models.history.moving import Stash

_PLACE = "refs/comfydock/stash/"
_FIELDS = "%(refname)%00%(objectname)%00%(parent)%00%(committerdate:iso8601-strict)%00%(contents:subject)"


def reference(number: int) -> str:
    """The name of the reference of a stash."""
    return f"{_PLACE}{number}"


def list_stashes(worktree: str) -> list[Stash]:
    """Every stash, the newest first. Raises `GitFailed`."""
    listed = runner.run(["for-each-ref", f"--format={_FIELDS}", _PLACE], cwd=worktree, doing="list the stashes")
    found = []
    for line in listed.splitlines():
        name, commit, parents, date, subject = line.split("\0", 4)
        number = name.removeprefix(_PLACE)
        if number.isascii() and number.isdecimal() and len(parents.split()) == 1:
            found.append(Stash(int(number), commit, parents, date, subject))
    return sorted(found, key=lambda stash: stash.number, reverse=True)


def next_number(worktree: str) -> int:
    """A number that no stash has, higher than all."""
    return max((stash.number for stash in list_stashes(worktree)), default=0) + 1
