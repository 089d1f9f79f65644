"""`dist-config/portable.toml`: what the portable interpreter is made from and how, read into typed values."""

from collections.abc import Set
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from build.settings import SettingsError, read_toml

NAME = "portable.toml"


@dataclass(frozen=True, slots=True)
class File:
    """One file of a Debian archive."""

    archive: str
    path: str
    sha256: str

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Source:
    """One program or library that is built: its sources, Debian's fixes, and the options of its build."""

    name: str
    version: str
    file: File
    patches: File | None
    first_patch: str
    """The first of Debian's patches that is wanted; those that follow are too."""

    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Portable:
    """All of `portable.toml`."""

    glibc: str
    target: str
    mirrors: tuple[str, ...]
    cflags: tuple[str, ...]
    training: tuple[str, ...]
    freeze_options: tuple[str, ...]
    freeze_environment: dict[str, str]
    sources: dict[str, Source]


def read_portable(config: Path) -> Portable:
    """Read `portable.toml`. Raises `SettingsError`."""
    table = read_toml(config / NAME)
    try:
        return _portable(table)
    except (KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"{NAME}: {error!r} is missing or not of the right kind") from error


def _portable(table: dict[str, Any]) -> Portable:
    own = {field.name for field in fields(Portable)} - {"freeze_options", "freeze_environment"}
    _check("", table, own | {"freeze"})
    freeze = table["freeze"]
    _check("freeze", freeze, {"options", "environment"})
    return Portable(
        glibc=table["glibc"],
        target=table["target"],
        mirrors=tuple(table["mirrors"]),
        cflags=tuple(table["cflags"]),
        training=tuple(table["training"]),
        freeze_options=tuple(freeze["options"]),
        freeze_environment=dict(freeze["environment"]),
        sources={name: _source(name, entry) for name, entry in table["sources"].items()},
    )


def _source(name: str, table: dict[str, Any]) -> Source:
    optional = {"patches", "patches_archive", "patches_sha256", "first_patch", "options"}
    _check(name, table, {"version", "archive", "file", "sha256"}, optional)
    patches = None
    if "patches" in table:
        archive = table.get("patches_archive", table["archive"])
        patches = File(archive, table["patches"], table["patches_sha256"])
    return Source(
        name=name,
        version=table["version"],
        file=File(table["archive"], table["file"], table["sha256"]),
        patches=patches,
        first_patch=table["first_patch"] if patches else "",
        options=tuple(table.get("options", ())),
    )


def _check(where: str, table: dict[str, Any], required: Set[str], optional: Set[str] = frozenset()) -> None:
    wrong = (required - set(table)) | (set(table) - required - optional)
    if wrong:
        raise SettingsError(f"{NAME}: unknown or missing keys: {', '.join(sorted(f'{where}.{key}' for key in wrong))}")
