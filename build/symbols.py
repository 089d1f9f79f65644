"""What the ELF files of an artifact ask of the machine that they run on: versions of the C library, and libraries.

A program runs where the C library is at least as new as the newest symbol version that it was linked with. `readelf`
knows it; it comes with every C compiler.
"""

import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from build.libraries import OF_THE_SYSTEM

# Nothing but this may be asked for that does not lie in the artifact.
OF_EVERY_SYSTEM = OF_THE_SYSTEM | {"ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}

FAMILIES = ("GLIBC", "GLIBCXX", "GCC")

_MAGIC = b"\x7fELF"
_NEEDED = re.compile(r"\(NEEDED\)\s+Shared library: \[(.+)\]")
_VERSION = re.compile(r"Name: (\w+?)_([0-9.]+|[A-Z]\w*)\s+Flags:")


class SymbolsError(Exception):
    """What a directory needs cannot be found out."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What one file needs."""

    name: str
    versions: dict[str, tuple[int, ...]]
    """The newest version by family (`GLIBC`, `GLIBCXX`, `GCC`); a family that is not needed is absent."""

    unversioned: tuple[str, ...]
    """Needs that have no number, such as `GLIBC_PRIVATE` and `GLIBC_ABI_DT_RELR`: one C library alone has them."""

    libraries: tuple[str, ...]


def elf_files(directory: Path) -> list[Path]:
    """Every ELF file below a directory, sorted; links are not followed."""
    return sorted(path for path in directory.rglob("*") if path.is_file() and not path.is_symlink() and _is_elf(path))


def _is_elf(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(_MAGIC)) == _MAGIC


def needs(path: Path, name: str) -> Needs:
    """What one file needs. Raises `SymbolsError`."""
    command = ["readelf", "--wide", "--dynamic", "--version-info", str(path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    except OSError as error:
        raise SymbolsError(f"`readelf` cannot be run, it is part of binutils: {error}") from error
    if done.returncode != 0:
        raise SymbolsError(f"{path} cannot be read: {done.stderr.strip()}")
    versions: dict[str, tuple[int, ...]] = {}
    unversioned: set[str] = set()
    for family, text in _VERSION.findall(_needed_versions(done.stdout)):
        if not text[0].isdigit():
            unversioned.add(f"{family}_{text}")
        elif family in FAMILIES:
            versions[family] = max(versions.get(family, ()), version(text))
    return Needs(name, versions, tuple(sorted(unversioned)), tuple(_NEEDED.findall(done.stdout)))


def _needed_versions(text: str) -> str:
    """The part about versions that are needed, without those that the file defines."""
    return text.partition("Version needs section")[2]


def version(text: str) -> tuple[int, ...]:
    """`2.28` as numbers. Raises `SymbolsError`."""
    try:
        return tuple(int(part) for part in text.split("."))
    except ValueError as error:
        raise SymbolsError(f"`{text}` is no version") from error


def needs_of(directory: Path) -> list[Needs]:
    """What every ELF file below a directory needs. Raises `SymbolsError` when there is none."""
    files = elf_files(directory)
    if not files:
        raise SymbolsError(f"no ELF file in {directory}")
    return [needs(path, path.relative_to(directory).as_posix()) for path in files]


def foreign(found: Needs, carried: frozenset[str]) -> list[str]:
    """The libraries that a file needs and that neither lie in the artifact nor are on every system."""
    return [name for name in found.libraries if name not in carried and name not in OF_EVERY_SYSTEM]


def broken(found: Iterable[Needs], at_most: tuple[int, ...] | None) -> list[str]:
    """Everything that a file needs and a system may lack, as sentences."""
    every = list(found)
    carried = frozenset(Path(one.name).name for one in every)
    sentences = [f"{one.name} needs {name}, which is not carried" for one in every for name in foreign(one, carried)]
    sentences += [f"{one.name} needs {name}" for one in every for name in one.unversioned]
    for one in every:
        newest = one.versions.get("GLIBC", ())
        if at_most is not None and newest > at_most:
            sentences.append(f"{one.name} needs GLIBC_{_dotted(newest)}, newer than {_dotted(at_most)}")
    return sentences


def table(found: Iterable[Needs]) -> str:
    """One line for each file: its versions, and its libraries that are not carried."""
    every = list(found)
    carried = frozenset(Path(one.name).name for one in every)
    rows: list[tuple[str, ...]] = [("file", *FAMILIES, "libraries of the system")]
    for one in every:
        cells = [_dotted(one.versions.get(family, ())) for family in FAMILIES]
        rows.append((one.name, *cells, " ".join(name for name in one.libraries if name not in carried)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _dotted(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers)) or "-"
