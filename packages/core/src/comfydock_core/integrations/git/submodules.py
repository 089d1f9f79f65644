"""Repositories inside of repositories, and files that lie elsewhere (LFS)."""

import os
import re
from collections.abc import Callable

from comfydock_core.integrations.git import runner
from comfydock_core.integrations.git_options import LFS_FILTER
from comfydock_core.models.exceptions import RefNotFound

_GITLINK = "160000"
_FAILED = re.compile(r"clone of '([^']+)' into submodule path")
_LACKING = re.compile(r"submodule path '([^']+)', but it did not contain ([0-9a-f]+)")
_POINTER = b"version https://git-lfs.github.com/spec/v1\n"
_LARGEST_POINTER = 1024


def read(worktree: str) -> tuple[list[str], list[str]]:
    """The places of submodules: those that have an address, and those that nobody gave one, which git cannot fetch.

    Raises `GitFailed`.
    """
    listed = runner.run(["ls-files", "-z", "--stage"], cwd=worktree, doing="list the submodules")
    entries = (entry.partition("\t") for entry in listed.split("\0"))
    places = sorted(path for facts, _, path in entries if facts.startswith(_GITLINK))
    known = _addressed(worktree) if places else set()
    return [path for path in places if path in known], [path for path in places if path not in known]


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
    question = ["config", "--null", "--file", ".gitmodules", "--get-regexp", r"^submodule\..*\.(path|url)$"]
    answer = runner.ask(question, cwd=worktree)
    pairs = dict(entry.split("\n", 1) for entry in answer.output.split("\0") if "\n" in entry)
    return {
        value for key, value in pairs.items() if key.endswith(".path") and pairs.get(f"{key.removesuffix('path')}url")
    }


def lfs_pointers(worktree: str) -> list[str]:
    """The files that only tell where their content is, relative to the work tree and sorted. Raises `OSError`."""
    files = _files(worktree)
    if not any(_mentions_lfs(path) for path in files if os.path.basename(path) == ".gitattributes"):
        return []
    return sorted(os.path.relpath(path, worktree) for path in files if _is_pointer(path))


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
