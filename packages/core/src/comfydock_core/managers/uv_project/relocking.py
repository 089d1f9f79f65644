"""Locking again: the base, then the parts that no longer fit it or that are asked for."""

from collections.abc import Collection, Sequence

from comfydock_core.analyzers.packages.backend_parts import findings_of
from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.managers.pyproject.pytorch import set_release
from comfydock_core.managers.uv_project.locking import asked_for, lock_backend, lock_base
from comfydock_core.managers.uv_project.release import ask_accelerators, ask_family
from comfydock_core.models.exceptions import BackendPartRefused, ComfyDockError
from comfydock_core.models.packages.backends import PartFinding
from comfydock_core.models.packages.conversion import Relocked
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.definition.backend_parts import locked_backends, read_part
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.pyproject_document import PyprojectDocument
from comfydock_core.repositories.definition.pytorch_settings import Table, family_of, release_of, wishes_about
from comfydock_core.repositories.definition.uv_lock import UvLock, read_lock, tables
from comfydock_core.utils import native
from comfydock_core.validation.requirements import oldest_version


def relock(
    uv: UVCommand,
    definition: str,
    backend: str,
    reporter: Reporter,
    *,
    backends: Collection[str] = (),
    upgrade: Sequence[str] = (),
    less: bool = False,
    asked: Collection[str] = (),
    resolved: str | None = None,
) -> Relocked:
    """Lock the base, then the parts of `backends` and every committed part that the change concerns.

    A part concerns it when it does not fit any more, when it has a release of its own, or when a package changed that
    PyTorch requires. Failures of single back ends are in the result; those of the base are raised, as by `lock_base`.
    `less` says that nothing is asked for but what was asked for before, `asked` what may come from another index;
    `resolved` is the lock that uv made for this manifest just now.
    """
    path = f"{definition}/uv.lock"
    before = read_lock(path) if native.is_file(path) else UvLock(())
    after = lock_base(uv, definition, backend, reporter, upgrade, less=less, asked=asked, resolved=resolved)
    family = family_of(read_manifest(f"{definition}/pyproject.toml"))
    concerned = _concerned(definition, before, after, family)
    locked: list[str] = []
    failed: dict[str, ComfyDockError] = {}
    for name in sorted({*backends, *concerned}):
        try:
            if lock_backend(uv, definition, name, reporter) is not None:
                locked.append(name)
        except ComfyDockError as error:
            failed[name] = error
    return Relocked(tuple(locked), failed, tuple(unusable_parts(definition, after, family)))


def upgrade_release(uv: UVCommand, definition: str, backends: Sequence[str], reporter: Reporter) -> dict[str, str]:
    """Pin the newest release of PyTorch that every one of `backends` has; `relock` then makes the locks.

    Raises `BackendNotFound`, `RequirementsConflict`, what uv's failures mean; then the manifest is as it was.
    """
    path = f"{definition}/pyproject.toml"
    manifest = read_manifest(path)
    family = family_of(manifest)
    members = [name for name in family if name in release_of(manifest, family).keys() | asked_for(manifest)]
    if not members:
        return {}
    release = _common_release(uv, manifest, list(backends), members, reporter)
    accelerators = ask_accelerators(uv, manifest, release, reporter.line)
    document = PyprojectDocument.load(path)
    set_release(document.document, release, accelerators.names, {})
    document.save()
    return release


def unusable_parts(definition: str, lock: UvLock, family: tuple[str, ...]) -> list[PartFinding]:
    """What is wrong with any committed part."""
    found: list[PartFinding] = []
    for backend in locked_backends(definition):
        try:
            found += findings_of(read_part(definition, backend), lock.versions(), family)
        except BackendPartRefused as error:
            found.append(PartFinding(backend, "damaged", str(error.context["reason"])))
    return found


def _common_release(
    uv: UVCommand, manifest: Table, backends: list[str], members: list[str], reporter: Reporter
) -> dict[str, str]:
    """Lower the newest of the first until all have it. Every round lowers torch, so there is an end."""
    wishes = wishes_about(manifest, members)
    limit: list[str] = []
    while True:
        asked = [*wishes, *limit]
        answers = [ask_family(uv, manifest, name, members, asked, reporter.line).versions for name in backends]
        torches = {versions["torch"] for versions in answers}
        if len(torches) == 1:
            return {name: answers[0][name] for name in members if name in answers[0]}
        limit = [f"torch<={oldest_version(torches)}"]


def _concerned(definition: str, before: UvLock, after: UvLock, family: tuple[str, ...]) -> set[str]:
    """The committed parts that a new base asks to be made again."""
    old, new = before.versions(), after.versions()
    needed = _required_by(after, family)
    touched = any(old.get(name) != new.get(name) for name in needed) and bool(old)
    unfit = {finding.backend for finding in unusable_parts(definition, after, family)}
    return {
        name
        for name in locked_backends(definition)
        if name in unfit or touched or (old != new and _has_own_release(definition, name))
    }


def _has_own_release(definition: str, backend: str) -> bool:
    """Whether the base cannot tell if a part still fits."""
    return read_part(definition, backend).own_release


def _required_by(lock: UvLock, family: tuple[str, ...]) -> set[str]:
    """Everything in the base that the family requires, at any distance."""
    found: set[str] = set()
    waiting = list(family)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            for package in lock.named(name):
                waiting += [str(each["name"]) for each in tables(package, "dependencies")]
    return found
