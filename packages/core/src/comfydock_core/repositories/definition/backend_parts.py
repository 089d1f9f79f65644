"""The committed locks of PyTorch back ends: `backends/<back end>/pylock.toml`."""

import os
import tomllib

from comfydock_core.configs.environment_layout import BACKENDS, part_path
from comfydock_core.models.exceptions import BackendNotLocked, BackendPartRefused
from comfydock_core.models.packages.backends import BackendPart, PartPackage
from comfydock_core.repositories.definition.uv_lock import file_name
from comfydock_core.utils import native

_SAFE_HASHES = frozenset({"sha256", "sha384", "sha512"})
_FILES = ("sdist", "archive")
_NO_FILES = ("vcs", "directory")


def locked_backends(definition: str) -> list[str]:
    """The back ends that have a part, sorted. Raises `OSError`."""
    directory = f"{definition}/{BACKENDS}"
    names = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
    return [name for name in names if os.path.isfile(part_path(definition, name))]


def read_part(definition: str, backend: str) -> BackendPart:
    """The part of a back end. Raises `BackendNotLocked`, `BackendPartRefused` for one that is damaged."""
    path = part_path(definition, backend)
    try:
        content = native.read_bytes(path)
        if content is None:
            raise _not_locked(definition, backend)
        return parse_part(content.decode("utf-8"), backend, path)
    except (OSError, UnicodeDecodeError) as error:
        raise part_damaged(backend, path, str(error)) from error


def parse_part(text: str, backend: str, path: str) -> BackendPart:
    """Read the text of a part. Raises `BackendPartRefused`."""
    try:
        document = tomllib.loads(text)
        footer = _table(_table(document, "tool"), "comfydock")
        if footer.get("backend") != backend:
            raise ValueError(f"it says that it is for the back end `{footer.get('backend')}`")
        packages = tuple(_package(package) for package in _list(document, "packages"))
        elsewhere = tuple(str(name) for name in _list(footer, "from-default-index"))
        index = footer.get("index")
        release = {name: _text(version, name) for name, version in _table(footer, "release").items()}
    except (ValueError, RecursionError) as error:
        raise part_damaged(backend, path, str(error)) from error
    own = footer.get("own-release") is True
    return BackendPart(
        backend, path, text, release, index if isinstance(index, str) else None, own, elsewhere, packages
    )


def part_damaged(backend: str, path: str, reason: str) -> BackendPartRefused:
    """The error for a part that cannot be used."""
    return BackendPartRefused(
        f"cannot read the lock of PyTorch for {backend}, `{path}`: {reason}",
        hint=f"`comfydock backend lock {backend}` makes it again, or restore it from the environment's history",
        context={"backend": backend, "path": path, "reason": reason},
    )


def _not_locked(definition: str, backend: str) -> BackendNotLocked:
    known = locked_backends(definition)
    return BackendNotLocked(
        f"PyTorch is not locked for the back end {backend}",
        hint=f"`comfydock backend lock {backend}` locks it"
        + (f"; it is locked for: {', '.join(known)}" if known else ""),
        context={"backend": backend, "known": known},
    )


def _package(package: object) -> PartPackage:
    if not isinstance(package, dict):
        raise ValueError("a package is not a table")
    name = _text(package.get("name"), "name")
    return PartPackage(name, _text(package.get("version", ""), name), _unhashed(package))


def _unhashed(package: dict[str, object]) -> tuple[str, ...]:
    """What of a package cannot be checked when it arrives: files without a hash, and sources that are no files."""
    files = [*_list(package, "wheels"), *(package[key] for key in _FILES if key in package)]
    names = [file_name(file) or "a file without a name" for file in files if not _has_hash(file)]
    names += [key for key in _NO_FILES if key in package]
    return tuple(names if files or names else ["no file"])


def _has_hash(file: object) -> bool:
    hashes = file.get("hashes") if isinstance(file, dict) else None
    return isinstance(hashes, dict) and any(isinstance(hashes.get(kind), str) for kind in _SAFE_HASHES)


def _table(parent: dict[str, object], key: str) -> dict[str, object]:
    value = parent.get(key)
    if not isinstance(value, dict):
        raise ValueError(f"`{key}` is not a table")
    return value


def _list(parent: dict[str, object], key: str) -> list[object]:
    value = parent.get(key, [])
    if not isinstance(value, list):
        raise ValueError(f"`{key}` is not a list")
    return value


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"`{what}` is not text")
    return value
