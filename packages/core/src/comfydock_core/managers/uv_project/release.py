"""Choosing the release of the PyTorch family, and learning from its own metadata what belongs to accelerators."""

from collections.abc import Callable, Collection, Iterable, Mapping

from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.managers.uv_project.indexes import BackendIndex, index_of
from comfydock_core.managers.uv_project.scratch import EXCLUDE_NEWER, question, scratch_project
from comfydock_core.models.exceptions import BackendNotFound, RequirementsConflict
from comfydock_core.records import record
from comfydock_core.repositories.definition.pytorch_settings import Table, family_of, uv_settings
from comfydock_core.repositories.definition.uv_lock import UvLock, file_name, read_lock, tables
from comfydock_core.utils.package_names import public_version
from comfydock_core.validation.requirements import needs_linux, newest_version, wheel_markers

OnLine = Callable[[str], None]


@record
class FamilyAnswer:
    """What the index of a back end has: versions without local parts, by name.

    `elsewhere` are the members that it lacks and the general index has. `unhashed` names the files of `packages` that
    no hash is published for.
    """

    versions: Mapping[str, str]
    elsewhere: tuple[str, ...]
    lock: UvLock

    def machines(self, name: str) -> tuple[str, ...]:
        """Markers for the machines that a package has builds for; none when one build is for all."""
        files = [file_name(file) for package in self.lock.named(name) for file in tables(package, "wheels")]
        found = [wheel_markers(file) for file in files]
        return tuple(sorted(set().union(*found))) if all(found) else ()

    def unhashed(self, without: Collection[str]) -> list[str]:
        """The files that no hash is published for, but for those of some packages."""
        packages = [package for package in self.lock.packages if package["name"] not in without]
        files = [file for package in packages for file in tables(package, "wheels") if "hash" not in file]
        return sorted(file_name(file) for file in files)


@record
class Accelerators:
    """What each member of the family requires on Linux alone, by member, and the versions that it requires."""

    names: Mapping[str, list[str]]
    versions: Mapping[str, str]


def ask_family(
    uv: UVCommand, manifest: Table, backend: str, members: Iterable[str], requirements: Iterable[str], on_line: OnLine
) -> FamilyAnswer:
    """The newest versions of `members` that fit together and meet `requirements`, from the index of a back end.

    A member that the index does not have comes from the general index. Raises `BackendNotFound` when there is no
    `torch` in it, `RequirementsConflict` when nothing fits, and what uv's other failures mean.
    """
    index, wanted = index_of(backend), list(dict.fromkeys(["torch", *members]))
    limit = _of_that_day(uv, manifest, index, on_line)
    asking = list(dict.fromkeys([*requirements, *wanted, *limit]))
    doing = f"find PyTorch for {backend}"
    try:
        return _ask(uv, manifest, index, wanted, asking, wanted, on_line, doing)
    except RequirementsConflict:
        if index is None:
            raise
        present = [name for name in wanted if _has(uv, manifest, index, name, on_line)]
        if "torch" not in present:
            raise _no_torch(backend, index) from None
        if limit and not fits(uv, manifest, index, ["torch"], limit, on_line):
            raise _none_so_old(backend, index, limit[0]) from None
        if present == wanted:
            raise
        return _ask(uv, manifest, index, wanted, asking, present, on_line, doing)


def _of_that_day(uv: UVCommand, manifest: Table, index: BackendIndex | None, on_line: OnLine) -> list[str]:
    """Where packages of an earlier day are wanted: no newer `torch` than the general index had then.

    The index of a back end does not say when it got its files.
    """
    if index is None or EXCLUDE_NEWER not in uv_settings(manifest):
        return []
    asked = question(manifest, ["torch"], family_of(manifest))
    with scratch_project(uv, asked) as (scratch, directory):
        scratch.lock(on_line, doing="find the PyTorch of that day")
        found = read_lock(f"{directory}/uv.lock").versions()["torch"]
    return [f"torch<={newest_version(map(public_version, found))}"]


def ask_accelerators(uv: UVCommand, manifest: Table, release: Mapping[str, str], on_line: OnLine) -> Accelerators:
    """What the release, as the general index has it, requires on Linux alone. Raises what `ask_family` raises."""
    pins = [f"{name}=={version}" for name, version in release.items()]
    asked = question(manifest, pins, family_of(manifest))
    with scratch_project(uv, asked) as (scratch, directory):
        scratch.lock(on_line, doing="read what PyTorch requires")
        lock = read_lock(f"{directory}/uv.lock")
    names = {name: _linux_only(lock.named(name)) for name in release}
    needed = {each for found in names.values() for each in found}
    versions = {name: newest_version(found) for name, found in lock.versions().items() if name in needed and found}
    return Accelerators({name: found for name, found in names.items() if found}, versions)


def _ask(
    uv: UVCommand,
    manifest: Table,
    index: BackendIndex | None,
    wanted: list[str],
    requirements: list[str],
    from_index: list[str],
    on_line: OnLine,
    doing: str,
) -> FamilyAnswer:
    asked = question(manifest, requirements, family_of(manifest), index=index, from_index=from_index)
    with scratch_project(uv, asked) as (scratch, directory):
        scratch.lock(on_line, doing=doing, index=None if index is None else str(index))
        lock = read_lock(f"{directory}/uv.lock")
    found = lock.versions()
    versions = {name: newest_version(map(public_version, found[name])) for name in wanted if found.get(name)}
    return FamilyAnswer(versions, tuple(name for name in wanted if name not in from_index), lock)


def _has(uv: UVCommand, manifest: Table, index: BackendIndex, name: str, on_line: OnLine) -> bool:
    """Whether the index has any version of a package for this Python."""
    return fits(uv, manifest, index, [name], [name], on_line)


def fits(
    uv: UVCommand, manifest: Table, index: BackendIndex, names: list[str], requirements: list[str], on_line: OnLine
) -> bool:
    """Whether the index has what is required of `names`, whatever that requires in turn."""
    asked = question(manifest, requirements, family_of(manifest), index=index, from_index=names)
    with scratch_project(uv, asked) as (scratch, directory):
        try:
            output = f"{directory}/pylock.toml"
            scratch.compile_pylock(
                ["pyproject.toml"],
                output,
                (),
                on_line,
                doing=f"look into `{index.url}`",
                index=str(index),
                dependencies=False,
            )
        except RequirementsConflict:
            return False
    return True


def _linux_only(packages: list[Table]) -> list[str]:
    markers: dict[str, list[str]] = {}
    for package in packages:
        for dependency in tables(package, "dependencies"):
            markers.setdefault(str(dependency["name"]), []).append(str(dependency.get("marker", "")))
    return sorted(name for name, found in markers.items() if all(marker and needs_linux(marker) for marker in found))


def _none_so_old(backend: str, index: BackendIndex, limit: str) -> BackendNotFound:
    return BackendNotFound(
        f"there is no PyTorch for the back end {backend} as old as the packages that are wanted (`{limit}`) at"
        f" `{index.url}`",
        hint="choose another back end, or a later day with `--as-of`",
        context={"backend": backend, "index": index.url, "wanted": limit},
    )


def _no_torch(backend: str, index: BackendIndex) -> BackendNotFound:
    return BackendNotFound(
        f"there is no PyTorch for the back end {backend} at `{index.url}`",
        hint="choose another back end; `comfydock env-config torch-backend detect` shows which one fits this machine",
        context={"backend": backend, "index": index.url},
    )
