"""Locking: the base that all machines share, then PyTorch for single back ends."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from comfydock_core.configs.environment_layout import part_path
from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.managers.pyproject.pytorch import set_release
from comfydock_core.managers.uv_project.local_hashes import note_hashes
from comfydock_core.managers.uv_project.origins import lock_before, refuse_moved, telling_origins
from comfydock_core.managers.uv_project.parts import PartRequest, lock_part, write_part
from comfydock_core.managers.uv_project.release import Accelerators, ask_accelerators, ask_family
from comfydock_core.managers.uv_project.remembering import RememberedAnswers
from comfydock_core.managers.uv_project.twins import settle_twins
from comfydock_core.models.exceptions import OfflineRefused, RequirementsConflict, UvFailed
from comfydock_core.models.packages.backends import BackendPart
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.definition.backend_parts import parse_part
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.pyproject_document import PyprojectDocument
from comfydock_core.repositories.definition.pytorch_settings import (
    Table,
    accelerators_of,
    family_of,
    release_of,
    requirements_naming,
    uv_settings,
    wishes_about,
)
from comfydock_core.repositories.definition.uv_lock import UvLock, read_lock
from comfydock_core.utils import native
from comfydock_core.utils.files import atomic
from comfydock_core.utils.package_names import requirement_name
from comfydock_core.utils.reporting import WarningReporter

OnLine = Callable[[str], None]


def lock_base(
    uv: UVCommand,
    definition: str,
    backend: str,
    reporter: Reporter,
    upgrade: Sequence[str] = (),
    answers: RememberedAnswers | None = None,
    *,
    less: bool = False,
    asked: Collection[str] = (),
    resolved: str | None = None,
) -> UvLock:
    """Resolve the manifest into `uv.lock`, once more where the PyTorch family needs a release.

    The release is pinned by the first one who asks for a member of the family, from the index of `backend`, and kept
    from then on. With `answers` what was asked shortly before is not asked again. With `less` nothing is asked for but
    what the lock has already, so that uv's cache knows all of it. `resolved` is a lock that uv made for this
    manifest just now and only has to check. Only packages that are `asked` for by name, or
    upgraded, may come from another index than they are locked from. Raises `RequirementsConflict`, `IndexChanged`,
    `BackendNotFound`, `ManifestDamaged`, what uv's failures mean.
    """
    before = lock_before(f"{definition}/uv.lock")
    with telling_origins(before):
        if resolved is not None:
            atomic.write_text(f"{definition}/uv.lock", resolved)
        _lock_base(uv, definition, backend, reporter, () if resolved else upgrade, answers, less=less)
    note_hashes(f"{definition}/uv.lock")
    lock = read_lock(f"{definition}/uv.lock")
    refuse_moved(before, lock, {*asked, *upgrade})
    return lock


def _lock_base(
    uv: UVCommand,
    definition: str,
    backend: str,
    reporter: Reporter,
    upgrade: Sequence[str],
    answers: RememberedAnswers | None,
    *,
    less: bool,
) -> None:
    manifest = read_manifest(f"{definition}/pyproject.toml")
    family = family_of(manifest)
    _settle_release(uv, definition, backend, asked_for(manifest), reporter.line, answers)
    seeded = _seed(uv, definition, upgrade, answers)
    if not (less and _lock_from_cache(uv, definition)):
        uv.lock(reporter.line, upgrade=upgrade)
    lock = read_lock(f"{definition}/uv.lock")
    if _settle_release(uv, definition, backend, lock.versions().keys() & set(family), reporter.line, answers):
        uv.lock(reporter.line)
        lock = read_lock(f"{definition}/uv.lock")
    if settle_twins(uv, definition, lock, backend, reporter):
        uv.lock(reporter.line)
        lock = read_lock(f"{definition}/uv.lock")
    if _settle_accelerators(uv, definition, lock, reporter.line):
        uv.lock(reporter.line)
    if answers is not None and not seeded:
        text = (native.read_bytes(f"{definition}/uv.lock") or b"").decode("utf-8")
        answers.keep_base(uv, read_manifest(f"{definition}/pyproject.toml"), text)


def _lock_from_cache(uv: UVCommand, definition: str) -> bool:
    """Resolve without the network, which takes a small part of the time. Whether that went well."""
    try:
        uv.inside(definition, offline=True).lock(lambda line: None)
    except (OfflineRefused, RequirementsConflict, UvFailed):
        return False  # For want of something in the cache; uv with the network tells what else it may be.
    return True


def _seed(uv: UVCommand, definition: str, upgrade: Sequence[str], answers: RememberedAnswers | None) -> bool:
    """Let uv begin with what it resolved from the same requirements shortly before; it checks that it fits."""
    path = f"{definition}/uv.lock"
    if answers is None or upgrade or native.is_file(path):
        return False
    text = answers.base(uv, read_manifest(f"{definition}/pyproject.toml"))
    if text is not None:
        atomic.write_text(path, text)
    return text is not None


def lock_backend(
    uv: UVCommand, definition: str, backend: str, reporter: Reporter, answers: RememberedAnswers | None = None
) -> BackendPart | None:
    """Lock PyTorch for a back end that `uv.lock` has it for; `None` where nothing in it needs a part.

    Only `backends/<back end>/pylock.toml` is written, and only when everything went well. Raises what `lock_part`
    raises, `LockOutdated` and `OSError`.
    """
    path = part_path(definition, backend)
    manifest, lock = read_manifest(f"{definition}/pyproject.toml"), read_lock(f"{definition}/uv.lock")
    family = family_of(manifest)
    if backend == "none" or not lock.versions().keys() & set(family):
        return None
    reporter.phase(f"Locking PyTorch for {backend}")
    old = native.read_bytes(path)
    request = PartRequest(
        backend,
        definition,
        manifest,
        lock,
        pins=uv.export_pins(family),
        old=None if old is None else old.decode("utf-8", "replace"),
    )

    made_from = [*family, *requirements_naming(manifest, family), request.pins, request.old or ""]
    text = _locked_part(uv, request, made_from, reporter, answers)
    if old is None or text.encode() != old:
        write_part(path, text)
    return parse_part(text, backend, path)


def _locked_part(
    uv: UVCommand, request: PartRequest, made_from: list[str], reporter: Reporter, answers: RememberedAnswers | None
) -> str:
    """The part, made now or remembered; what has to be said about it is said either way."""
    if answers is None:
        return lock_part(uv, request, reporter)
    overheard = WarningReporter(reporter)

    def lock_anew() -> tuple[str, list[str]]:
        return lock_part(uv, request, overheard), overheard.warnings

    text, warnings = answers.part(uv, request.manifest, request.backend, made_from, lock_anew)
    for warning in warnings:
        reporter.warn(warning)
    return text


def asked_for(manifest: Table) -> set[str]:
    """The members of the family that the manifest itself requires."""
    texts = requirements_naming(manifest, family_of(manifest))
    return {name for name in map(requirement_name, texts) if name is not None}


def _settle_release(
    uv: UVCommand,
    definition: str,
    backend: str,
    members: Collection[str],
    on_line: OnLine,
    answers: RememberedAnswers | None,
) -> bool:
    """Pin the members that have no version yet, to fit those that have one. Whether the manifest was changed."""
    manifest = read_manifest(f"{definition}/pyproject.toml")
    pinned = release_of(manifest, family_of(manifest))
    if not members or pinned.keys() >= set(members):
        return False
    _pin(uv, definition, manifest, backend, [*pinned, *members], pinned, on_line, answers)
    return True


def _pin(
    uv: UVCommand,
    definition: str,
    manifest: Table,
    backend: str,
    members: Iterable[str],
    pinned: Mapping[str, str],
    on_line: OnLine,
    answers: RememberedAnswers | None,
) -> None:
    family = family_of(manifest)
    wanted = [name for name in family if name in set(members)]
    asked = [*wishes_about(manifest, wanted), *(f"{name}=={version}" for name, version in pinned.items())]
    source = "pypi" if backend == "none" else backend

    def ask_versions() -> dict[str, str]:
        return dict(ask_family(uv, manifest, source, wanted, asked, on_line).versions)

    def ask_more() -> Accelerators:
        return ask_accelerators(uv, manifest, release, on_line)

    question = [*wanted, "", *asked]
    versions = ask_versions() if answers is None else answers.versions(uv, manifest, source, question, ask_versions)
    release = {name: versions[name] for name in family if name in versions}
    accelerators = ask_more() if answers is None else answers.accelerators(uv, manifest, release, ask_more)
    document = PyprojectDocument.load(f"{definition}/pyproject.toml")
    set_release(document.document, release, accelerators.names, {})
    document.save()


def _settle_accelerators(uv: UVCommand, definition: str, lock: UvLock, on_line: OnLine) -> bool:
    """Pin what something else requires of the family's accelerators to the versions that the release requires."""
    manifest = read_manifest(f"{definition}/pyproject.toml")
    excluded = accelerators_of(manifest)
    names = {name for found in excluded.values() for name in found}
    present = lock.versions().keys() & names
    if present == _constrained(manifest) & names:
        return False
    release = release_of(manifest, family_of(manifest))
    required = ask_accelerators(uv, manifest, release, on_line).versions if present else {}
    document = PyprojectDocument.load(f"{definition}/pyproject.toml")
    set_release(document.document, release, excluded, {name: required[name] for name in present & required.keys()})
    document.save()
    return True


def _constrained(manifest: Table) -> set[str]:
    constraints = uv_settings(manifest).get("constraint-dependencies")
    texts = [text for text in constraints if isinstance(text, str)] if isinstance(constraints, list) else []
    return {name for name in map(requirement_name, texts) if name is not None}
