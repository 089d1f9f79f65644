"""Which index each locked package comes from: it goes on coming from there unless somebody asks for another.

uv takes a package from the first of the configured indexes that has its name. Where the index that it was locked from
is not among them any more, that is a package of the same name, and perhaps of somebody else.
"""

import contextlib
from collections.abc import Collection, Iterable, Iterator

from comfydock_core.integrations.uv_errors import unknown_packages
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.exceptions import (
    AuthenticationFailed,
    IndexChanged,
    NetworkUnavailable,
    OfflineRefused,
    RequirementsConflict,
)
from comfydock_core.repositories.definition.uv_lock import Table, UvLock, files_of, read_lock
from comfydock_core.utils import native
from comfydock_core.utils.text import some

_SHOWN = 3


def lock_before(path: str) -> UvLock:
    """What is locked now, nothing where there is no lock yet. Raises `LockDamaged`."""
    return read_lock(path) if native.is_file(path) else UvLock(())


def from_where(lock: UvLock, names: Collection[str]) -> set[str]:
    """Everything in a lock that comes from the indexes that some packages come from."""
    origins = _origins(lock)
    indexes = {origins[name] for name in names if name in origins}
    return {name for name, index in origins.items() if index in indexes}


def refuse_moved(before: UvLock, after: UvLock, asked: Collection[str]) -> None:
    """Raise `IndexChanged` when a package comes from another index than before, but for those that were asked for.

    A mirror may serve what is locked: then every file is known already, by its name and its hash.
    """
    moved = {name: (old, new) for name, old, new in _moved(before, after) if name not in asked}
    if not moved:
        return
    told = "; ".join(f"`{name}` is locked from `{old}` and would come from `{new}`"
                     for name, (old, new) in list(moved.items())[:_SHOWN])  # fmt: skip
    more = len(moved) - _SHOWN
    raise IndexChanged(
        f"packages would come from another index than before: {told}" + (f"; and {more} more" if more > 0 else ""),
        hint=_ways_out(moved, next(iter(moved.values()))[0], "takes it from the other index all the same"),
        context={"packages": {name: {"locked": old, "now": new} for name, (old, new) in moved.items()}},
    )


@contextlib.contextmanager
def telling_origins(before: UvLock) -> Iterator[None]:
    """Failures inside tell where the packages that they are about are locked from.

    Raises `IndexChanged` for packages that no index has any more which uv was told of.
    """
    try:
        yield
    except RequirementsConflict as error:
        _refuse_lost(before, error)
        raise
    except (AuthenticationFailed, NetworkUnavailable, OfflineRefused) as error:
        _tell_index(before, error)
        raise


def _refuse_lost(before: UvLock, error: RequirementsConflict) -> None:
    origins = _origins(before)
    lost = {name: origins[name] for name in unknown_packages(str(error.context.get("output"))) if name in origins}
    if lost:
        told = "; ".join(f"`{name}` is locked from `{index}`" for name, index in lost.items())
        raise IndexChanged(
            f"no index that is configured has what is locked: {told}",
            hint=_ways_out(lost, next(iter(lost.values())), None),
            context={"packages": {name: {"locked": index, "now": None} for name, index in lost.items()}},
        ) from error


def _tell_index(before: UvLock, error: AuthenticationFailed | NetworkUnavailable | OfflineRefused) -> None:
    """Name the packages that are locked from the index that did not answer, as far as uv said which one it is."""
    output = str(error.context.get("output"))
    origins = _origins(before)
    concerned = [name for name, index in origins.items() if "://" in index and index in output]
    if concerned and len(set(origins.values())) > 1:
        index = origins[concerned[0]]
        error.context["packages"] = concerned
        error.hint = f"`{index}` has to answer: {some(concerned, _SHOWN)} is locked from there; {error.hint}"


def _ways_out(names: Iterable[str], index: str, adding: str | None) -> str:
    words = " ".join(names)
    shown = f"`UV_INDEX={index}`" if "://" in index else f"`UV_INDEX` with the path `{index}`"
    other = f"`comfydock py add {words}` {adding}" if adding else f"`comfydock py remove {words}` does without it"
    return f"set {shown}, with the login it needs, or name that index under `[[tool.uv.index]]`; {other}"


def _moved(before: UvLock, after: UvLock) -> Iterator[tuple[str, str, str]]:
    """Packages with an index that they did not come from before, the old one and the new one."""
    known = {file for package in before.packages for file in _files(package)}
    old: dict[str, set[str]] = {}
    for package in before.packages:
        if (index := _index(package)) is not None:
            old.setdefault(str(package["name"]), set()).add(index)
    for package in after.packages:
        name, index = str(package["name"]), _index(package)
        if index is None or name not in old or index in old[name]:
            continue
        files = set(_files(package))
        if not files or not files <= known or any(digest is None for _, _, digest in files):
            yield name, min(old[name]), index


def _origins(lock: UvLock) -> dict[str, str]:
    return {str(package["name"]): index for package in lock.packages if (index := _index(package)) is not None}


def _index(package: Table) -> str | None:
    """The index of a package, `None` for what comes from elsewhere.

    A way that starts at the project is none that could be compared: definitions are locked in copies.
    """
    source = package.get("source")
    registry = source.get("registry") if isinstance(source, dict) else None
    if not isinstance(registry, str) or registry.startswith("."):
        return None
    return without_credentials(registry).rstrip("/")


def _files(package: Table) -> Iterator[tuple[str, str, str | None]]:
    """Every file of a package: whose it is, its own name and its hash."""
    for file in files_of(package):
        place = str(file.get("url") or file.get("path") or file.get("filename") or "")
        digest = file.get("hash")
        name = place.partition("#")[0].rpartition("/")[2]
        yield str(package["name"]), name, digest if isinstance(digest, str) else None
