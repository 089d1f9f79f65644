"""One release of several machines': everything that each of them made, under one list of sums."""

import shutil
from pathlib import Path

from build.release.sums import NAME, digest_of, write_sums


class GatheringError(Exception):
    """Machines disagree about a file that all of them make."""


def gather(places: Path, target: Path) -> None:
    """Put the files of every directory in `places` into `target`, which is made anew. Raises `GatheringError`."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for path in sorted(places.glob("*/*")):
        if path.name == NAME:
            continue
        known = target / path.name
        if known.exists() and digest_of(known) != digest_of(path):
            raise GatheringError(f"{path.name} is not the same everywhere, at last in {path.parent}")
        shutil.copyfile(path, known)
    write_sums(target)
