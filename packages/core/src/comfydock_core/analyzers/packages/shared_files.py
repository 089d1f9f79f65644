"""Files that more than one distribution brought, by the `RECORD`s of a virtual environment.

pip and uv take a file away with each of its distributions, and write it with each: what is there then is of whichever
was written last, or nothing.
"""

import contextlib
from collections.abc import Iterable, Iterator

from comfydock_core.analyzers.packages.virtual_environment import changed_distributions
from comfydock_core.repositories.install_record import installed_distributions, site_packages, split_distribution
from comfydock_core.repositories.installed_files import CACHE, InstalledFile, read_paths, read_record


def left_in_doubt(before: str, after: str) -> list[str]:
    """The projects of a linked copy `after` of `before` that stayed and share files with what was removed or replaced.

    Raises `OSError`.
    """
    old, new = site_packages(before), site_packages(after)
    if old is None or new is None:
        return []
    stayed = set(installed_distributions(new)) - set(changed_distributions(before, after))
    gone = [name for name in installed_distributions(old) if name not in stayed]
    taken = {path for _, path in _paths(old, gone)}
    doubtful = {name for name, path in _paths(new, sorted(stayed) if taken else ()) if path in taken}
    return sorted({split_distribution(name)[0] for name in doubtful})


def contested_files(directory: str) -> dict[str, list[str]]:
    """Paths in a `site-packages` that distributions brought different files for, with their names. Raises `OSError`."""
    owners: dict[str, str] = {}
    shared: set[str] = set()
    sharing: set[str] = set()
    for name, path in _paths(directory, installed_distributions(directory)):
        if owners.setdefault(path, name) != name:
            shared.add(path)
            sharing |= {owners[path], name}
    first: dict[str, tuple[str, InstalledFile]] = {}
    contested: dict[str, list[str]] = {}
    for name, file in _files(directory, sorted(sharing), shared):
        known, other = first.setdefault(file.path, (name, file))
        if known != name and (other.digest, other.size) != (file.digest, file.size):
            contested.setdefault(file.path, [known]).append(name)
    return contested


def _paths(directory: str, distributions: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Caches are left out: Python makes them anew."""
    for name in distributions:
        with contextlib.suppress(OSError, ValueError):  # What cannot be read is a fault that others tell of.
            for path in read_paths(f"{directory}/{name}.dist-info"):
                if not path.endswith(CACHE):
                    yield name, path


def _files(directory: str, distributions: Iterable[str], paths: set[str]) -> Iterator[tuple[str, InstalledFile]]:
    for name in distributions:
        with contextlib.suppress(OSError, ValueError):
            for file in read_record(f"{directory}/{name}.dist-info"):
                if file.path in paths:
                    yield name, file
