"""What patches make of code that came from elsewhere, and putting that in place of it."""

import os
import tempfile
from collections.abc import Mapping
from functools import partial

from comfydock_core.integrations.git.committing import CommitBuilder
from comfydock_core.integrations.git.head import read_head
from comfydock_core.integrations.git.patching import apply_patch, files_of_commit, files_of_directory, unusable
from comfydock_core.integrations.git.trees import EXECUTABLE, list_files, read_tree
from comfydock_core.models.file_moves import PatchedFiles
from comfydock_core.repositories.pack_release import NOTE


def patched_commit(patch: bytes, repository: str, commit: str, *, label: str) -> PatchedFiles:
    """What a patch makes of the files of a commit. Raises `PatchUnusable`, `HistoryDamaged`, `GitFailed`, `OSError`."""
    find = partial(files_of_commit, repository, read_tree(repository, commit))
    with tempfile.TemporaryDirectory(prefix="comfydock-patch-") as scratch:
        return apply_patch(patch, find, scratch, label=label, digits=len(commit))


def patched_directory(patch: bytes, directory: str, *, label: str) -> PatchedFiles:
    """The same of files without a history. Raises `PatchUnusable`, `GitFailed`, `OSError`."""
    with tempfile.TemporaryDirectory(prefix="comfydock-patch-") as scratch:
        made = apply_patch(patch, partial(files_of_directory, directory), scratch, label=label)
    if NOTE in made.files:
        raise unusable(label, f"it names `{NOTE}`, where ComfyDock notes which release that is")
    return made


def put_patched(directory: str, patch: PatchedFiles) -> None:
    """Let a directory of its own, with the files before, have those after; git is told of new ones where it is one of
    git's. Raises `GitFailed`, `OSError`."""
    for path, change in patch.files.items():
        place = f"{directory}/{path}"
        if change.before is not None:
            os.unlink(place)
            if change.after is None:
                _remove_empty(directory, os.path.dirname(path))
    for path, change in patch.files.items():
        if change.after is not None:
            place = f"{directory}/{path}"
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "xb") as file:
                file.write(patch.contents[change.after.object])
                if change.after.mode == EXECUTABLE:
                    os.fchmod(file.fileno(), os.fstat(file.fileno()).st_mode | 0o111)
    if patch.new and os.path.isdir(f"{directory}/.git"):
        keep_contents(directory, patch.contents)
        list_files(directory, patch.new)


def keep_contents(repository: str, contents: Mapping[str, bytes]) -> None:
    """Let a repository have contents that nothing leads to yet, as those of a patch. Raises `GitFailed`, `OSError`."""
    if contents:
        with tempfile.TemporaryDirectory(prefix="comfydock-patch-") as scratch:
            builder = CommitBuilder(repository, scratch, head=read_head(repository)[0], rehearsal=False)
            builder.write(contents.values())


def _remove_empty(directory: str, inner: str) -> None:
    """Git has no directories without files."""
    while inner and not os.listdir(f"{directory}/{inner}"):
        os.rmdir(f"{directory}/{inner}")
        inner = os.path.dirname(inner)
