"""Reading `uv.lock`: which packages it holds, and what it says about them."""

import functools
import tomllib
from urllib.parse import unquote

from comfydock_core.models.exceptions import LockDamaged
from comfydock_core.records import record
from comfydock_core.utils import native

Table = dict[str, object]


@record
class UvLock:
    """The packages of a lock as uv wrote them, without the project itself."""

    packages: tuple[Table, ...]

    def versions(self) -> dict[str, set[str]]:
        """The versions of every package by name: several where platforms differ, none for sources without one."""
        found: dict[str, set[str]] = {}
        for package in self.packages:
            version = package.get("version")
            found.setdefault(str(package["name"]), set()).update([version] if isinstance(version, str) else [])
        return found

    def unhashed(self) -> set[str]:
        """The packages that have a file without a hash, which nobody could check when it arrives."""
        return {
            str(package["name"]) for package in self.packages if any("hash" not in file for file in files_of(package))
        }

    def named(self, name: str) -> list[Table]:
        return [package for package in self.packages if package["name"] == name]


def read_lock(path: str) -> UvLock:
    """Read a lock. Raises `LockDamaged`, and the file stays as it is."""
    try:
        content = native.read_bytes(path)
        if content is None:
            raise lock_damaged(path, "there is no such file")
        return parse_lock(content.decode("utf-8"), path)
    except (OSError, UnicodeDecodeError) as error:
        raise lock_damaged(path, str(error)) from error


@functools.lru_cache(maxsize=4)
def parse_lock(text: str, path: str) -> UvLock:
    """Read the text of a lock. Raises `LockDamaged`, naming `path`.

    A command looks at the same lock several times, and reading its TOML costs more than asking uv; what is returned is
    shared and not to be changed.
    """
    try:
        packages = tomllib.loads(text).get("package", [])
    except (ValueError, RecursionError) as error:
        raise lock_damaged(path, str(error)) from error
    if not isinstance(packages, list) or not all(_is_package(package) for package in packages):
        raise lock_damaged(path, "it holds something else than packages")
    return UvLock(tuple(package for package in packages if not _is_project(package)))


def file_name(file: object) -> str:
    """The name of a wheel or another file as a lock lists it, empty without one."""
    place = (file.get("name") or file.get("url") or file.get("path") or "") if isinstance(file, dict) else ""
    return unquote(str(place).partition("#")[0].partition("?")[0].rpartition("/")[2])


def tables(parent: Table, key: str) -> list[Table]:
    """The tables in the array under `key`; what is not a table is passed over, because uv has checked its own file."""
    value = parent.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def files_of(package: Table) -> list[Table]:
    """The wheels and the source archive of a package."""
    sdist = package.get("sdist")
    return [*tables(package, "wheels"), *([sdist] if isinstance(sdist, dict) else [])]


def lock_damaged(path: str, reason: str) -> LockDamaged:
    """The error for a lock that cannot be used."""
    return LockDamaged(
        f"cannot read the lock `{path}`: {reason}",
        hint="restore the file from the environment's history",
        context={"path": path},
    )


def _is_package(package: object) -> bool:
    return isinstance(package, dict) and isinstance(package.get("name"), str)


def _is_project(package: Table) -> bool:
    source = package.get("source")
    return isinstance(source, dict) and "." in (source.get("virtual"), source.get("editable"))
