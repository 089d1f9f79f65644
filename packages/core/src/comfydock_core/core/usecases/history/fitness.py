"""Whether the repository of a definition can be committed to or moved, and what of it a commit is for."""

import os
from collections.abc import Mapping

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.integrations.git.committing import CommitBuilder, File
from comfydock_core.integrations.git.unfinished import unfinished
from comfydock_core.models.exceptions import RepositoryUnfit


def refuse_unfit(layout: EnvironmentLayout) -> None:
    """Raise `RepositoryUnfit` without a repository of the definition's own, or with git in the middle of something."""
    git = f"{layout.definition}/.git"
    if not os.path.isdir(git):
        raise RepositoryUnfit(
            f"`{layout.definition}` has no git repository of its own",
            hint="`git init` there starts a new history; a linked worktree or a submodule cannot be committed here",
            context={"path": layout.definition},
        )
    under_way = unfinished(layout.definition)
    if under_way is not None:
        raise unfit(layout, *under_way)


def unfit(layout: EnvironmentLayout, what: str, path: str) -> RepositoryUnfit:
    return RepositoryUnfit(
        f"{what} is not finished in `{layout.definition}`",
        hint="finish or abort it with git there, then run the command again",
        context={"path": path or layout.definition},
    )


def files_of(builder: CommitBuilder, layout: EnvironmentLayout) -> Mapping[bytes, File]:
    """What the commit is going to hold. Raises `RepositoryUnfit` for files that a merge left open."""
    entries = builder.entries()
    if any(entry.stage for entry in entries):
        raise unfit(layout, "a merge", "")
    return {entry.path: (entry.mode, entry.object) for entry in entries}


def reference_of(branch: str | None) -> str:
    """What moves: the branch, whatever it is called, or a head that is on none."""
    if branch is None:
        return "HEAD"
    return branch if branch.startswith("refs/") else f"refs/heads/{branch}"
