"""The commit that is checked out, read from git's files: no process, no answer later than a few file reads.

Worktrees and submodules (`.git` as a file) and `packed-refs` are understood. A repository in the `reftable` format is
not: the answer is `None` then, as for any repository that cannot be read.
"""

from comfydock_core.utils import native

_MAX_SYMBOLIC = 5
_NO_BRANCH = "refs/heads/.invalid"  # Where `HEAD` leads in the `reftable` format, for programs that do not know it.


def read_head(worktree: str) -> tuple[str | None, str | None]:
    """The full commit and the branch of `HEAD`; `None` for a detached head, an unborn branch, or no repository."""
    directory = repository_of(worktree)
    content = _text(f"{directory}/HEAD") if directory else None
    if directory is None or content is None:
        return None, None
    if not content.startswith("ref: "):
        return _commit(content), None
    ref = content[5:].strip()
    return (None, None) if ref == _NO_BRANCH else (_resolve(directory, ref), ref.removeprefix("refs/heads/"))


def symbolic_head(worktree: str) -> str | None:
    """The branch that `HEAD` is on, as `ref: refs/heads/main`; `None` for any other, and where git has to be asked."""
    directory = repository_of(worktree)
    content = _text(f"{directory}/HEAD") if directory else None
    head = (content or "").strip()
    return head if head.startswith("ref: refs/heads/") and head[5:] != _NO_BRANCH else None


def repository_of(worktree: str) -> str | None:
    """Where the repository of a work tree lies, whether it is there or not; `None` where `.git` tells no place."""
    directory = f"{worktree}/.git"
    if native.is_directory(directory):
        return directory
    content = _text(directory)
    if content is None or not content.startswith("gitdir: "):
        return None
    place = content[8:].strip()
    return place if place.startswith("/") or place[1:2] == ":" else f"{worktree}/{place}"


def _resolve(directory: str, ref: str) -> str | None:
    common = _common_directory(directory)
    for _ in range(_MAX_SYMBOLIC):
        content = _text(f"{directory}/{ref}") or _text(f"{common}/{ref}")
        if content is None:
            return _packed(common, ref)
        if not content.startswith("ref: "):
            return _commit(content)
        ref = content[5:].strip()
    return None


def _common_directory(directory: str) -> str:
    """Where a worktree's refs are: its main repository."""
    place = (_text(f"{directory}/commondir") or "").strip()
    if not place:
        return directory
    return place if place.startswith("/") or place[1:2] == ":" else f"{directory}/{place}"


def _packed(directory: str, ref: str) -> str | None:
    for line in (_text(f"{directory}/packed-refs") or "").splitlines():
        commit, _, name = line.partition(" ")
        if name == ref:
            return _commit(commit)
    return None


def _commit(text: str) -> str | None:
    commit = text.strip()
    digits = len(commit) in (40, 64) and not commit.strip("0123456789abcdef")
    return commit if digits else None


def _text(path: str) -> str | None:
    try:
        content = native.read_bytes(path)
    except (OSError, ValueError):
        return None
    return None if content is None else content.decode("utf-8", "surrogateescape")
