"""Which of the wheels that a lock names are installed: told by the tags that each wheel wrote down of itself."""

import os
import tomllib
from collections.abc import Iterable, Mapping
from email.parser import Parser

from comfydock_core.records import record
from comfydock_core.repositories.definition.uv_lock import Table, file_name, tables
from comfydock_core.repositories.install_record import installed_distributions, split_distribution
from comfydock_core.utils.package_names import normal_name
from comfydock_core.validation.wheel_names import build_and_tags, normal_version

_NOT_OF_AN_INDEX = {
    "vcs": "it comes from a repository, which is fetched where it is imported",
    "directory": "it is a directory of this machine",
    "archive": "it comes from an address of its own, which is fetched where it is imported",
}
_BUILT = "it is built from its source, also where it is imported"
_LOCAL = "its lock names a file of this machine"
_UNKNOWN = "none of the wheels that are locked is the one that is installed here"


@record
class LockedWheel:
    """A wheel as a lock names it. `size` is in bytes, `None` where the index does not say."""

    name: str
    url: str
    sha256: str
    size: int | None


def installed_wheels(pylock: str, site_packages: str) -> tuple[list[LockedWheel], list[tuple[str, str]]]:
    """The wheels of a `pylock.toml` that are installed, and the installed packages without one, with the reasons.

    What is locked for other platforms is in neither. Raises `OSError`.
    """
    installed = _tags_of_installed(site_packages)
    wheels: list[LockedWheel] = []
    others: list[tuple[str, str]] = []
    for package in tables(tomllib.loads(pylock), "packages"):
        name = str(package["name"])
        tags = installed.get((normal_name(name), normal_version(package.get("version"))))
        if tags is None:
            tags = next((one for (other, _), one in installed.items() if other == normal_name(name)), None)
            if tags is None or "version" in package:
                continue
        found = _chosen(package, tags)
        if isinstance(found, str):
            others.append((name, found))
        else:
            wheels.append(found)
    return wheels, others


def wheels_named(texts: Iterable[str]) -> dict[str, set[str]]:
    """The SHA-256 digests of every wheel that locks (`uv.lock`, `pylock.toml`) name, by the names of the files."""
    found: dict[str, set[str]] = {}
    for text in texts:
        lock = tomllib.loads(text)
        for package in (*tables(lock, "package"), *tables(lock, "packages")):
            for wheel in tables(package, "wheels"):
                if (digest := _sha256(wheel)) is not None:
                    found.setdefault(file_name(wheel), set()).add(digest)
    return found


def _chosen(package: Table, tags: frozenset[str]) -> LockedWheel | str:
    """The wheel that has the tags, or why there is none."""
    for key, reason in _NOT_OF_AN_INDEX.items():
        if key in package:
            return reason
    listed = [(build_and_tags(file_name(wheel)), wheel) for wheel in tables(package, "wheels")]
    known = [(parsed, wheel) for parsed, wheel in listed if parsed is not None]
    same = [one for one in known if one[0][1] == tags] or [one for one in known if one[0][1] & tags]
    if not same:
        return _UNKNOWN if known and "sdist" not in package else _BUILT
    builds = {parsed[0] for parsed, _ in same}
    if len(same) != len(builds):
        return _UNKNOWN
    wheel = max(same, key=lambda one: one[0][0])[1]
    url, sha256, size = wheel.get("url"), _sha256(wheel), wheel.get("size")
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        return _LOCAL
    if sha256 is None:
        return "its lock has no hash of it"
    return LockedWheel(file_name(wheel), url, sha256, size if isinstance(size, int) else None)


def _tags_of_installed(site_packages: str) -> dict[tuple[str, str | None], frozenset[str]]:
    """The tags of every distribution that came in a wheel, by its normalised name and its version."""
    found = {}
    for distribution in installed_distributions(site_packages):
        path = f"{site_packages}/{distribution}.dist-info/WHEEL"
        if os.path.isfile(path):
            name, version = split_distribution(distribution)
            with open(path, encoding="utf-8", errors="replace") as file:
                tags = Parser().parse(file, headersonly=True).get_all("Tag", [])
            found[(normal_name(name), normal_version(version))] = frozenset(tag.strip().lower() for tag in tags)
    return found


def _sha256(wheel: Table) -> str | None:
    hashes = wheel.get("hashes")
    digest = hashes.get("sha256") if isinstance(hashes, Mapping) else str(wheel.get("hash", "")).removeprefix("sha256:")
    return str(digest) if digest else None
