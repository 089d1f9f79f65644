"""The settings in `dist-config/`, read into typed values. A key that is missing or unknown is an error."""

import sys
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path


class SettingsError(Exception):
    """A file in `dist-config/` does not say what it should."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """`artifact.toml`: what goes into every artifact."""

    name: str
    aliases: tuple[str, ...]
    entry: str
    packages: tuple[str, ...]
    third_party: tuple[str, ...]
    programs: tuple[str, ...]
    exclude: tuple[str, ...]
    exclude_parts: tuple[str, ...]
    exclude_unused: tuple[str, ...]
    standard_library: tuple[str, ...]
    exclude_on: dict[str, tuple[str, ...]]

    @property
    def left_out(self) -> tuple[str, ...]:
        """Everything that is never in an artifact for this machine."""
        return (*self.exclude, *self.exclude_parts, *self.exclude_unused, *self.exclude_on.get(sys.platform, ()))


@dataclass(frozen=True, slots=True)
class Nuitka:
    """`nuitka.toml`: how Nuitka is called."""

    version: str
    options: tuple[str, ...]
    plugins: tuple[str, ...]
    pgo_plugin: str
    pgo_environment: dict[str, str]
    onefile_options: tuple[str, ...]
    onefile_tempdir: str


def read_toml(path: Path) -> dict[str, object]:
    """One TOML document. Raises `SettingsError` naming the file."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path.name}: {error}") from error


def read_artifact(config: Path) -> Artifact:
    """Read `artifact.toml`."""
    table = read_toml(config / "artifact.toml")
    _check_keys("artifact.toml", table, {field.name for field in fields(Artifact)})
    on = _table(table, "exclude_on")
    return Artifact(
        name=_text(table, "name"),
        entry=_text(table, "entry"),
        aliases=_texts(table, "aliases"),
        packages=_texts(table, "packages"),
        third_party=_texts(table, "third_party"),
        programs=_texts(table, "programs"),
        exclude=_texts(table, "exclude"),
        exclude_parts=_texts(table, "exclude_parts"),
        exclude_unused=_texts(table, "exclude_unused"),
        exclude_on={name: _texts(on, name) for name in on},
        standard_library=_texts(table, "standard_library"),
    )


def read_nuitka(config: Path) -> Nuitka:
    """Read `nuitka.toml`."""
    table = read_toml(config / "nuitka.toml")
    known = {"version", "options", "plugins", "pgo_plugin", "pgo_environment", "onefile"}
    _check_keys("nuitka.toml", table, known)
    onefile = _table(table, "onefile")
    return Nuitka(
        version=_text(table, "version"),
        options=_texts(table, "options"),
        plugins=_texts(table, "plugins"),
        pgo_plugin=_text(table, "pgo_plugin"),
        pgo_environment={key: str(value) for key, value in _table(table, "pgo_environment").items()},
        onefile_options=_texts(onefile, "options"),
        onefile_tempdir=_text(onefile, "tempdir"),
    )


def _check_keys(name: str, table: dict[str, object], known: set[str]) -> None:
    if set(table) != known:
        raise SettingsError(f"{name}: unknown or missing keys: {', '.join(sorted(set(table) ^ known))}")


def _text(table: dict[str, object], key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str):
        raise SettingsError(f"`{key}` must be text")
    return value


def _texts(table: dict[str, object], key: str) -> tuple[str, ...]:
    value = table.get(key)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise SettingsError(f"`{key}` must be a list of texts")
    return tuple(value)


def _table(table: dict[str, object], key: str) -> dict[str, object]:
    value = table.get(key)
    if not isinstance(value, dict):
        raise SettingsError(f"`{key}` must be a table")
    return value
