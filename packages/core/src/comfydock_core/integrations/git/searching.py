"""Looking for texts in commits of a repository, without a checkout."""

from collections.abc import Sequence

from comfydock_core.integrations.git import runner


def release_tags(worktree: str) -> list[str]:
    """The tags of releases (`v1.2.3`), as the repository lists them."""
    answer = runner.ask(["tag", "--list", "v[0-9]*"], cwd=worktree)
    return answer.output.split() if answer.returncode == 0 else []


def quoted_texts(worktree: str, commit: str, names: Sequence[str], paths: Sequence[str]) -> frozenset[str]:
    """Which names stand in quotes in some files of a commit. Raises what `runner.run` raises."""
    spelled = {f"{mark}{name}{mark}": name for name in names for mark in "\"'"}
    words = [word for spelling in spelled for word in ("-e", spelling)]
    arguments = ["grep", "--no-color", "-h", "-o", "-F", "-I", *words, commit, "--", *paths]
    answer = runner.ask(arguments, cwd=worktree)
    if answer.returncode > 1:
        raise runner.failure(answer, arguments, cwd=worktree, doing="look through a release", repository=None)
    return frozenset(spelled[line] for line in answer.output.splitlines() if line in spelled)
