"""Questions to a repository on disk."""

import os

from comfydock_core.integrations.git import runner
from comfydock_core.integrations.git.head import symbolic_head
from comfydock_core.utils.versions import is_full_commit

HEAD = "HEAD"
SYMBOLIC = "ref: "  # What the value of a reference begins with that leads to another one.


def config_value(worktree: str, key: str) -> str | None:
    """A setting as git sees it in that repository, or `None`."""
    answer = runner.ask(["config", "--get", key], cwd=worktree)
    return answer.output.strip() or None if answer.returncode == 0 else None


def config_values(worktree: str, pattern: str) -> dict[str, str]:
    """The repository's own settings whose names, section and variable in small letters, match a regular expression."""
    return dict(config_entries(worktree, pattern))


def config_entries(worktree: str, pattern: str) -> list[tuple[str, str]]:
    """The same with every value of a name, in the order of the file."""
    answer = runner.ask(["config", "--local", "--null", "--get-regexp", pattern], cwd=worktree)
    pairs = (entry.partition("\n") for entry in answer.output.split("\0") if entry)
    return [(name, value) for name, _, value in pairs] if answer.returncode == 0 else []


def is_repository(path: str) -> bool:
    """Whether a directory is a work tree or a bare repository itself, not only below one."""
    return os.path.lexists(f"{path}/.git") or os.path.isdir(f"{path}/objects")


def objects_directory(repository: str) -> str:
    """Where a repository keeps its objects. Raises what `runner.run` raises."""
    place = runner.run(["rev-parse", "--git-path", "objects"], cwd=repository, doing="find the objects").strip()
    return os.path.join(repository, place)


def commit_of(worktree: str, revision: str) -> str | None:
    """The full commit that a revision names, or `None` when the repository has no such commit."""
    answer = runner.ask(["rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"], cwd=worktree)
    return answer.output.strip() if answer.returncode == 0 else None


def commit_time(worktree: str, commit: str) -> int:
    """When a commit was made, in seconds since 1970. Raises what `runner.run` raises."""
    answer = runner.run(["log", "--max-count=1", "--format=%ct", commit, "--"], cwd=worktree, doing="read the commit")
    return int(answer.split()[0])


def date_and_subject(worktree: str, commit: str) -> tuple[str | None, str | None]:
    """When a commit was made, in ISO 8601, and its first line; nothing where it cannot be read."""
    words = ["log", "--max-count=1", "--no-decorate", "--no-color", "--format=%cI%n%s", commit, "--"]
    answer = runner.ask(words, cwd=worktree)
    date, _, subject = answer.output.strip().partition("\n")
    return (date or None, subject or None) if answer.returncode == 0 else (None, None)


def text_at(worktree: str, commit: str, path: str) -> str | None:
    """A text file of a commit, `None` where it has none. Bytes that are no UTF-8 are replaced."""
    answer = runner.ask(["cat-file", "blob", f"{commit}:{path}"], cwd=worktree)
    return answer.output if answer.returncode == 0 else None


def blob(worktree: str, name: str) -> bytes:
    """The content of a file by the name of its object. Raises what `runner.read_output` raises."""
    with runner.read_output(["cat-file", "blob", name], cwd=worktree, doing="read the history") as output:
        return output.read()


def has_changes(worktree: str) -> bool:
    """Whether anything differs from the last commit, new files included."""
    return bool(runner.run(["status", "--porcelain"], cwd=worktree, doing="read the git status"))


def ref_value(worktree: str, name: str) -> str | None:
    """The commit that a reference leads to, or `None` when it does not exist.

    Of a `HEAD` that is on a branch, that branch, as `ref: refs/heads/main`.
    """
    if name == HEAD:
        if (branch := symbolic_head(worktree)) is not None:
            return branch
        symbolic = runner.ask(["symbolic-ref", "--quiet", HEAD], cwd=worktree)
        if symbolic.returncode == 0:
            return SYMBOLIC + symbolic.output.strip()
    answer = runner.ask(["rev-parse", "--verify", "--quiet", name], cwd=worktree)
    return answer.output.strip() if answer.returncode == 0 else None


def branch_before(worktree: str, name: str) -> str | None:
    """The branch, or the commit, that `@{-1}` means: what was left last. `None` when nothing was."""
    answer = runner.ask(["rev-parse", "--verify", "--quiet", "--abbrev-ref", name], cwd=worktree)
    found = answer.output.strip()
    if answer.returncode == 0 and found and found != name:
        return found
    return commit_of(worktree, name)


def references_below(worktree: str, place: str) -> list[str]:
    """The full names of the references below a place such as `refs/heads/`. Raises what `runner.run` raises."""
    return runner.run(["for-each-ref", "--format=%(refname)", place], cwd=worktree, doing="list the names").splitlines()


def is_reference_name(worktree: str, name: str) -> bool:
    """Whether a reference can be called `name`, in full."""
    return runner.ask(["check-ref-format", name], cwd=worktree).returncode == 0


def tracked_files(worktree: str, paths: list[str]) -> list[str]:
    """The files below some paths that the repository knows, relative to it; none where there is no repository."""
    answer = runner.ask(["ls-files", "-z", "--", *paths], cwd=worktree)
    return [path for path in answer.output.split("\0") if path] if answer.returncode == 0 else []


def versioned_files(worktree: str) -> list[str]:
    """The files that the next commit of everything would have: known ones and new ones that are not ignored.

    Raises what `runner.run` raises.
    """
    wanted = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    answer = runner.run(wanted, cwd=worktree, doing="list the files of the definition")
    return list(dict.fromkeys(path for path in answer.split("\0") if path and not path.endswith("/")))


def subjects_between(worktree: str, old: str, new: str, *, limit: int = 50) -> list[str]:
    """The commits that `new` has and `old` has not, newest first, as `abcdef0 subject`.

    None if they are not known, or no full commits: manifests are written by others, and git would obey an option.
    """
    if not (is_full_commit(old) and is_full_commit(new)):
        return []
    words = ["log", f"--max-count={limit}", "--no-decorate", "--no-color", "--format=%h %s", f"{old}..{new}", "--"]
    answer = runner.ask(words, cwd=worktree)
    return answer.output.splitlines() if answer.returncode == 0 else []


def untracked_files(worktree: str) -> list[str]:
    """Every file that the repository does not know, ignored ones too, by its path in it."""
    answer = runner.run(["ls-files", "-z", "--others"], cwd=worktree, doing="list the files that git does not know")
    return sorted(path for path in answer.split("\0") if path and not path.endswith("/"))
