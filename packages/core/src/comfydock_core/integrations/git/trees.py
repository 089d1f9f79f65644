"""The files of commits, as git has them: which differ, what they hold, and the index that goes with one.

Nothing is checked out and no filter, conversion or hook of anybody acts: contents are what was
committed, byte for byte.
"""

import os
from collections.abc import Mapping

from comfydock_core.integrations.git import runner
from comfydock_core.integrations.git.history import damaged, read_objects
from comfydock_core.models.file_moves import TreeChange, TreeFile
from comfydock_core.utils.file_names import stands_for_git

PLAIN, EXECUTABLE, LINK, SUBMODULE = 0o100644, 0o100755, 0o120000, 0o160000
_READING = "read the history"
_FORBIDDEN = ("", ".", "..")
_MODE_NONE = 0


def changed_files(worktree: str, old: str, new: str, *, lender: str | None = None) -> dict[str, TreeChange]:
    """The paths that two commits (or trees) have differently.

    `lender` is a directory of objects that may have what the repository lacks. Raises `GitFailed`, and `HistoryDamaged`
    for paths that would lead out of a directory or into its repository.
    """
    variables = _lent(lender)
    words = ["diff-tree", "-r", "-z", "--no-renames", "--no-ext-diff", "--no-abbrev", old, new, "--"]
    with runner.read_output(words, cwd=worktree, doing=_READING, variables=variables) as output:
        parts = iter(output.read().decode("utf-8", "surrogateescape").split("\0"))
    found: dict[str, TreeChange] = {}
    for facts in parts:
        if facts:
            path = next(parts)
            old_mode, new_mode, old_name, new_name, _ = facts.removeprefix(":").split(" ")
            _refuse_unsafe(worktree, path)
            found[path] = TreeChange(_file(old_mode, old_name), _file(new_mode, new_name))
    return found


def read_tree(worktree: str, commit: str, *, lender: str | None = None) -> dict[str, TreeFile]:
    """Every file of a commit (or tree), by path; `lender` is as there. Raises what `changed_files` raises."""
    words = ["ls-tree", "-r", "-z", "--full-tree", commit, "--"]
    with runner.read_output(words, cwd=worktree, doing=_READING, variables=_lent(lender)) as output:
        lines = output.read().decode("utf-8", "surrogateescape").split("\0")
    found = {}
    for line in lines:
        facts, tab, path = line.partition("\t")
        if tab:
            mode, _, name = facts.split(" ")
            _refuse_unsafe(worktree, path)
            found[path] = TreeFile(int(mode, 8), name)
    return found


def write_files(worktree: str, places: Mapping[str, TreeFile], *, lender: str | None = None) -> None:
    """Write files of commits to places that are free, with the directories that they lie in.

    `lender` is as in `changed_files`. Raises `HistoryDamaged` where one is missing, `OSError`.
    """
    by_object: dict[str, list[str]] = {}
    for place, file in places.items():
        if file.mode == SUBMODULE:
            raise damaged(worktree, f"`{os.path.basename(place)}` is a submodule, which no definition has")
        by_object.setdefault(file.object, []).append(place)
    for name, content in read_objects(worktree, by_object, lender=lender):
        for place in by_object[name]:
            _write(place, places[place].mode, content)


def index_of(worktree: str, commit: str, scratch: str, added: Mapping[str, TreeFile] | None = None) -> str:
    """Make git's index of a commit in `scratch`; files that stay as they are need not be read again for it.

    `added` are files that it is to know besides.
    """
    made = f"{scratch}/index"
    live = f"{worktree}/.git/index"
    if os.path.exists(live):
        with open(live, "rb") as source, open(made, "xb") as target:
            target.write(source.read())
    variables = {"GIT_DIR": f"{worktree}/.git", "GIT_WORK_TREE": worktree, "GIT_INDEX_FILE": made}
    words = ["-c", "core.splitIndex=false", "read-tree", *(["-m", "-i"] if os.path.exists(made) else []), commit]
    runner.run(words, cwd=worktree, doing="prepare the index", variables=variables)
    if added:
        list_files(worktree, added, variables)
    return made


def list_files(worktree: str, files: Mapping[str, TreeFile], variables: Mapping[str, str] | None = None) -> None:
    """Let git's index know files whose contents the repository has. Raises `GitFailed`."""
    given = "".join(f"{file.mode:o} {file.object}\t{path}\0" for path, file in files.items())
    words = ["update-index", "-z", "--index-info"]
    encoded = given.encode("utf-8", "surrogateescape")
    runner.run(words, cwd=worktree, doing="prepare the index", variables=variables, given=encoded)


def tree_with(
    worktree: str, commit: str, files: Mapping[str, TreeFile | None], scratch: str, *, objects: str | None = None
) -> str:
    """Make the tree of a commit with other files, `None` for those that it is not to have.

    With `objects`, a directory, new objects go there and not into the repository. Raises `GitFailed`.
    """
    variables = {"GIT_DIR": f"{worktree}/.git", "GIT_WORK_TREE": worktree, "GIT_INDEX_FILE": f"{scratch}/tree-index"}
    if objects is not None:
        variables |= {"GIT_OBJECT_DIRECTORY": objects, **_lent(f"{worktree}/.git/objects")}
    doing = "prepare the files"
    runner.run(["read-tree", commit], cwd=worktree, doing=doing, variables=variables)
    nothing = "0" * len(commit)
    lines = [f"{file.mode:o} {file.object}\t{path}\0" if file else f"0 {nothing}\t{path}\0"
             for path, file in files.items()]  # fmt: skip
    given = "".join(lines).encode("utf-8", "surrogateescape")
    runner.run(["update-index", "-z", "--index-info"], cwd=worktree, doing=doing, variables=variables, given=given)
    return runner.run(["write-tree"], cwd=worktree, doing=doing, variables=variables).strip()


def is_index_of(worktree: str, commit: str) -> bool:
    """Whether git's index lists what a commit holds. Raises `GitFailed`."""
    return not runner.run(["diff-index", "--cached", "--name-only", commit, "--"], cwd=worktree, doing=_READING)


def tree_of(worktree: str, commit: str) -> str:
    """The tree of a commit. Raises `GitFailed`."""
    return runner.run(["rev-parse", "--verify", f"{commit}^{{tree}}"], cwd=worktree, doing=_READING).strip()


def leads_astray(path: str) -> bool:
    """Whether a path leads out of the directory that it is relative to, or into its repository."""
    return any(part in _FORBIDDEN or stands_for_git(part) for part in path.split("/"))


def _lent(lender: str | None) -> dict[str, str]:
    return {} if lender is None else {"GIT_ALTERNATE_OBJECT_DIRECTORIES": lender}


def _write(place: str, mode: int, content: bytes) -> None:
    os.makedirs(os.path.dirname(place), exist_ok=True)
    if mode == LINK:
        os.symlink(os.fsdecode(content), place)
        return
    with open(place, "xb") as file:
        file.write(content)
        if mode == EXECUTABLE:
            os.fchmod(file.fileno(), os.fstat(file.fileno()).st_mode | 0o111)


def _file(mode: str, name: str) -> TreeFile | None:
    number = int(mode, 8)
    return None if number == _MODE_NONE else TreeFile(number, name)


def _refuse_unsafe(worktree: str, path: str) -> None:
    """A tree may be made by hand: git itself would not check such a path out."""
    if leads_astray(path):
        raise damaged(worktree, f"it has a file `{path}`, which would lie outside of the definition")
