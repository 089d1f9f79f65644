"""What two commits of a repository have in common. Callers give full commits."""

from collections.abc import Iterable

from comfydock_core.integrations.git import runner
from comfydock_core.models.exceptions import RepositoryUnfit
from comfydock_core.utils.versions import is_full_commit


def merge_base(worktree: str, one: str, other: str) -> str | None:
    """The last commit that both have, `None` where they have none in common."""
    answer = runner.ask(["merge-base", one, other], cwd=worktree)
    return answer.output.strip() or None if answer.returncode == 0 else None


def is_before(worktree: str, one: str, other: str) -> bool:
    """Whether one full commit is an ancestor of another that the repository has, too."""
    if not (is_full_commit(one) and is_full_commit(other)):
        return False
    return runner.ask(["merge-base", "--is-ancestor", one, other], cwd=worktree).returncode == 0


def parents_of(worktree: str, commit: str) -> list[str]:
    """The commits before a commit. Raises `GitFailed`."""
    words = ["rev-list", "--parents", "--max-count=1", commit, "--"]
    return runner.run(words, cwd=worktree, doing="read the history").split()[1:]


def line_between(worktree: str, old: str, new: str) -> list[str]:
    """The commits after `old` up to `new`, by first parents, the oldest first. Raises `GitFailed`."""
    words = ["rev-list", "--first-parent", "--reverse", f"{old}..{new}", "--"]
    return runner.run(words, cwd=worktree, doing="read the history").split()


def commits_apart(worktree: str, one: str, other: str) -> tuple[int, int] | None:
    """How many commits only `one` leads to, and how many only `other`; `None` where one of them is not here."""
    answer = runner.ask(["rev-list", "--left-right", "--count", f"{one}...{other}", "--"], cwd=worktree)
    left, _, right = answer.output.strip().partition("\t")
    return (int(left), int(right)) if answer.returncode == 0 else None


def commits_besides(worktree: str, commit: str, known: Iterable[str]) -> int | None:
    """How many commits one leads to and none of those that are `known`; `None` where one of them is not here."""
    given = "".join(f"{line}\n" for line in [commit, *(f"^{one}" for one in dict.fromkeys(known))])
    answer = runner.ask(["rev-list", "--count", "--stdin"], cwd=worktree, given=given.encode())
    return int(answer.output) if answer.returncode == 0 else None


def abort(worktree: str) -> None:
    """Take back a merge that git began and did not finish. Raises `RepositoryUnfit` without one, `GitFailed`."""
    if runner.ask(["rev-parse", "--verify", "--quiet", "MERGE_HEAD"], cwd=worktree).returncode != 0:
        raise RepositoryUnfit(
            f"no merge is in progress in `{worktree}`",
            hint="`comfydock merge` leaves no merge unfinished; `comfydock undo` takes a finished one back",
            context={"path": worktree},
        )
    runner.run(["merge", "--abort"], cwd=worktree, doing="abort the merge")
