"""What in a node pack's directory did not come with the pack: files that somebody put there, changed, or downloaded."""

import filecmp
import os
from collections.abc import Iterator

from comfydock_core.analyzers.node_git_analyzer import NodeGitAnalyzer
from comfydock_core.integrations.git import queries
from comfydock_core.repositories.pack_release import NOTE

_SKIPPED = frozenset({".git", "__pycache__", NOTE})
_COMPILED = (".pyc", ".pyo")


def added_files(directory: str, shipped: str | None) -> list[str]:
    """The files that are not the pack's, relative to its directory, without compiled code. Links are files here.

    A git checkout knows its own; otherwise `shipped` is a directory with the files that came, and without it nothing is
    known to have come with the pack. Raises `OSError`.
    """
    names = queries.untracked_files(directory) if NodeGitAnalyzer(directory).is_checkout() else list(_files(directory))
    known = shipped if shipped is not None and not NodeGitAnalyzer(directory).is_checkout() else None
    return [name for name in names if _counts(name) and not (known and os.path.lexists(f"{known}/{name}"))]


def changed_files(directory: str, shipped: str) -> list[str]:
    """The files that came with the pack and are others now, or are gone. Raises `OSError`."""
    return [name for name in _files(shipped) if _counts(name) and not _same(f"{directory}/{name}", f"{shipped}/{name}")]


def _files(directory: str) -> Iterator[str]:
    """Every file below, and every link, by its path from there, sorted."""
    for place, directories, names in os.walk(directory):
        links = [name for name in directories if os.path.islink(f"{place}/{name}")]
        directories[:] = sorted(name for name in directories if name not in _SKIPPED and name not in links)
        for name in sorted([*names, *links]):
            yield os.path.relpath(f"{place}/{name}", directory)


def _counts(name: str) -> bool:
    return not name.endswith(_COMPILED) and _SKIPPED.isdisjoint(name.split(os.sep))


def _same(one: str, other: str) -> bool:
    if os.path.islink(other) or os.path.islink(one):
        return os.path.islink(one) and os.path.islink(other) and os.readlink(one) == os.readlink(other)
    return os.path.isfile(one) and filecmp.cmp(one, other, shallow=False)
