"""Mirrors: bare copies of repositories elsewhere, kept on this machine to clone from.

A clone shares the files of the mirror's objects by hard links, or copies them where those cannot be made, and never
refers to the mirror, so a mirror can go at any time. No address is stored in a mirror, hence no credentials either.
"""

import glob
import hashlib
import os
from collections.abc import Callable, Iterable

from comfydock_core.integrations.git import queries, remotes, runner

_BRANCHES = "+refs/heads/*:refs/heads/*"
_TAGS = "+refs/tags/*:refs/tags/*"
# What is fetched stays one file, quick to link, and git tidies up when it is told to.
_FETCH = ("-c", "fetch.unpackLimit=1", "-c", "gc.auto=0", "-c", "maintenance.auto=false")
_TIDY = ("-c", "gc.autoDetach=false")
_HEADS = "refs/heads/"
_KEPT = (_HEADS, "refs/tags/", "refs/comfydock/")
_CHUNK = 1 << 20


def create(mirror: str) -> None:
    """Make an empty mirror at a place that does not exist yet. Raises `GitFailed`, `FileSystemError`."""
    options = ["--quiet", "--bare", "--template="]
    runner.run(["init", *options, mirror], cwd=os.path.dirname(mirror), doing="make a mirror")


def is_mirror(path: str) -> bool:
    """Whether git takes the directory for a repository at all."""
    return os.path.isdir(path) and runner.ask(["--git-dir=.", "rev-parse", "--git-dir"], cwd=path).returncode == 0


def update(mirror: str, repository: str, *, what: str, on_line: Callable[[str], None]) -> None:
    """Fetch every branch and tag; those that are gone there go here. Raises what `remotes.clone` raises."""
    options = ["--progress", "--prune", "--no-tags", "--force", "--refmap="]
    runner.run_live(
        [*_FETCH, "fetch", *options, "--", repository, _BRANCHES, _TAGS],
        cwd=mirror,
        doing=f"clone {what}",
        repository=repository,
        on_line=on_line,
    )
    branch = remotes.list_refs(repository).default_branch
    if branch is not None:
        command = ["symbolic-ref", "HEAD", f"refs/heads/{branch}"]
        runner.run(command, cwd=mirror, doing="note the default branch")
    runner.run([*_TIDY, "gc", "--auto", "--quiet"], cwd=mirror, doing="tidy a mirror")


def fetch_commit(mirror: str, repository: str, commit: str) -> bool:
    """Fetch a commit that no branch or tag leads to, and keep it. `False` when the repository does not give it."""
    refspec = f"+{commit}:refs/comfydock/{commit}"
    arguments = [*_FETCH, "fetch", "--progress", "--no-tags", "--", repository, refspec]
    answer = runner.ask_live(arguments, cwd=mirror, repository=repository, on_line=lambda line: None)
    return answer.returncode == 0


def references(mirror: str) -> dict[str, str]:
    """Every branch and tag, and what is kept besides, by full names, with what each leads to. Raises `GitFailed`."""
    words = ["for-each-ref", "--format=%(objectname) %(refname)", *_KEPT]
    lines = runner.run(words, cwd=mirror, doing="list what a mirror has").splitlines()
    return {name: found for found, _, name in (line.partition(" ") for line in lines)}


def commits_among(mirror: str, names: Iterable[str]) -> list[str]:
    """The commits that some objects are or lead to, without what the mirror does not have. Raises `GitFailed`."""
    given = "".join(f"{name}^{{commit}}\n" for name in names)
    words = ["cat-file", "--batch-check=%(objectname) %(objecttype)"]
    output = runner.run(words, cwd=mirror, doing="look for commits in a mirror", given=given.encode())
    return [line.removesuffix(" commit") for line in output.splitlines() if line.endswith(" commit")]


def default_branch(mirror: str) -> str | None:
    """The branch that a clone is at, `None` where the mirror does not know it."""
    value = queries.ref_value(mirror, "HEAD") or ""
    branch = value.removeprefix(f"{queries.SYMBOLIC}{_HEADS}")
    return branch if branch != value and f"{_HEADS}{branch}" in references(mirror) else None


def take_in(mirror: str, bundle: str) -> None:
    """Fetch everything that a `git bundle` of a stranger has, into references of the same names. Raises `GitFailed`."""
    words = [*_FETCH, "-c", "fetch.fsckObjects=true", "fetch", "--quiet", "--no-write-fetch-head", "--no-tags"]
    words += ["--force", "--", bundle, *(f"+{place}*:{place}*" for place in _KEPT)]
    runner.run(words, cwd=mirror, doing="read the history in a mirror")


def set_default_branch(mirror: str, branch: str) -> None:
    """Let clones be at a branch, if there is one of that name. Raises `GitFailed`."""
    if f"{_HEADS}{branch}" in references(mirror):
        runner.run(["symbolic-ref", "HEAD", f"{_HEADS}{branch}"], cwd=mirror, doing="note the default branch")


def is_sound(mirror: str, commit: str | None) -> bool:
    """Whether everything that a commit (or `None`: any branch or tag) needs is there and its files are undamaged.

    A clone by links looks at nothing, so this is looked at before. Packs are compared with the checksum at their end,
    which is many times quicker than asking git to unpack each object.
    """
    complete = runner.ask(["rev-list", "--objects", "--quiet", commit or "--all", "--"], cwd=mirror)
    if complete.returncode != 0:
        return False
    size = 32 if queries.config_value(mirror, "extensions.objectformat") == "sha256" else 20
    files = [path for kind in ("pack", "idx") for path in glob.glob(f"{glob.escape(mirror)}/objects/pack/*.{kind}")]
    try:
        return all(_ends_with_its_checksum(path, size) for path in files)
    except OSError:
        return False


def clone(mirror: str, repository: str, directory: str, *, what: str, on_line: Callable[[str], None]) -> None:
    """Clone from a mirror as if from `repository`: its branches are `origin`'s, and a login in it is not kept.

    Nothing is checked out yet. Raises `GitFailed`, `FileSystemError`.
    """
    # A path is cloned by links anyway; with `--local` git would fail where they cannot be made, instead of copying.
    options = ["--progress", "--no-checkout", "--template=", "--origin", "origin"]
    runner.run_live(
        ["clone", *options, "--", mirror, directory],
        cwd=os.path.dirname(directory),
        doing=f"clone {what}",
        repository=None,
        on_line=on_line,
    )
    remotes.set_address(directory, "origin", repository)


def _ends_with_its_checksum(path: str, size: int) -> bool:
    digest = hashlib.sha256() if size == 32 else hashlib.sha1(usedforsecurity=False)
    left = os.path.getsize(path) - size
    with open(path, "rb") as file:
        while left > 0 and (chunk := file.read(min(_CHUNK, left))):
            digest.update(chunk)
            left -= len(chunk)
        return left == 0 and file.read() == digest.digest()
