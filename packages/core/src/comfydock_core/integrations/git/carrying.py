"""Histories in one file (`git bundle`), and those of definitions elsewhere, prepared to be taken over."""

import contextlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping

from comfydock_core.integrations.git import queries, remotes, runner
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.exceptions import GitFailed, RefAmbiguous, RefInvalid, RefNotFound
from comfydock_core.utils.files.filesystem import remove_tree
from comfydock_core.utils.text import did_you_mean, nearest
from comfydock_core.utils.versions import looks_like_commit

ORIGIN = "origin"
_CHUNK = 1 << 20
_HEADS = "refs/heads/"
_TAGS = "refs/tags/"
_CARRIED = "refs/comfydock/carried"
_REMOTES = f"refs/remotes/{ORIGIN}/"
# The same objects give the same bytes: nothing is taken over from how the repository happens to be packed, nor from the
# tags that it happens to have, whose objects git would put first.
_EXACTLY = ("-c", "pack.compression=6", "-c", "core.bigFileThreshold=512m", "-c", "pack.useSparse=false")
_PACKING = ("--stdout", "--revs", "--threads=1", "--no-reuse-delta", "--no-reuse-object", "--no-use-bitmap-index",
            "--delta-base-offset", "--window=10", "--depth=50", "--quiet")  # fmt: skip


def write_history(worktree: str, references: Mapping[str, str], place: str, known: Iterable[str] = ()) -> None:
    """Write a `git bundle` with some references, full names and commits, and all that they lead to.

    What the commits in `known` lead to is left out: only who has those can read it. Raises `GitFailed`, `OSError`.
    """
    names, had = sorted(references), sorted(set(known))
    header = "".join(f"-{commit}\n" for commit in had) + "".join(f"{references[name]} {name}\n" for name in names)
    wanted = "".join(f"{references[name]}\n" for name in names) + "".join(f"^{commit}\n" for commit in had)
    with (
        open(place, "xb") as file,
        _without_references(worktree, f"{place}.git") as variables,
        runner.read_output(
            [*_EXACTLY, "pack-objects", *_PACKING],
            cwd=worktree,
            doing="pack the history",
            variables=variables,
            given=wanted.encode(),
        ) as packed,
    ):
        file.write(f"# v2 git bundle\n{header}\n".encode())
        while content := packed.read(_CHUNK):
            file.write(content)


@contextlib.contextmanager
def _without_references(worktree: str, place: str) -> Iterator[dict[str, str]]:
    """Variables under which git has the objects of a repository and none of its references; `place` is there inside."""
    words = ["rev-parse", "--show-object-format", "--git-path", "objects", "--git-path", "shallow"]
    answer = runner.run(words, cwd=worktree, doing="read the repository")
    names, objects, shallow = answer.removesuffix("\n").split("\n")
    for directory in ("objects", "refs"):
        os.makedirs(f"{place}/{directory}")
    try:
        _write(f"{place}/HEAD", "ref: refs/heads/none\n")
        _write(
            f"{place}/config",
            f"[core]\nrepositoryformatversion = 1\nbare = true\n[extensions]\nobjectFormat = {names}\n",
        )
        if os.path.exists(limits := os.path.join(worktree, shallow)):
            shutil.copyfile(limits, f"{place}/shallow")
        yield {"GIT_DIR": place, "GIT_OBJECT_DIRECTORY": os.path.join(worktree, objects)}
    finally:
        remove_tree(place)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def tags_within(worktree: str, commit: str) -> dict[str, str]:
    """The tags of a commit and of those before it, by their full names, with what each leads to. Raises `GitFailed`."""
    words = ["for-each-ref", "--merged", commit, "--format=%(objectname) %(refname)", _TAGS]
    lines = runner.run(words, cwd=worktree, doing="list the tags").splitlines()
    return {name: found for found, _, name in (line.partition(" ") for line in lines)}


def unpack_history(bundle: str, directory: str, *, branch: str | None, commit: str) -> None:
    """Make a repository of a `git bundle` that a stranger made, with `HEAD` at a commit and nothing checked out.

    Raises `GitFailed`, also where the commit is not in it.
    """
    os.mkdir(directory)
    doing = "read the history in the bundle"
    runner.run(["init", "--quiet", "--template=", "--initial-branch=main"], cwd=directory, doing=doing)
    tip = queries.HEAD if branch is None else f"{_HEADS}{branch}"
    words = ["-c", "fetch.fsckObjects=true", "fetch", "--quiet", "--no-write-fetch-head", "--no-auto-maintenance"]
    words += ["--no-tags", "--", bundle, f"+{tip}:{_CARRIED}", f"+{_TAGS}*:{_TAGS}*"]
    runner.run(words, cwd=directory, doing=doing)
    if queries.commit_of(directory, _CARRIED) != commit:
        raise GitFailed(f"cannot {doing}: it does not end with the commit {commit[:10]}", context={"commit": commit})
    put_head(directory, commit, branch)
    runner.run(["update-ref", "-d", _CARRIED], cwd=directory, doing=doing)


def find_reference(worktree: str, repository: str, ref: str | None) -> tuple[str, str | None]:
    """The commit and the branch that a reference means in what was cloned; `None` is where its `HEAD` leads.

    A tag or a commit is on no branch. Raises `RefInvalid`, `RefNotFound`, `RefAmbiguous`.
    """
    shown = without_credentials(repository)
    branches = {name.removeprefix(_REMOTES) for name in queries.references_below(worktree, _REMOTES)} - {"HEAD"}
    tags = {name.removeprefix(_TAGS) for name in queries.references_below(worktree, _TAGS)}
    if ref is None:
        return _head(worktree, shown)
    if not re.fullmatch(r"[^-\x00-\x20\x7f~^:?*\[\\][^\x00-\x20\x7f~^:?*\[\\]*", ref) or ".." in ref or "@{" in ref:
        raise RefInvalid(
            f"`{ref}` is no name of a branch, a tag or a commit",
            hint="name one as the repository has it",
            context={"ref": ref, "repository": shown},
        )
    branch, tag = ref.removeprefix(_HEADS), ref.removeprefix(_TAGS)
    is_branch, is_tag = branch in branches and not ref.startswith(_TAGS), tag in tags and not ref.startswith(_HEADS)
    if is_branch and is_tag:
        raise RefAmbiguous(
            f"`{shown}` has a branch and a tag `{ref}`",
            hint=f"say which: `{_HEADS}{ref}` or `{_TAGS}{ref}`",
            context={"ref": ref, "repository": shown},
        )
    name = f"{_REMOTES}{branch}" if is_branch else f"{_TAGS}{tag}" if is_tag else None
    name = ref if name is None and looks_like_commit(ref) else name
    commit = None if name is None else queries.commit_of(worktree, name)
    if commit is None and name == ref and remotes.fetch_commit(worktree, repository, ref):
        commit = queries.commit_of(worktree, ref)
    if commit is None:
        near = nearest(ref, sorted({*branches, *tags}))
        raise RefNotFound(
            f"`{shown}` has no branch, tag or commit `{ref}`",
            hint=did_you_mean(near) if near else f"`git ls-remote {shown}` lists its branches and tags",
            context={"ref": ref, "repository": shown, "near": near},
        )
    return commit, branch if is_branch else None


def put_head(worktree: str, commit: str, branch: str | None, *, follows: bool = False) -> None:
    """Let `HEAD` be at a commit, on a branch that `origin` has when it `follows`; other branches go.

    The name of a branch is given in full, so that none is taken for an option. Raises `GitFailed`.
    """
    doing = "prepare the history"
    if branch is None:
        runner.run(["update-ref", "--no-deref", "HEAD", commit], cwd=worktree, doing=doing)
    else:
        runner.run(["update-ref", f"{_HEADS}{branch}", commit], cwd=worktree, doing=doing)
        runner.run(["symbolic-ref", "HEAD", f"{_HEADS}{branch}"], cwd=worktree, doing=doing)
    for name in queries.references_below(worktree, _HEADS):
        if name != f"{_HEADS}{branch}":
            runner.run(["update-ref", "-d", name], cwd=worktree, doing=doing)
    if branch is not None and follows:
        for key, value in (("remote", ORIGIN), ("merge", f"{_HEADS}{branch}")):
            runner.run(["config", f"branch.{branch}.{key}", value], cwd=worktree, doing=doing)


def become_original(worktree: str, original: str) -> None:
    """Let a clone have all branches of what it was cloned from, and lead where that leads. Raises `GitFailed`."""
    doing = "take over the branches"
    address = queries.config_value(original, f"remote.{ORIGIN}.url")
    for name in queries.references_below(worktree, _REMOTES):
        branch = name.removeprefix(_REMOTES)
        if branch != "HEAD":
            runner.run(["update-ref", f"{_HEADS}{branch}", name], cwd=worktree, doing=doing)
    remotes.forget(worktree, ORIGIN)
    if address is not None:
        runner.run(["remote", "add", "--", ORIGIN, without_credentials(address)], cwd=worktree, doing=doing)


def _head(worktree: str, shown: str) -> tuple[str, str | None]:
    symbolic = queries.ref_value(worktree, "HEAD") or ""
    branch = symbolic.removeprefix(f"{queries.SYMBOLIC}{_HEADS}") if symbolic.startswith(queries.SYMBOLIC) else None
    commit = queries.commit_of(worktree, "HEAD")
    if commit is None:
        raise RefNotFound(
            f"`{shown}` has no commit that it is at",
            hint="name a branch with `--ref`",
            context={"ref": "HEAD", "repository": shown, "near": []},
        )
    return commit, branch
