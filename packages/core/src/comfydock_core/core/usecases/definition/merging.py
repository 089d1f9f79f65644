"""Merging the files of a definition, for git and for whoever resolves a merge."""

import os
from collections.abc import Callable

from comfydock_core.managers.pyproject.merging import merge_manifest
from comfydock_core.managers.uv_project.merging import merge_lock
from comfydock_core.models.exceptions import MergeRefused
from comfydock_core.utils.files import atomic
from comfydock_core.utils.files.disk_errors import disk_errors

Merged = tuple[str, list[str]]


def merge_texts(kind: str, base: str, ours: str, theirs: str) -> Merged:
    """The merged text of a `lock` or a `manifest`, and the keys that both sides changed. Raises `MergeRefused`."""
    return _MERGES[kind](base, ours, theirs)


def merge_files(kind: str, base: str, ours: str, theirs: str) -> list[str]:
    """Merge three files into the second, as git asks of a merge driver, and return the keys that both sides changed.

    Of those `ours` has our value then. Raises `MergeRefused`, `FileSystemError`; then no file was changed.
    """
    with disk_errors("merge the files"):
        texts = [_read(path) for path in (base, ours, theirs)]
        merged, conflicts = merge_texts(kind, *texts)
        atomic.write_text(os.path.abspath(ours), merged)
    return conflicts


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except UnicodeDecodeError as error:
        raise MergeRefused(
            f"cannot merge: `{path}` is not UTF-8 text",
            hint="repair that version of the file and commit it before merging",
            context={"file": path, "reason": str(error)},
        ) from error


def _merge_lock(base: str, ours: str, theirs: str) -> Merged:
    return merge_lock(base, ours, theirs), []


_MERGES: dict[str, Callable[[str, str, str], Merged]] = {"lock": _merge_lock, "manifest": merge_manifest}
