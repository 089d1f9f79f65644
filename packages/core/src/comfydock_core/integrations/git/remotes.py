"""Asking and cloning other repositories."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from comfydock_core.integrations.git import runner
from comfydock_core.models.addresses import without_credentials

_PROGRESS = re.compile(r"(?:remote: )?(Receiving objects|Resolving deltas|Updating files):\s+\d+% \((\d+)/(\d+)\)")


@dataclass(slots=True)
class RemoteRefs:
    """What a repository offers: branches and tags with the commits they lead to, and its default branch."""

    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    default_branch: str | None = None
    head: str | None = None


def list_refs(repository: str, *, what: str = "ComfyUI") -> RemoteRefs:
    """Ask a repository, of `what`, what it offers.

    Raises `RepositoryNotFound`, `NetworkUnavailable`, `AuthenticationFailed`.
    """
    patterns = ["HEAD", "refs/heads/*", "refs/tags/*"]
    output = runner.run(
        ["ls-remote", "--symref", "--", repository, *patterns],
        cwd=_neutral_directory(),
        doing=f"list the versions of {what}",
        repository=repository,
    )
    return parse_refs(output)


def parse_refs(output: str) -> RemoteRefs:
    """Read the output of `git ls-remote --symref`. An annotated tag's commit is the one it was put on."""
    refs = RemoteRefs()
    for line in output.split("\n"):
        value, _, name = line.partition("\t")
        if name == "HEAD" and value.startswith("ref: "):
            refs.default_branch = value[5:].strip().removeprefix("refs/heads/")
        elif name == "HEAD":
            refs.head = value
        elif name.startswith("refs/heads/"):
            refs.branches[name.removeprefix("refs/heads/")] = value
        elif name.startswith("refs/tags/"):
            refs.tags[name.removeprefix("refs/tags/").removesuffix("^{}")] = value
    return refs


def clone(repository: str, directory: str, *, on_line: Callable[[str], None], what: str = "ComfyUI") -> None:
    """Clone with the whole history, so that any version can be checked out later without the network.

    Nothing is checked out yet. Raises what `list_refs` raises, and `FileSystemError`.
    """
    runner.run_live(
        ["clone", "--progress", "--no-checkout", "--template=", "--", repository, directory],
        cwd=os.path.dirname(directory),
        doing=f"clone {what}",
        repository=repository,
        on_line=on_line,
    )


def set_address(worktree: str, remote: str, repository: str) -> None:
    """Let a remote lead to another repository; a login in its address is not kept. Raises `GitFailed`."""
    arguments = ["remote", "set-url", "--", remote, without_credentials(repository)]
    runner.run(arguments, cwd=worktree, doing="set the address of the repository")


def forget(worktree: str, remote: str) -> None:
    """Take a remote out, with what is known of its branches. Raises `GitFailed`."""
    runner.run(["remote", "remove", remote], cwd=worktree, doing="forget where the repository came from")


def fetch_commit(worktree: str, repository: str, commit: str) -> bool:
    """Fetch one commit that no branch or tag leads to. `False` when the repository does not give it."""
    answer = runner.ask_live(
        ["fetch", "--progress", "origin", commit], cwd=worktree, repository=repository, on_line=lambda line: None
    )
    return answer.returncode == 0


def fetch_objects(worktree: str, source: str, commit: str) -> bool:
    """Get a commit from a repository on this machine, with nothing that leads to it. `False` when it has none."""
    words = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"]
    return runner.ask([*words, "--no-recurse-submodules", "--", source, commit], cwd=worktree).returncode == 0


def clone_progress(line: str) -> tuple[str, int, int] | None:
    """What a progress line of git says: label, done, total."""
    match = _PROGRESS.match(line)
    return (match[1], int(match[2]), int(match[3])) if match else None


def _neutral_directory() -> str:
    """A directory that belongs to no repository, whose settings would apply otherwise."""
    return os.path.abspath(os.sep)
