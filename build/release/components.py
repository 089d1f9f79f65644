"""What a release is made of besides ComfyDock: Python packages, the interpreter, libraries, programs, with licences."""

import shutil
import subprocess
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path

from build.paths import Layout
from build.portable.pins import read_portable
from build.portable.sources import fetch, mirrors

# Where the metadata says less than the files.
_LICENCES = {
    "nuitka": "AGPL-3.0-only, with the Nuitka Runtime Library Exception for what is part of programs",
    "python": "PSF-2.0",
    "openssl": "Apache-2.0",
    "libffi": "MIT",
    "zlib": "Zlib",
    "bzip2": "bzip2-1.0.6",
    "xz": "0BSD, public domain",
    "sqlite": "public domain",
    "expat": "MIT",
}

# What lies beside the program; the other libraries are inside of it and of its modules.
_SHARED = {"openssl": ("libcrypto.so.3", "libssl.so.3")}

_QUESTION = """
import platform, sys, sysconfig
print(platform.python_version(), sys.base_prefix, sysconfig.get_path("stdlib"), sep="\\n")
"""


class ComponentError(Exception):
    """It is not known where a part of the release comes from, or its licence is not to be found."""


@dataclass(frozen=True, slots=True)
class Component:
    """One part: where it comes from as a package URL, and the files that state its licence."""

    name: str
    version: str
    purl: str
    licence: str
    licence_files: tuple[Path, ...]
    files: tuple[str, ...] = ()
    """The files of the artifact that are it; none for what is inside of the program."""


def python_components(site_packages: Path, names: Iterable[str]) -> Iterator[Component]:
    """The distributions with these names. Raises `ComponentError`."""
    metadata = {_normal(path.name.partition("-")[0]): path for path in site_packages.glob("*.dist-info")}
    for name in map(_normal, names):
        if name not in metadata:
            raise ComponentError(f"`{name}` is not in the build environment")
        yield _python_component(metadata[name])


def portable_components(layout: Layout) -> Iterator[Component]:
    """What the program for old systems was compiled from, with licences out of the sources.

    Sources that are not kept any more are fetched again. Raises `ComponentError`, `PortableError`.
    """
    place, portable = layout.work / "licences", read_portable(layout.config)
    shutil.rmtree(place, ignore_errors=True)
    for name, source in portable.sources.items():
        archive = fetch(source.file, layout.portable_work / "downloads", mirrors(portable.mirrors))
        licences = _extracted_licences(archive, place / name)
        purl = f"pkg:generic/{name}@{source.version}?checksum=sha256:{source.file.sha256}"
        yield Component(
            name, source.version, purl, _LICENCES.get(name, "see the file"), licences, _SHARED.get(name, ())
        )


def _extracted_licences(archive: Path, place: Path) -> tuple[Path, ...]:
    """The files directly in the tree of an archive that state its licence. Raises `ComponentError`."""
    place.mkdir(parents=True)
    with tarfile.open(archive) as packed:
        for member in packed:
            parts = member.name.strip("./").split("/")
            if member.isfile() and len(parts) == 2 and _states_licence(parts[1]):
                content = packed.extractfile(member)
                if content is not None:
                    (place / parts[1]).write_bytes(content.read())
    found = tuple(sorted(place.iterdir()))
    if not found:
        raise ComponentError(f"{archive.name} has no file with its licence")
    return found


def interpreter_component(interpreter: Path) -> Component:
    """An interpreter of python.org with all that it brings. Raises `ComponentError`."""
    version, prefix, library = _output(str(interpreter), "-I", "-c", _QUESTION).splitlines()
    for licence in (Path(prefix, "LICENSE.txt"), Path(library, "LICENSE.txt")):
        if licence.is_file():
            return Component("cpython", version, f"pkg:generic/cpython@{version}", "PSF-2.0", (licence,))
    raise ComponentError(f"the licence of {interpreter} is not to be found")


def _python_component(metadata: Path) -> Component:
    header = HeaderParser().parsestr((metadata / "METADATA").read_text("utf-8"))
    name, version = _normal(header["Name"]), header["Version"]
    licences = [path for path in sorted(metadata.rglob("*")) if path.is_file() and _is_licence(path, metadata)]
    if not licences:
        raise ComponentError(f"{name} {version} has no file with its licence")
    stated = (header["License-Expression"] or header["License"] or "see the file").partition("\n")[0]
    licence = _LICENCES.get(name, stated)
    return Component(name, version, f"pkg:pypi/{name}@{version}", licence, tuple(licences))


def _is_licence(path: Path, metadata: Path) -> bool:
    below = path.relative_to(metadata).parts
    return below[0] in ("licenses", "sboms") or _states_licence(path.name)


def _states_licence(name: str) -> bool:
    return name.upper().startswith(("LICEN", "COPYING", "NOTICE", "AUTHORS"))


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise ComponentError(f"`{' '.join(command)}` failed: {error}") from error
