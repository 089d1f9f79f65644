"""What git is in the middle of in a repository; only git can end that."""

import os

_SIGNS = {
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
}


def unfinished(repository: str) -> tuple[str, str] | None:
    """What it is, in words, and the path that says so; `None` when there is nothing."""
    for sign, what in _SIGNS.items():
        path = f"{repository}/.git/{sign}"
        if os.path.lexists(path):
            return what, path
    return None
