"""Changes to a repository on disk."""

import os

from comfydock_core.integrations.git import queries, runner
from comfydock_core.models.exceptions import GitFailed
from comfydock_core.utils.files import atomic
from comfydock_core.utils.text import some

_SHOWN = 3
_NOTHING = "0" * 40


def initialise(worktree: str, branch: str) -> None:
    """Start a history. The user's template directory is left out: hooks in it are for the user's own work."""
    options = ["--quiet", "--template=", f"--initial-branch={branch}"]
    runner.run(["init", *options], cwd=worktree, doing="start the history")


def set_config(worktree: str, key: str, value: str) -> None:
    runner.run(["config", key, value], cwd=worktree, doing="configure the repository")


def commit_all(worktree: str, message: str) -> bool:
    """Commit everything that is not ignored. `False` when there is nothing to commit."""
    runner.run(["add", "--all", "."], cwd=worktree, doing="stage the files")
    if not queries.has_changes(worktree):
        return False
    runner.run(["commit", "--quiet", "-m", message], cwd=worktree, doing="commit the files")
    return True


def read_index(worktree: str) -> None:
    """Let git know the files that lie there as those of the last commit, as far as they are. Raises `GitFailed`."""
    runner.run(["read-tree", "HEAD"], cwd=worktree, doing="prepare the index")
    runner.ask(["update-index", "-q", "--refresh"], cwd=worktree)  # Its exit code says that some files differ.


def restore(worktree: str, paths: list[str]) -> None:
    """Write some files as the last commit has them. Raises `GitFailed`."""
    runner.run(["checkout", "--quiet", "HEAD", "--", *paths], cwd=worktree, doing="restore files of ComfyUI")


def check_out(worktree: str, commit: str, *, branch: str | None) -> None:
    """Check out a commit: on `branch`, made to point there and to follow `origin`, or detached without one.

    Raises `GitFailed`, also where git says that it went well although an object was missing or a file is.
    """
    doing = f"check out {branch or commit[:10]}"
    words = ["--detach", commit] if branch is None else ["-B", branch, commit]
    completed = runner.ask(["checkout", "--quiet", *words], cwd=worktree)
    told = any(line.startswith("error: ") for line in completed.errors.splitlines())
    if completed.returncode != 0 or told:
        raise runner.failure(completed, ["checkout", *words], cwd=worktree, doing=doing, repository=None)
    gone = runner.run(["ls-files", "-z", "--deleted"], cwd=worktree, doing=doing).split("\0")[:-1]
    if gone:
        raise GitFailed(
            f"cannot {doing}: git left out {some(gone, _SHOWN)}",
            hint="its repository may be damaged: `git fsck` there tells",
            context={"files": gone},
        )
    if branch is None:
        return
    runner.ask(["branch", "--quiet", f"--set-upstream-to=origin/{branch}", branch], cwd=worktree)


def own_all_objects(worktree: str, lenders: list[str]) -> None:
    """Give a repository the objects that it borrows from others, by the directories of theirs. Raises `GitFailed`."""
    alternates = f"{worktree}/.git/objects/info/alternates"
    atomic.write_text(alternates, "".join(f"{lender}\n" for lender in lenders))
    runner.run(["repack", "-a", "-d", "--quiet"], cwd=worktree, doing="copy the objects of the repository")
    os.unlink(alternates)


def update_ref(worktree: str, name: str, new: str | None, old: str | None) -> None:
    """Move a reference from `old` to `new`, `None` for its absence; git refuses when it is elsewhere by then.

    Raises `GitFailed`. `HEAD` itself is moved, never the branch that it may lead to; `ref: refs/heads/main` puts it on
    a branch. The words in its log are git's own, by which `@{-1}` and `git switch -` find the branch before.
    """
    # By default git may leave a reference empty after power loss.
    durable = ["-c", "core.fsync=reference"]
    words = _moving_words(old, new) if name == queries.HEAD else "comfydock"
    if new is not None and new.startswith(queries.SYMBOLIC):
        command = ["symbolic-ref", "-m", words, name, new.removeprefix(queries.SYMBOLIC)]
    elif new is None:
        command = ["update-ref", "-m", words, "--no-deref", "-d", name, old or _NOTHING]
    else:
        command = ["update-ref", "-m", words, "--no-deref", name, new]
        if old is None or not old.startswith(queries.SYMBOLIC):
            command.append(old or _NOTHING)
    runner.run([*durable, *command], cwd=worktree, doing=f"move `{name}`")


def _moving_words(old: str | None, new: str | None) -> str:
    before, after = ((one or "nothing").removeprefix(f"{queries.SYMBOLIC}refs/heads/") for one in (old, new))
    return f"checkout: moving from {before} to {after}"
