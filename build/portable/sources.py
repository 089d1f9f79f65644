"""Sources: fetched from a Debian mirror, held against their pins, unpacked, with Debian's fixes."""

import hashlib
import http.client
import os
import shutil
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from build.portable.pins import File, Source
from build.portable.workshop import PortableError, Workshop

VARIABLE = "COMFYDOCK_DEBIAN_MIRROR"

_SECONDS = 60
_AGENT = {"User-Agent": "comfydock-build"}


def mirrors(pinned: Sequence[str], environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The mirrors in the order in which they are asked. Raises `PortableError`."""
    named = environ.get(VARIABLE, "")
    if named and "{archive}" not in named:
        raise PortableError(f"{VARIABLE} has no {{archive}} in it, it is like http://deb.debian.org/{{archive}}")
    return (named, *pinned) if named else tuple(pinned)


def fetch(file: File, directory: Path, from_mirrors: Sequence[str]) -> Path:
    """One file, from the directory if it is there already. Raises `PortableError` when no mirror has what is pinned."""
    target = directory / file.name
    if target.exists() and _digest(target) == file.sha256:
        return target
    directory.mkdir(parents=True, exist_ok=True)
    failures = []
    for mirror in from_mirrors:
        address = f"{mirror.replace('{archive}', file.archive)}/{quote(file.path)}"
        fresh = target.with_name(f"{target.name}.part")
        try:
            _download(address, fresh)
        except (OSError, http.client.HTTPException, ValueError) as error:
            failures.append(f"{address}: {error}")
            continue
        found = _digest(fresh)
        if found == file.sha256:
            fresh.rename(target)
            return target
        fresh.unlink()
        failures.append(f"{address}: its SHA-256 is {found}, not {file.sha256}")
    raise PortableError("\n  ".join([f"{file.name} cannot be fetched:", *failures]))


def _download(address: str, target: Path) -> None:
    request = urllib.request.Request(address, headers=_AGENT)
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer, target.open("wb") as stream:
        shutil.copyfileobj(answer, stream)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def unpack(source: Source, downloads: Path, place: Path, workshop: Workshop, from_mirrors: Sequence[str]) -> Path:
    """The tree of a source, fresh, with the patches that are wanted. Raises `PortableError`."""
    shutil.rmtree(place, ignore_errors=True)
    tree = _extracted(fetch(source.file, downloads, from_mirrors), place / "source", workshop)
    if source.patches is not None:
        packaging = _extracted(fetch(source.patches, downloads, from_mirrors), place / "debian", workshop)
        for patch in wanted_patches(packaging / "patches", source.first_patch):
            workshop.run(["patch", "-p1", "--forward", "--batch", f"--input={patch}"], tree)
    return tree


def _extracted(archive: Path, place: Path, workshop: Workshop) -> Path:
    """The one directory that an archive holds."""
    place.mkdir(parents=True)
    workshop.run(["tar", "-xf", str(archive)], place)
    (tree,) = place.iterdir()
    return tree


def wanted_patches(directory: Path, first: str) -> list[Path]:
    """The patches of a series from the first that is wanted on. Raises `PortableError`."""
    lines = (line.partition("#")[0].strip() for line in (directory / "series").read_text("utf-8").splitlines())
    names = [line for line in lines if line]
    if first not in names:
        raise PortableError(f"{first} is none of the patches in {directory / 'series'}, see first_patch")
    return [directory / name for name in names[names.index(first) :]]
