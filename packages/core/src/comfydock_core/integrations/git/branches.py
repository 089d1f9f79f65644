"""Branches of a repository on disk, and what git's settings say of each."""

import re

from comfydock_core.integrations.git import queries, runner


def commits_of_branch_alone(worktree: str, branch: str) -> int:
    """How many commits nothing but this branch leads to. Raises `GitFailed`."""
    others = [f"--exclude={branch}", "--branches", "--tags", "--remotes"]
    words = ["rev-list", "--count", f"refs/heads/{branch}", "--not", *others]
    return int(runner.run([*words, queries.HEAD, "--"], cwd=worktree, doing="look at the branch"))


def has_branch_settings(worktree: str, branch: str) -> bool:
    """Whether the repository's own settings have a section for a branch."""
    return bool(queries.config_values(worktree, rf"^branch\.{re.escape(branch)}\."))


def edit_branch_settings(worktree: str, config: str, branch: str, new: str | None) -> None:
    """Rename the section of a branch in a file of settings, or remove it where `new` is `None`. Raises `GitFailed`."""
    section = f"branch.{branch}"
    change = ["--remove-section", section] if new is None else ["--rename-section", section, f"branch.{new}"]
    runner.run(["config", "--file", config, *change], cwd=worktree, doing="change the settings of the branch")
