"""Repositories inside of repositories, and files that lie elsewhere (LFS)."""

import os
import re
from collections.abc import Callable

from comfydock_core.integrations.git import remotes, runner
from comfydock_core.integrations.git_options import LFS_FILTER
from comfydock_core.models.exceptions import GitFailed, RefNotFound
from comfydock_core.records import record

MOST_SUBMODULES = 1000  # More than anybody has, so that repositories of strangers come to an end.
_GITLINK = "160000"
_QUESTION = ("--get-regexp", r"^submodule\..*\.(path|url)$")
_FAILED = re.compile(r"clone of '([^']+)' into submodule path")
_LACKING = re.compile(r"submodule path '([^']+)', but it did not contain ([0-9a-f]+)")
_POINTER = b"version https://git-lfs.github.com/spec/v1\n"
_LARGEST_POINTER = 1024


@record
class Submodule:
    """A repository inside of another: what it is called, where it lies there, its address as written, its commit."""

    name: str
    path: str
    address: str
    commit: str


def read(worktree: str) -> tuple[list[str], list[str]]:
    """The places of submodules: those that have an address, and those that nobody gave one, which git cannot fetch.

    Raises `GitFailed`.
    """
    listed = runner.run(["ls-files", "-z", "--stage"], cwd=worktree, doing="list the submodules")
    entries = (entry.partition("\t") for entry in listed.split("\0"))
    places = sorted(path for facts, _, path in entries if facts.startswith(_GITLINK))
    known = _addressed(worktree) if places else set()
    return [path for path in places if path in known], [path for path in places if path not in known]


def listed(repository: str, commit: str) -> tuple[list[Submodule], list[str]]:
    """What `read` tells, of a commit of any repository on this machine. Raises `GitFailed`."""
    entries = _tree(repository, commit)
    commits = {path: name for path, (mode, name, _) in entries.items() if mode == _GITLINK}
    if not commits:
        return [], []
    answer = runner.ask(["config", "--null", "--blob", f"{commit}:.gitmodules", *_QUESTION], cwd=repository)
    named = _named(answer.output)
    found = [Submodule(named[path][0], path, named[path][1], name) for path, name in commits.items() if path in named]
    return found, [path for path in commits if path not in named]


def place(worktree: str, one: Submodule, mirror: str, address: str) -> None:
    """Check a submodule out from a mirror of its repository, as if it had come from `address`; none of its own.

    Raises `GitFailed`.
    """
    key = f"submodule.{one.name}.url"
    runner.run(["config", key, mirror], cwd=worktree, doing="configure a submodule")
    try:
        # The one address that is asked is that of the mirror, whatever the repository says.
        words = ["-c", "protocol.file.allow=always", "submodule", "update", "--", one.path]
        runner.run(words, cwd=worktree, doing=f"check out the submodule {one.path}")
    finally:
        runner.run(["config", key, address], cwd=worktree, doing="configure a submodule")
    if not os.path.lexists(f"{worktree}/{one.path}/.git"):  # Git took another of the names that it has there.
        raise GitFailed(f"git left the submodule `{one.path}` empty", context={"submodule": one.path})
    remotes.set_address(f"{worktree}/{one.path}", "origin", address)


def fetch(
    worktree: str, places: list[str], *, repository: str, local: bool, what: str, on_line: Callable[[str], None]
) -> None:
    """Fetch and check out the submodules at some places, and all of theirs.

    Raises `RefNotFound` for a commit that nobody has, and what `remotes.clone` raises, naming the one that failed.

    Only a repository of this machine may lead to others of it (`local`).
    """
    allowed = "always" if local else "never"
    arguments = ["-c", f"protocol.file.allow={allowed}", "submodule", "update", "--init", "--recursive", "--progress"]
    arguments += ["--", *places]
    completed = runner.ask_live(arguments, cwd=worktree, repository=repository, on_line=on_line)
    lacking = _LACKING.search(completed.text)
    if completed.returncode != 0 and lacking is not None:
        raise RefNotFound(
            f"the submodule `{lacking[1]}` of {what} is pinned to the commit {lacking[2]}, which its repository lacks",
            hint=f"choose another version of {what}; its author should know: the commit was never published or is gone",
            context={"submodule": lacking[1], "ref": lacking[2], "output": completed.text},
        )
    if completed.returncode != 0:
        failed = _FAILED.search(completed.text)
        address = failed[1] if failed else repository
        doing = f"fetch the submodules of {what}"
        raise runner.failure(completed, arguments, cwd=worktree, doing=doing, repository=address)


def _addressed(worktree: str) -> set[str]:
    """The places that `.gitmodules` has an address for."""
    answer = runner.ask(["config", "--null", "--file", ".gitmodules", *_QUESTION], cwd=worktree)
    return set(_named(answer.output))


def _named(output: str) -> dict[str, tuple[str, str]]:
    """The name and the address of each submodule that has one, by its place."""
    pairs = dict(entry.split("\n", 1) for entry in output.split("\0") if "\n" in entry)
    found = {}
    for key, path in pairs.items():
        address = pairs.get(f"{key.removesuffix('path')}url") if key.endswith(".path") else None
        if address:
            found[path] = (key.removeprefix("submodule.").removesuffix(".path"), address)
    return found


def _tree(repository: str, commit: str) -> dict[str, tuple[str, str, int]]:
    """Everything in a commit: its mode, its name, and the size of a file."""
    output = runner.run(["ls-tree", "-r", "-l", "-z", "--full-tree", commit], cwd=repository, doing="read a commit")
    found = {}
    for facts, _, path in (entry.partition("\t") for entry in output.split("\0") if entry):
        mode, _, name, size = facts.split()
        found[path] = (mode, name, int(size) if size.isdecimal() else 0)
    return found


def lfs_pointers(worktree: str) -> list[str]:
    """The files that only tell where their content is, relative to the work tree and sorted. Raises `OSError`."""
    files = _files(worktree)
    if not any(_mentions_lfs(path) for path in files if os.path.basename(path) == ".gitattributes"):
        return []
    return sorted(os.path.relpath(path, worktree) for path in files if _is_pointer(path))


def lfs_pointers_at(repository: str, commit: str) -> list[str]:
    """The same of a commit of any repository on this machine. Raises `GitFailed`."""
    mentioned = ["grep", "--quiet", "--fixed-strings", "-e", "filter=lfs", commit, "--", ":(top,glob)**/.gitattributes"]
    if runner.ask(mentioned, cwd=repository).returncode != 0:
        return []
    first = _POINTER.decode().strip().replace(".", r"\.")
    output = runner.ask(["grep", "-l", "-z", "-e", f"^{first}$", commit], cwd=repository).output
    small = {path for path, (_, _, size) in _tree(repository, commit).items() if size <= _LARGEST_POINTER}
    return sorted(small & {path.removeprefix(f"{commit}:") for path in output.split("\0")})


def has_lfs(worktree: str) -> bool:
    """Whether git has the extension for LFS."""
    return runner.ask(["lfs", "version"], cwd=worktree).returncode == 0


def fetch_lfs(worktree: str, repository: str) -> str | None:
    """Fetch the content of all files in LFS; what git said when that failed. Raises `GitFailed`."""
    for name, value in LFS_FILTER.items():
        runner.run(["config", f"filter.lfs.{name}", value], cwd=worktree, doing="configure the repository")
    completed = runner.ask(["lfs", "pull"], cwd=worktree, repository=repository)
    return None if completed.returncode == 0 else completed.text or completed.ending("git lfs")


def _files(worktree: str) -> list[str]:
    found = []
    for directory, directories, names in os.walk(worktree):
        directories[:] = [name for name in directories if name != ".git"]
        found += [os.path.join(directory, name) for name in names]
    return [path for path in found if not os.path.islink(path)]


def _mentions_lfs(path: str) -> bool:
    with open(path, "rb") as file:
        return b"filter=lfs" in file.read()


def _is_pointer(path: str) -> bool:
    if os.path.getsize(path) > _LARGEST_POINTER:
        return False
    with open(path, "rb") as file:
        return file.read(len(_POINTER)) == _POINTER
