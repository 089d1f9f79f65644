"""Names of commits in a repository on disk. Callers have refused whatever git could take for an option."""

import re

from comfydock_core.integrations.git import runner
from comfydock_core.models.commit import Reference

_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
_KINDS = {"refs/heads/": "branch", "refs/tags/": "tag", "refs/remotes/": "remote"}
_FIELDS = "%00".join(
    ("%(refname)", "%(objecttype)", "%(objectname)", "%(*objecttype)", "%(*objectname)", "%(upstream)")
)


def commit_named(worktree: str, revision: str) -> str | None:
    """The full commit that a revision names in git's own grammar, or `None`."""
    if revision.startswith("-"):
        return None
    answer = runner.ask(["rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"], cwd=worktree)
    found = answer.output.strip()
    return found if answer.returncode == 0 and _HASH.fullmatch(found) else None


def commits_beginning(worktree: str, digits: str) -> list[str]:
    """Every commit whose hash begins with some digits, four or more."""
    listed = runner.ask(["rev-parse", f"--disambiguate={digits}"], cwd=worktree)
    found = [name for name in listed.output.split() if _HASH.fullmatch(name)]
    kinds = [(name, runner.ask(["cat-file", "-t", name], cwd=worktree).output.strip()) for name in found[:50]]
    return [name for name, kind in kinds if kind == "commit"]


def references(worktree: str) -> list[Reference]:
    """Every branch and tag, those of remotes too, that leads to a commit. Raises `GitFailed`."""
    wanted = ["for-each-ref", f"--format={_FIELDS}", *_KINDS]
    found = []
    for line in runner.run(wanted, cwd=worktree, doing="list the branches and tags").splitlines():
        full, own_kind, own, peeled_kind, peeled, upstream = line.split("\0")
        kind = next(known for known in _KINDS if full.startswith(known))
        commit = own if own_kind == "commit" else peeled if peeled_kind == "commit" else None
        if commit is not None:
            follows = re.sub(r"^refs/[a-z]+/", "", upstream) or None
            found.append(Reference(full.removeprefix(kind), _KINDS[kind], commit, follows))
    return found


def first_parents(worktree: str, start: str) -> list[str]:
    """The first-parent line of a commit, that commit first. Raises `GitFailed`."""
    wanted = ["rev-list", "--first-parent", start, "--"]
    return runner.run(wanted, cwd=worktree, doing="read the history").split()


def is_shallow(worktree: str) -> bool:
    """Whether the history was cut off when it was cloned."""
    return runner.ask(["rev-parse", "--is-shallow-repository"], cwd=worktree).output.strip() == "true"
