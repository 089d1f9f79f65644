"""Fetching the branches of a remote: what is known of them moves, and nothing else of the repository."""

from collections.abc import Callable

from comfydock_core.integrations.git import revisions, runner
from comfydock_core.integrations.git.remote_settings import TRACKING
from comfydock_core.integrations.git.remotes import RemoteRefs, parse_refs
from comfydock_core.models.exceptions import HistoryShallow

_CUT_OFF = "because shallow roots are not allowed to be updated"
_IN_THE_WAY = "some local refs could not be updated"
# Whatever the settings say: no branch of here is written, no submodule looked at, nothing tidied behind our back.
_SETTINGS = ("-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "fetch.writeCommitGraph=false")
_DOING = "fetch the history"


def fetch_branches(worktree: str, remote: str, address: str, *, prune: bool, on_line: Callable[[str], None]) -> None:
    """Fetch every branch of a remote, with the tags that lead to what comes; tags that are here stay.

    A history that was cut off here is completed. `address` is where the remote is, for messages. Raises
    `HistoryShallow` when the remote's own is cut off, `RepositoryNotFound`, `NetworkUnavailable`,
    `AuthenticationFailed`, `HostKeyRefused`, `GitFailed`, `FileSystemError`.
    """
    words = [*_SETTINGS, "fetch", "--progress", "--refmap=", "--no-recurse-submodules"]
    words += ["--unshallow"] if revisions.is_shallow(worktree) else []
    words += ["--prune"] if prune else ["--no-prune"]
    words += ["--", remote, f"+refs/heads/*:{TRACKING}{remote}/*"]
    completed = runner.ask_live(words, cwd=worktree, repository=address, on_line=on_line)
    if completed.returncode != 0:
        error = runner.failure(completed, words, cwd=worktree, doing=_DOING, repository=address)
        if _IN_THE_WAY in completed.output and not prune:
            error.hint = "`comfydock fetch --prune` forgets branches that are gone there and in the way of new ones"
        raise error
    if any(_CUT_OFF in line and TRACKING in line for line in completed.output.split("\n")):
        raise HistoryShallow(
            f"the history at `{remote}` is cut off: it was cloned without its beginning, and cannot be joined to this"
            " one",
            hint="run `git fetch --unshallow` in the repository there, or add the one that it was cloned from",
            context={"remote": remote},
        )


def ask_refs(worktree: str, remote: str, address: str) -> RemoteRefs:
    """What a remote has now, without fetching any of it. Raises what `fetch_branches` raises."""
    words = ["ls-remote", "--symref", "--", remote, "HEAD", "refs/heads/*", "refs/tags/*"]
    return parse_refs(runner.run(words, cwd=worktree, doing="ask the remote", repository=address))
