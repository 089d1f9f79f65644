"""The commits of a repository on disk, and the files in them, without a checkout.

Everything is read from git's objects: no filter, hook, external diff or conversion to text of anybody runs.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import IO

from comfydock_core.integrations.git import runner
from comfydock_core.models.commit import CommitInfo, FileChange, GraphLine
from comfydock_core.models.exceptions import HistoryDamaged

_READING = "read the history"
_MARK = "\x01"
_FIELDS = ("%H", "%P", "%an", "%ae", "%aI", "%s", "%b")
_FORMAT = "%x01" + "".join(f"{field}%x00" for field in _FIELDS)
_RAW = [
    "-z", "--raw", "--no-abbrev", "--no-renames", "--no-relative", "--no-ext-diff", "--no-textconv",
    "--ignore-submodules=none",
]  # fmt: skip
_LOG = ["--literal-pathspecs", "-c", "log.follow=false", "-c", "log.showRoot=true", "log", "--no-color",
        "--no-decorate", "--no-mailmap", "--no-notes", "--encoding=UTF-8"]  # fmt: skip
_FILES = ("100644", "100755")
_MOST_FILES = 100_000
_CHUNK = 1024 * 1024


def read_commits(
    worktree: str,
    start: str,
    *,
    limit: int | None,
    paths: Sequence[str] = (),
    changes: bool = True,
    for_graph: bool = False,
    first_parents: bool = False,
) -> list[CommitInfo]:
    """The newest commits from a full hash on, those that concern some paths; children before parents.

    `for_graph` adds the merges that a graph of them needs. With `first_parents` only the first-parent line is followed,
    and a merge stands for all that it brought. Raises `GitFailed`.
    """
    # With merges compared, git would list those that take over what one side has of the paths.
    raw = [*_RAW, "--diff-merges=off" if paths and not first_parents else "--diff-merges=first-parent"]
    words = [*_LOG, *_limited(limit), *(raw if changes else ["-z", "--no-patch"]), "--topo-order"]
    words += ["--first-parent"] if first_parents else []
    words += [*(["--parents"] if for_graph else []), f"--format=tformat:{_FORMAT}", start, "--", *paths]
    with runner.read_output(words, cwd=worktree, doing=_READING) as output:
        text = output.read().decode("utf-8", "replace")
    return list(_commits(iter(text.split("\0"))))


def read_trailers(worktree: str, key: str, commits: Iterable[str], besides: Iterable[str]) -> list[tuple[str, str]]:
    """The values of a trailer in what `commits` lead to and `besides` do not, each with its commit, newest first.

    Raises `GitFailed`.
    """
    given = "".join(f"{line}\n" for line in dict.fromkeys([*commits, *(f"^{one}" for one in besides)]))
    words = [*_LOG, "--stdin", "--no-patch", f"--format=tformat:%H%n%(trailers:key={key},valueonly,unfold)%x00"]
    with runner.read_output(words, cwd=worktree, doing=_READING, given=given.encode()) as output:
        parts = output.read().decode("utf-8", "replace").split("\0")
    found = []
    for part in parts:
        commit, *values = [line for line in part.split("\n") if line] or [""]
        found += [(commit, value) for value in values]
    return found


def draw_graph(worktree: str, start: str, *, limit: int | None, paths: Sequence[str] = ()) -> list[GraphLine]:
    """The graph of the same commits, two lines for each. Raises `GitFailed`."""
    words = [*_LOG, *_limited(limit), "--graph", "--topo-order", "--format=%x1e1%H%n%x1e2%H", start, "--", *paths]
    lines = []
    for line in runner.run(words, cwd=worktree, doing=_READING).removesuffix("\n").split("\n"):
        art, mark, rest = line.partition("\x1e")
        lines.append(GraphLine(art.rstrip(), rest[1:], rest[:1] == "1") if mark else GraphLine(art.rstrip()))
    return lines


def _limited(limit: int | None) -> list[str]:
    return [] if limit is None else [f"--max-count={limit}"]


def list_tree(worktree: str, commit: str) -> dict[str, tuple[str, int]]:
    """The files of a commit by path, each with the name of its object and its size. Links are left out.

    Raises `GitFailed`, `HistoryDamaged`.
    """
    wanted = ["ls-tree", "-r", "-z", "-l", "--full-tree", commit, "--"]
    found: dict[str, tuple[str, int]] = {}
    with runner.read_output(wanted, cwd=worktree, doing=_READING) as output:
        entries = output.read().decode("utf-8", "surrogateescape").split("\0")
    if len(entries) > _MOST_FILES:
        raise damaged(worktree, f"the commit {commit[:10]} has more files than a definition")
    for entry in entries:
        facts, tab, path = entry.partition("\t")
        if tab:
            mode, _, name, size = facts.split()
            if mode in _FILES and not size.isdigit():
                raise damaged(worktree, f"the content of `{path}` in the commit {commit[:10]} is missing")
            if mode in _FILES:
                found[path] = (name, int(size))
    return found


def objects_at(worktree: str, commits: Sequence[str], paths: Sequence[str]) -> dict[str, dict[str, str]]:
    """The names of the objects that some paths have in each commit. Raises `GitFailed`."""
    asked = [(commit, path) for commit in commits for path in paths]
    given = "".join(f"{commit}:{path}\n" for commit, path in asked).encode()
    found: dict[str, dict[str, str]] = {commit: {} for commit in commits}
    if not asked:
        return found
    command = ["cat-file", "--batch-check=%(objectname) %(objecttype)"]
    with runner.read_output(command, cwd=worktree, doing=_READING, given=given) as output:
        for commit, path in asked:
            name, _, kind = output.readline().decode("utf-8", "replace").rstrip("\n").rpartition(" ")
            if kind == "blob":
                found[commit][path] = name
    return found


def read_objects(worktree: str, names: Iterable[str], *, lender: str | None = None) -> Iterator[tuple[str, bytes]]:
    """The contents of objects, each once, in the order of their names here.

    `lender` is a directory of objects that may have what the repository lacks. Raises `HistoryDamaged`, `GitFailed`.
    """
    for name, content in read_small_objects(worktree, names, None, lender=lender):
        assert content is not None
        yield name, content


def read_small_objects(
    worktree: str, names: Iterable[str], largest: int | None, *, lender: str | None = None
) -> Iterator[tuple[str, bytes | None]]:
    """The same, with `None` for what is larger than so many bytes. Raises `HistoryDamaged`, `GitFailed`."""
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return
    given = "".join(f"{name}\n" for name in wanted).encode()
    variables = {} if lender is None else {"GIT_ALTERNATE_OBJECT_DIRECTORIES": lender}
    words = ["cat-file", "--batch"]
    with runner.read_output(words, cwd=worktree, doing=_READING, given=given, variables=variables) as output:
        for name in wanted:
            yield name, _object(output, worktree, name, largest)


def damaged(worktree: str, reason: str) -> HistoryDamaged:
    """The error for a history that cannot be read."""
    return HistoryDamaged(
        f"cannot read the history in `{worktree}`: {reason}",
        hint=f"`git -C {worktree} fsck` tells what is wrong; a copy elsewhere may have what is missing",
        context={"repository": worktree, "reason": reason},
    )


def _object(output: IO[bytes], worktree: str, name: str, largest: int | None) -> bytes | None:
    header = output.readline().decode("utf-8", "replace").split()
    if len(header) != 3 or not header[2].isdigit():
        raise damaged(worktree, f"the object {name[:10]} is missing")
    size = int(header[2])
    content = output.read(size) if largest is None or size <= largest else None
    if size != (len(content) if content is not None else _passed_over(output, size)):
        raise damaged(worktree, f"the object {name[:10]} cannot be read")
    output.read(1)
    return content


def _passed_over(output: IO[bytes], size: int) -> int:
    """How many bytes there were of those that nobody wants."""
    left = size
    while left and (part := output.read(min(left, _CHUNK))):
        left -= len(part)
    return size - left


def _commits(parts: Iterator[str]) -> Iterator[CommitInfo]:
    """Fields are told apart by their positions: whatever a message says, it cannot hold the byte between them."""
    fields: list[str] = []
    changes: list[FileChange] = []
    for part in parts:
        if part.startswith(_MARK):
            if fields:
                yield _commit(fields, changes)
            fields, changes = [part[1:], *(next(parts, "") for _ in _FIELDS[1:])], []
        elif part.lstrip("\n").startswith(":"):
            facts = part.split()
            changes.append(FileChange(next(parts, ""), _name(facts[2]), _name(facts[3])))
    if fields:
        yield _commit(fields, changes)


def _commit(fields: list[str], changes: list[FileChange]) -> CommitInfo:
    name, parents, author, email, date, subject, body = fields
    return CommitInfo(name, tuple(parents.split()), author, email, date, subject, body.strip(), changes=tuple(changes))


def _name(text: str) -> str | None:
    return text if text.strip("0") else None
