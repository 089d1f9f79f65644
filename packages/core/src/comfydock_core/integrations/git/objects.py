"""Everything that a repository keeps, read object by object: what any commit ever held, reachable or not."""

from collections.abc import Iterable, Iterator
from typing import IO

from comfydock_core.integrations.git import runner
from comfydock_core.models.exceptions import GitFailed

# Names of files, of which each commit has a list of its own.
_TREE = b"tree"
_PIECE = 1 << 24
_READING = "read the history"
# Everything that must be there: what commits, the index and the notes of earlier commits lead to.
_NEEDED = ["rev-list", "--objects", "--all", "--reflog", "--indexed-objects", "--missing=print", "--quiet"]
_EVERYTHING = ["cat-file", "--batch-all-objects", "--unordered", "--batch=%(objecttype) %(objectsize)"]


def refuse_incomplete(worktree: str) -> None:
    """Raise `GitFailed` when something is missing that the history needs; nothing is fetched for it."""
    missing = runner.run(_NEEDED, cwd=worktree, doing=_READING).split()
    if missing:
        raise GitFailed(
            f"cannot {_READING}: {len(missing)} of its objects are missing in `{worktree}`",
            context={"repository": worktree, "missing": [name.lstrip("?") for name in missing[:20]]},
        )


def kept_texts(worktree: str, overlap: int) -> Iterator[bytes]:
    """The content of every file, commit and tag, in no order, each content once.

    What is very long comes in pieces, each of which begins with the last `overlap` bytes of the one before. Raises
    `GitFailed`, also for an object that cannot be read.
    """
    with runner.read_output(_EVERYTHING, cwd=worktree, doing=_READING) as output:
        while header := output.readline():
            kind, _, size = header.rstrip(b"\n").partition(b" ")
            if not size.isdigit():
                raise _unreadable(worktree, header)
            yield from _content(output, int(size), overlap, worktree, is_wanted=kind != _TREE)


def versions_of(worktree: str, path: str, commits: Iterable[str] = ()) -> list[str]:
    """The names of every content that a file had at a commit, each once.

    Those are the commits that references and the notes of earlier ones lead to, and `commits`, as far as they are
    there. Raises `GitFailed`.
    """
    given = "".join(f"{line}\n" for line in (*commits, "--", path)).encode()
    command = ["rev-list", "--objects", "--full-history", "--ignore-missing", "--all", "--reflog", "--stdin"]
    lines = runner.run(command, cwd=worktree, doing=_READING, given=given).splitlines()
    return list(dict.fromkeys(name for name, _, found in (line.partition(" ") for line in lines) if found == path))


def _content(output: IO[bytes], size: int, overlap: int, worktree: str, *, is_wanted: bool) -> Iterator[bytes]:
    """The pieces of one object, or none; its end is read in any case."""
    end, left = b"", size
    while left:
        piece = output.read(min(left, _PIECE))
        if not piece:
            raise _unreadable(worktree, b"the output of git ends early")
        left -= len(piece)
        if is_wanted:
            yield end + piece
            end = piece[-overlap:] if left else b""
    output.read(1)


def _unreadable(worktree: str, said: bytes) -> GitFailed:
    return GitFailed(
        f"cannot {_READING}: an object in `{worktree}` cannot be read: {said.decode('utf-8', 'replace').strip()}",
        context={"repository": worktree},
    )
